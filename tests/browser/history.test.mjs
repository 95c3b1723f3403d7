/* history.test.mjs - history, comparison, restore, drift and audit in a real
 * browser: with JavaScript in another time zone, and the same without it. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before } from "node:test";
import { check, launch, save, sha256Of, signIn, startInstance, starttls,
	steps, upload, visitor, waitFor } from "./instance.mjs";

const axe = readFileSync(createRequire(import.meta.url)
    .resolve("axe-core/axe.min.js"), "utf8");
const test = steps();
let it, browser, page, plain;

before(async () => {
	it = await startInstance();
	browser = await launch();
	page = await visitor(browser);
	plain = await visitor(browser, { javaScriptEnabled: false, locale: "ja-JP" });
});

after(async () => {
	await browser?.close();
	await it?.stop(test.failed);
});

const words = async (selector, p = page) =>
    (await p.textContent(selector)).replace(/\s+/g, " ").trim();
const rows = (p = page) => p.$$eval(".list tbody tr", (l) => l.map((r) =>
    r.textContent.replace(/\s+/g, " ").trim()));
const go = (path, p = page) => p.goto(it.url + path);
const served = async () => (await starttls(it.smtp)).sha256;

function edit(...settings) {
	execFileSync("postconf", ["-c", it.postfix_config, "-e", ...settings]);
	execFileSync("touch", ["-d", "10 seconds ago", `${it.postfix_config}/main.cf`]);
	execFileSync("postfix", ["-c", it.postfix_config, "reload"], { stdio: "ignore" });
}

async function clean(what) {
	await page.evaluate(axe);
	assert.deepEqual(await page.evaluate(() => axe.run(document, {
		runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa",
			"best-practice"]
	}).then((r) => r.violations.map((v) => v.id + ": " +
	    v.nodes.map((n) => n.html).slice(0, 3).join(" ")))), [], what);
	assert.deepEqual(page.trouble, [], what);
}

/* Follow the progress to what came of it. */
async function outcome(p) {
	await waitFor(() => /\?job=/.test(p.url()), 20000, "a job");
	await p.waitForSelector("#outcome");
	return words("#outcome", p);
}

test("the history is empty at first, and says so", async () => {
	await signIn(page, it);
	await page.click(".side a:has-text('History')");
	assert.match(await words("main"), /Nothing has been saved yet/);
	await clean("empty history");
});

test("two Saves are two rows; the newest is in force", async () => {
	await go("/smtp-routing/connection");
	await upload(page, "private_key", it.sample("self-signed-key.pem"));
	await upload(page, "server_certificate", it.sample("self-signed-cert.pem"));
	await check(page, "inbound_enabled", true);
	await save(page);
	await upload(page, "private_key", it.sample("issued-key.pem"));
	await upload(page, "server_certificate", it.sample("issued-cert.pem"));
	await upload(page, "ca_certificate", it.sample("issued-intermediate.pem"));
	await check(page, "outbound_enabled", true);
	await page.fill("#note", "ticket 4711");
	await page.click('button[value="preview"]');
	await page.waitForSelector("#preview #note");
	assert.equal(await page.inputValue("#note"), "ticket 4711");
	await save(page);
	assert.equal(await page.inputValue("#note"), "");
	assert.match(await words(".origin > p"), /ticket 4711$/);
	await go("/smtp-routing/history");
	const list = await rows();
	assert.equal(list.length, 3);
	assert.match(list[2], /^Before Postseal /);
	assert.match(list[0], /^Generation 2 .* admin 127\.0\.0\.1, screen .*Outbound TLS.*Certificate mx\.example\.test ?Note: ticket 4711 applied in force$/);
	assert.match(list[1], /^Generation 1 .*Inbound TLS/);
	await clean("history");
});

test("times are told in the reader's zone", async () => {
	const iso = await page.getAttribute(".list time", "datetime");
	const want = new Intl.DateTimeFormat("en", { dateStyle: "medium",
		timeStyle: "medium", timeZone: "Asia/Tokyo" }).format(new Date(iso));
	assert.match(iso, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
	assert.equal(await page.getAttribute(".list time", "title"), want);
	await page.focus(".list time");
	await page.keyboard.press("Tab");
	await page.keyboard.press("Shift+Tab");
	assert.match(await page.evaluate(() => getComputedStyle(
	    document.querySelector(".list time"), "::after").content),
	    /attr\(title\)|\(.*202\d/);
	await page.click(".list tbody tr:first-child th a");
	assert.equal(await words("time.exact"), want);
});

test("order and filter stand in the address and can be shared", async () => {
	await go("/smtp-routing/history");
	await page.click(".list thead a:has-text('No.')");
	await page.waitForURL(/\?sort=id$/, {waitUntil: "commit"});
	assert.match((await rows())[0], /^Generation 1 /);
	await page.selectOption("#changed", "outbound");
	await page.click(".filters button");
	await page.waitForURL(/changed=outbound/, {waitUntil: "commit"});
	assert.deepEqual((await rows()).map((r) => r.slice(0, 12)), ["Generation 2"]);
	const url = page.url();
	await go("/audit");
	await page.goto(url);
	assert.equal((await rows()).length, 1);
	await page.selectOption("#outcome-filter", "failed");
	await page.click(".filters button");
	assert.match(await words(".list-card"), /Nothing matches/);
	await page.click(".filters a");
	assert.equal((await rows()).length, 3);
});

test("one generation: facts, changes, steps; compared with another", async () => {
	await go("/smtp-routing/history/1");
	assert.match(await words("main"), /smtpd_tls_chain_files.*Connect and compare the certificate done/);
	await clean("generation");
	await page.selectOption("#with", "2");
	await page.click("main form.filters button");
	await page.waitForURL(/history\/1\?with=2$/, {waitUntil: "commit"});
	assert.match(await words(".sides"), /Note: ticket 4711/);
	assert.match(await words("main"), /Enable outgoing Transport Layer Security\s*off\s*on/);
	assert.equal(await page.locator(".pair .cert").count(), 2);
	await clean("comparison");
});

test("Preview of a restore changes nothing", async () => {
	await go("/smtp-routing/history/1");
	await page.fill("#note", "ticket 4712");
	await page.check("#apply-reload");
	await page.click('#restore button[value="preview"]');
	await page.waitForSelector("#preview");
	assert.equal(await page.inputValue("#note"), "ticket 4712");
	assert.ok(await page.isChecked("#apply-reload"));
	assert.match(await words("#preview"), /what Restore would change.*-smtp_tls_security_level = may/);
	assert.equal(await served(), sha256Of(it.sample("issued-cert.pem")));
	await clean("preview");
});

test("Restore: progress, outcome, and the old certificate is served", async () => {
	await page.click('#restore button[value="restore"]');
	assert.match(await outcome(page), /Applied and proven Generation 3 serves mx\.example\.test/);
	assert.equal(await served(), sha256Of(it.sample("self-signed-cert.pem")));
	await go("/smtp-routing/history");
	assert.match((await rows())[0], /Generation 1 restored.*in force$/);
});

test("undo: one press, and one more in its outcome takes it back", async () => {
	await go("/smtp-routing/connection");
	await page.fill('#undo input[name="note"]', "it was too early");
	await page.click("#undo button");
	assert.match(await outcome(page), /Applied and proven Generation 4 serves/);
	assert.match(await words(".origin"), /it was too early/);
	assert.equal(await served(), sha256Of(it.sample("issued-cert.pem")));
	await page.click('#outcome button[form="undo"]');
	assert.match(await outcome(page), /Applied and proven Generation 5 serves/);
	assert.equal(await served(), sha256Of(it.sample("self-signed-cert.pem")));
	await go("/smtp-routing/history");
	assert.match((await rows())[0], /Generation 3 restored.*in force$/);
	await page.click(".restore >> nth=0");
	await page.waitForURL(/history\/4#at-restore$/, {waitUntil: "commit"});
	await clean("undone");
});

test("a page that is out of date restores nothing", async () => {
	await go("/smtp-routing/history/2");
	await page.evaluate(() => {
		document.querySelector("#restore [name=etag]").value = '"1-00000000"';
	});
	await page.click('#restore button[value="restore"]');
	assert.match(await words("#errors"), /Somebody else has saved other settings/);
	assert.equal(await page.evaluate(() => document.activeElement.id), "errors");
	await page.click("#errors a");
	await clean("stale page");
});

test("drift is shown with both values; Restore puts it back", async () => {
	edit("smtpd_tls_security_level=none");
	await go("/smtp-routing/connection");
	assert.match(await words("#drift-notice"), /smtpd_tls_security_level\s*may\s*none/);
	await clean("drift");
	await page.click('#drift button[value="restore"]');
	assert.match(await outcome(page), /Applied/);
	assert.equal(await page.locator("#drift-notice").count(), 0);
	assert.equal(await served(), sha256Of(it.sample("self-signed-cert.pem")));
});

test("drift: Adopt makes it the setting", async () => {
	edit("smtpd_tls_security_level=encrypt");
	await go("/smtp-routing/connection");
	await page.click('#drift button[value="adopt"]');
	assert.match(await outcome(page), /Applied/);
	assert.equal(await page.isChecked("#tls_only"), true);
	await go("/smtp-routing/history");
	assert.match((await rows())[0], /Hand edits adopted.*TLS only/);
});

test("drift that cannot be adopted says which value", async () => {
	edit("smtpd_tls_security_level=perhaps");
	await go("/smtp-routing/connection");
	await page.click('#drift button[value="adopt"]');
	assert.match(await words("#errors"), /smtpd_tls_security_level .*perhaps/);
	await clean("not adoptable");
	await page.click('#drift button[value="restore"]');
	assert.match(await outcome(page), /Applied/);
});

test("the audit log has all of it, filtered and page by page", async () => {
	await page.click(".side a:has-text('Audit')");
	await go("/audit");
	const all = await rows();
	assert.match(all[0], / admin restored earlier settings: .* Generation \d+ 127\.0\.0\.1, screen applied$/);
	assert.ok(all.some((r) => / was refused adopting the values of main.cf.*refused$/.test(r)), all.join("\n"));
	assert.ok(all.some((r) => /admin signed in as reported .* done$/.test(r)));
	await clean("audit");
	await page.selectOption("#event", "connection.adopt");
	await page.click(".filters button");
	assert.equal((await rows()).length, 2);
	const [file] = await Promise.all([
		page.waitForEvent("download"),
		page.click("a[download]"),
	]);
	assert.equal(file.suggestedFilename(), "audit.csv");
	const lines = readFileSync(await file.path(), "utf8").split("\r\n");
	assert.equal(lines.length, 4);
	assert.match(lines[1], /^"[^"]*Z",.*,"connection.adopt",/);
	await go("/audit?limit=2");
	const first = await rows();
	await page.click(".pages a[rel=next]");
	assert.notDeepEqual(await rows(), first);
	await page.click(".pages a:not([rel])");
	assert.deepEqual(await rows(), first);
});

test("the audit log from its beginning, page by page", async () => {
	await go("/audit");
	const up = (await rows()).reverse();
	await page.click(".list thead a");
	assert.match(page.url(), /sort=at$/);
	assert.equal(await page.getAttribute("[aria-sort]", "aria-sort"), "ascending");
	assert.deepEqual(await rows(), up);
	await go("/audit?limit=7&sort=at");
	const seen = await rows();
	while (await page.locator(".pages a[rel=next]").count() > 0) {
		await page.click(".pages a[rel=next]");
		seen.push(...await rows());
	}
	assert.deepEqual(seen, up);
});

test("without JavaScript, in Japanese: restore and adopt", async () => {
	await signIn(plain, it);
	await go("/smtp-routing/history/2", plain);
	assert.match(await words("time.exact", plain), /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$/);
	assert.match(await words("main", plain), /第2世代の設定と証明書/);
	await plain.click('#restore button[value="restore"]');
	assert.match(await outcome(plain), /適用/);
	assert.equal(await served(), sha256Of(it.sample("issued-cert.pem")));
	edit("smtpd_tls_security_level=encrypt");
	await go("/smtp-routing/connection", plain);
	assert.match(await words("#drift-notice", plain), /smtpd_tls_security_level\s*may\s*encrypt/);
	await plain.click('#drift button[value="adopt"]');
	await outcome(plain);
	assert.equal(await plain.isChecked("#tls_only"), true);
	await go("/audit", plain);
	assert.match((await rows(plain))[0], /UTC admin がmain\.cfの値を取り込みました: TLSのみ: オフ → オン 第\d+世代 127\.0\.0\.1, Webコンソール 適用済み/);
});
