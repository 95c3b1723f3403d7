/* scanners.test.mjs - the Scanners page of a console with two scanners, in a
 * real browser: a roll-out, chosen hosts, a host that fails, one that goes;
 * with JavaScript, and without it in Japanese on a narrow screen. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync, utimesSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before } from "node:test";
import { check, launch, save, sha256Of, signIn, startInstance, starttls,
	steps, unfold, upload, visitor, waitFor } from "./instance.mjs";

const axe = readFileSync(createRequire(import.meta.url)
    .resolve("axe-core/axe.min.js"), "utf8");
const PAGE = "/smtp-routing/scanners";
const test = steps();
let it, browser, page, plain;

before(async () => {
	process.env.SCANNERS = "2";
	process.env.LEASE = "5";
	it = await startInstance();
	browser = await launch();
	page = await visitor(browser);
	plain = await visitor(browser, { javaScriptEnabled: false,
		locale: "ja-JP", viewport: { width: 360, height: 740 } });
});

after(async () => {
	await browser?.close();
	await it?.stop(test.failed);
});

const words = async (selector, p = page) =>
    (await p.textContent(selector)).replace(/\s+/g, " ").trim();
const go = (path, p = page) => p.goto(it.url + path);
const served = async (name) => (await starttls(
    it.scanners.find((s) => s.name === name).smtp)).sha256;
const row = async (name, p = page) => (await p.$$eval(".scanners tbody tr",
    (l) => l.map((r) => r.textContent.replace(/\s+/g, " ").trim())))
    .find((r) => r.startsWith(name)) ?? "";

/* Reload until the page says it; roll-outs go on by themselves. */
async function until(what, good, p = page) {
	return waitFor(async () => {
		await go(PAGE, p);
		const got = await words("main", p);
		return good(got) && got;
	}, 30000, what);
}

async function clean(what, p = page) {
	await p.evaluate(axe);
	assert.deepEqual(await p.evaluate(() => axe.run(document, {
		runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa",
			"best-practice"]
	}).then((r) => r.violations.map((v) => v.id + ": " +
	    v.nodes.map((n) => n.html).slice(0, 3).join(" ")))), [], what);
	assert.deepEqual(p.trouble, [], what);
}

/* A line that Postfix's own tools refuse: a Save cannot get through there. */
function mainCf(name, broken) {
	const file = it.scanners.find((s) => s.name === name).postfix_config +
	    "/main.cf";
	const text = readFileSync(file, "utf8").replace(/\nnonsense\n$/, "\n");
	writeFileSync(file, text + (broken ? "nonsense\n" : ""));
	const past = Date.now() / 1000 - 10;
	utimesSync(file, past, past);
}

async function saveForAll(outbound) {
	await go("/smtp-routing/connection");
	await check(page, "all_scanners", true);
	await check(page, "outbound_enabled", outbound);
	await check(page, "apply-reload", true);
	await save(page);
	assert.match(await words("#outcome"), /Applied/);
}

test("nothing was saved yet; every host is there and alive", async () => {
	await signIn(page, it);
	await page.click(".side a:has-text('Scanners')");
	assert.match(await words("main"), /Nothing has been saved for all/);
	for (const name of ["console", "scanner1", "scanner2"]) {
		assert.match(await row(name), /now/);
	}
	await clean("nothing yet");
});

test("one Save for all: each says what it serves", async () => {
	await go("/smtp-routing/connection");
	assert.equal(await page.isVisible(".chosen-hosts"), false);
	await upload(page, "private_key", it.sample("self-signed-key.pem"));
	await upload(page, "server_certificate", it.sample("self-signed-cert.pem"));
	await check(page, "inbound_enabled", true);
	await check(page, "apply-reload", true);
	await save(page);
	await until("rolled out", (t) => /Generation 1 .* is rolled out/.test(t));
	const leaf = sha256Of(it.sample("self-signed-cert.pem"));
	const short = leaf.slice(0, 8).match(/../g).join(":");
	for (const name of ["console", "scanner1", "scanner2"]) {
		assert.match(await row(name), /up to date/);
		assert.ok((await row(name)).includes(short), name);
	}
	assert.equal(await served("scanner2"), leaf);
	await clean("rolled out");
});

test("not ticked: hosts can be chosen, and each one's word comes back", async () => {
	await go("/smtp-routing/connection");
	await check(page, "all_scanners", false);
	assert.equal(await page.isVisible(".chosen-hosts"), true);
	await check(page, "scanner-scanner2", true);
	await check(page, "apply-reload", true);
	await upload(page, "private_key", it.sample("issued-key.pem"));
	await upload(page, "server_certificate", it.sample("issued-cert.pem"));
	await upload(page, "ca_certificate", it.sample("issued-intermediate.pem"));
	await clean("chosen");
	/* What was uploaded came with a new <main>: is the choice still there? */
	assert.equal(await page.isChecked("#scanner-scanner2"), true);
	await save(page);
	assert.match(await words("#outcome"), /scanner2: applied, and checked there/);
	assert.equal(await served("scanner2"), sha256Of(it.sample("issued-cert.pem")));
	assert.equal((await starttls(it.smtp)).sha256,
	    sha256Of(it.sample("self-signed-cert.pem")));
	await go(PAGE);
	assert.match(await row("scanner2"), /own settings/);
	assert.match(await row("scanner1"), /up to date/);
	await clean("own settings");
});

test("without script, in Japanese, narrow: the same, and back", async () => {
	await signIn(plain, it);
	assert.equal(await plain.isChecked("#all_scanners"), true);
	await go(PAGE, plain);
	assert.match(await row("scanner2", plain), /独自の設定/);
	assert.ok(await plain.evaluate(() =>
	    document.documentElement.scrollWidth <= innerWidth), "no sideways scroll");
	await plain.click('button[value="rejoin:scanner2"]');
	await until("rejoined", (t) => !/独自の設定/.test(t) && !/以前の世代/.test(t),
	    plain);
	assert.equal(await served("scanner2"),
	    sha256Of(it.sample("self-signed-cert.pem")));
	await go("/smtp-routing/connection", plain);
	await unfold(plain);
	await plain.uncheck("#all_scanners");
	await plain.check("#scanner-scanner1");
	await plain.check("#outbound_enabled");
	await plain.check("#apply-reload");
	await plain.click('button[value="save"]');
	await plain.waitForSelector("#outcome");
	assert.match(await words("#outcome", plain), /scanner1: 適用され/);
	await go(PAGE, plain);
	await plain.click('button[value="rejoin:scanner1"]');
	await until("rejoined", (t) => !/独自の設定/.test(t) && !/以前の世代/.test(t),
	    plain);
});

test("a host that fails: who, why, and retry", async () => {
	mainCf("scanner1", true);
	/* Its check fails from now on, so another one is the first. */
	await until("noticed", (t) =>
	    /not known: the check fails/.test(t));
	await saveForAll(true);
	const text = await until("stopped", (t) => /The roll-out has stopped/.test(t));
	assert.match(text, /Failed: scanner1/);
	assert.match(await row("scanner1"), /failed, back on the last good/);
	assert.match(await row("scanner2"), /up to date 2/);
	await clean("stopped");
	mainCf("scanner1", false);
	await page.click('button[value="retry"]');
	await until("retried", (t) => /Generation 2 .* is rolled out/.test(t));
	assert.match(await row("scanner2"), /up to date/);
});

test("roll all back, or leave it", async () => {
	mainCf("scanner1", true);
	await saveForAll(false);
	await until("stopped", (t) => /The roll-out has stopped/.test(t));
	mainCf("scanner1", false);
	await page.click('button[value="rollback"]');
	await until("back", (t) => /Generation 4 .* is rolled out/.test(t));
	mainCf("scanner1", true);
	await saveForAll(false);
	await until("stopped", (t) => /The roll-out has stopped/.test(t));
	mainCf("scanner1", false);
	await page.click('button[value="leave"]');
	await until("left", (t) => /was left at stage/.test(t) &&
	    !/The roll-out has stopped/.test(t));
	await clean("left");
});

test("a host that is removed: the key should be changed", async () => {
	await go(PAGE);
	await page.click('summary:has-text("scanner2")');
	await page.click('button[value="remove:scanner2"]');
	await until("removed", (t) =>
	    /scanner2 was removed and gets nothing further/.test(t));
	await clean("removed");
	await page.click("a:has-text('Upload a new key and certificate')");
	await page.waitForSelector("#connection");
});
