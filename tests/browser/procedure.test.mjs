/* procedure.test.mjs - the administrator's procedure in a real browser, each
 * time ending with what `openssl s_client -starttls smtp` sees. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { after, before, beforeEach } from "node:test";
import { check, launch, plainDialogue, press, save, settled, sha256Of, signIn,
	startInstance, starttls, steps, upload, visitor } from "./instance.mjs";

const test = steps();
let it, browser, page;

before(async () => {
	it = await startInstance();
	browser = await launch();
	page = await visitor(browser);
});

beforeEach(() => {
	page.trouble.length = 0;
});

after(async () => {
	await browser?.close();
	await it?.stop(test.failed);
});

const text = (selector) => page.textContent(selector);
const words = async (selector) => (await text(selector)).replace(/\s+/g, " ");

test("nobody gets in without the password", async () => {
	await page.goto(it.url + "/");
	await page.waitForURL(/\/login/, {waitUntil: "commit"});
	await page.fill("#user", it.user);
	await page.fill("#password", "not the password");
	await page.click("main form button");
	assert.match(await text("#errors"), /User name or password is wrong/);
	assert.equal(await page.inputValue("#user"), it.user);
	await signIn(page, it);
	await page.waitForURL(/\/smtp-routing\/connection$/, {waitUntil: "commit"});
	assert.match(await words("#state"), /Nothing has been saved/);
	assert.deepEqual(page.trouble, []);
});

test("everything is off to begin with", async () => {
	for (const box of ["inbound_enabled", "tls_only", "outbound_enabled"]) {
		assert.equal(await page.isChecked(`#${box}`), false);
	}
	assert.equal(await page.isChecked("#all_scanners"), true);
	assert.equal(await page.isDisabled("#tls_only"), true);
	const seen = await starttls(it.smtp);
	assert.equal(seen.sha256, null);
});

test("Save without files says what is missing, at its field", async () => {
	await check(page, "inbound_enabled", true);
	await save(page);
	assert.match(await words("#errors"), /needs a private key and a server certificate/);
	assert.equal(await page.evaluate(() => document.activeElement.id), "errors");
	await page.click('#errors a[href="#at-server_certificate"]');
	await page.waitForURL(/#at-server_certificate$/, {waitUntil: "commit"});
	assert.equal(await page.isChecked("#inbound_enabled"), true);
	await press(page, "cancel");
	assert.equal(await page.isChecked("#inbound_enabled"), false);
});

test("Upload without a file says so", async () => {
	await press(page, "upload:private_key");
	assert.match(await words("#errors"), /No file was chosen/);
});

test("a file that is too large is not even sent", async () => {
	const sent = [];
	page.on("request", (r) => r.method() === "POST" && sent.push(r.url()));
	await page.setInputFiles("#private_key", {name: "disk.img",
		mimeType: "application/octet-stream", buffer: Buffer.alloc(2200000, 65)});
	assert.match(await words("#at-private_key .finding.error"),
	    /disk\.img: The file is larger than 64 KiB/);
	assert.equal(await page.evaluate(() => document.activeElement.id), "at-private_key");
	assert.equal(await page.inputValue("#private_key"), "");
	await upload(page, "private_key", it.sample("mismatch-key.pem"));
	assert.equal(await page.locator("#at-private_key .finding.here").count(), 0);
	assert.equal(sent.length, 1);
	await press(page, "cancel");
});

test("several files in one field are joined", async () => {
	await settled(page, () => page.setInputFiles("#server_certificate",
	    [it.sample("issued-intermediate.pem"), it.sample("issued-cert.pem")]));
	assert.match(await words("#at-server_certificate"),
	    /issued-intermediate\.pem, issued-cert\.pem/);
	await press(page, "cancel");
});

test("a key that does not match is told at its field", async () => {
	await upload(page, "private_key", it.sample("mismatch-key.pem"));
	await upload(page, "server_certificate", it.sample("self-signed-cert.pem"));
	assert.match(await words("#errors"), /does not belong to this certificate/);
	assert.equal(await page.locator(".file.bad").count() > 0, true);
	await check(page, "inbound_enabled", true);
	await save(page);
	assert.match(await words("#errors"), /Not saved\. The settings in force are untouched/);
	assert.equal((await starttls(it.smtp)).sha256, null);
});

test("Cancel throws the draft away", async () => {
	await press(page, "cancel");
	assert.equal(await page.locator("#errors, #pending, .contents").count(), 0);
	await page.reload();
	assert.equal(await page.locator("#errors, #pending, .contents").count(), 0);
});

test("the draft survives a reload and another language", async () => {
	await upload(page, "private_key", it.sample("self-signed-key.pem"));
	await check(page, "outbound_enabled", true);
	await upload(page, "server_certificate", it.sample("self-signed-cert.pem"));
	await page.reload();
	assert.match(await words("#at-private_key"), /new: self-signed-key\.pem/);
	assert.match(await words("#at-server_certificate"),
	    /CN=mx\.example\.test.*self-signed.*days left.*RSA 2048/);
	assert.equal(await page.isChecked("#outbound_enabled"), true);
	const print = (await page.textContent("#at-server_certificate .fp"));
	assert.equal(print.replaceAll(":", "").toLowerCase(),
	    sha256Of(it.sample("self-signed-cert.pem")));
	/* A tick that no button has sent yet is kept as well. */
	await check(page, "inbound_enabled", true);
	await Promise.all([page.waitForURL((u) => !u.href.includes("/language")),
		page.waitForEvent("load"), page.click('button[value="ja"]')]);
	assert.equal(await page.getAttribute("html", "lang"), "ja");
	assert.match(await words("main"), /受信Transport Layer Securityを有効にする/);
	assert.match(await words("#at-private_key"), /新規: self-signed-key\.pem/);
	assert.equal(await page.isChecked("#inbound_enabled"), true);
	await page.reload();
	assert.equal(await page.getAttribute("html", "lang"), "ja");
	await Promise.all([page.waitForEvent("load"), page.click('button[value="en"]')]);
	assert.equal(await page.getAttribute("html", "lang"), "en");
	assert.deepEqual(page.trouble, []);
});

test("Preview shows the changes and makes none", async () => {
	await press(page, "preview");
	assert.match(await words("#preview"), /What it means for mail ?Senders that ask for STARTTLS send encrypted/);
	assert.match(await words("#preview table"), /^ ?Setting ?Before ?After ?Enable incoming Transport Layer Security ?off ?on/);
	assert.doesNotMatch(await words("#preview table"), /gen-/);
	assert.equal(await page.getAttribute("#diff", "open"), null);
	assert.match(await text("#preview .diff"), /\+smtpd_tls_security_level = may/);
	assert.equal((await starttls(it.smtp)).sha256, null);
});

test("the self-signed procedure ends with STARTTLS and this leaf", async () => {
	const steps = [];
	await page.exposeFunction("noteSteps", (n) => { steps.push(n); });
	await page.evaluate(() => {
		new MutationObserver(() => {
			const n = document.querySelectorAll("#progress .steps .done").length;
			if (document.querySelector("#progress")) { window.noteSteps(n); }
		}).observe(document.body, { subtree: true, childList: true,
			attributes: true });
	});
	await save(page);
	assert.match(await words("#outcome"),
	    /Applied and proven Generation 1 serves mx\.example\.test \(TLSv1\.3, TLS_/);
	assert.ok(Math.max(...steps) >= 5, `steps seen done: ${steps}`);
	assert.equal(await page.evaluate(() => document.activeElement.id), "outcome");
	assert.equal((await starttls(it.smtp)).sha256,
	    sha256Of(it.sample("self-signed-cert.pem")));
	assert.match(await words("#state"), /used when offered.*In force: generation 1 /);
	assert.match(await words("#at-private_key"), /in use: RSA 2048/);
	assert.deepEqual(page.trouble, []);
});

test("Save again changes nothing", async () => {
	await save(page);
	assert.match(await words("#outcome"), /Nothing to change/);
	assert.match(await words("#state"), /generation 1 /);
});

test("the procedure with an intermediate; peers can verify", async () => {
	await upload(page, "ca_certificate", it.sample("issued-intermediate.pem"));
	await upload(page, "private_key", it.sample("issued-key.pem"));
	await upload(page, "server_certificate", it.sample("issued-cert.pem"));
	await check(page, "outbound_enabled", true);
	await page.check("#apply-reload");
	await save(page);
	assert.match(await words("#outcome"), /Applied and proven Generation 2 serves/);
	const seen = await starttls(it.smtp, ["-verify_return_error",
		"-CAfile", it.sample("issued-root.pem")]);
	assert.equal(seen.sha256, sha256Of(it.sample("issued-cert.pem")));
	assert.match(seen.output, /Verify return code: 0/);
	assert.equal(await page.locator(".chain li").count() >= 2, true);
	assert.deepEqual(page.trouble, []);
});

test("TLS only warns, and plaintext mail gets 530", async () => {
	await check(page, "tls_only", true);
	assert.match(await words("#tls_only-warning"), /Internet.*RFC 3207/);
	await save(page);
	assert.match(await words("#outcome"), /Applied and proven Generation 3/);
	assert.match(await words("#state"), /required/);
	const replies = await plainDialogue(it.smtp,
	    ["EHLO test.example", "MAIL FROM:<a@test.example>"]);
	assert.match(replies[2], /^530 /);
	await check(page, "tls_only", false);
	await save(page);
	assert.match((await plainDialogue(it.smtp,
	    ["EHLO test.example", "MAIL FROM:<a@test.example>"]))[2], /^250 /);
});

test("an encrypted key asks for its passphrase", async () => {
	await upload(page, "private_key", it.sample("encrypted-key.pem"));
	assert.equal(await page.evaluate(() => document.activeElement.id), "passphrase");
	await page.fill("#passphrase", "not the one");
	await settled(page, () => page.press("#passphrase", "Enter"));
	assert.match(await words("#at-private_key"), /passphrase does not open the key/);
	await press(page, "cancel");
});

test("a file that takes seconds to open says so while it does", async () => {
	const dear = join(it.state, "dear.key");
	execFileSync("openssl", ["pkcs8", "-topk8", "-in", it.sample("self-signed-key.pem"),
		"-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA512", "-iter", "5000000",
		"-passout", "pass:open", "-out", dear]);
	await upload(page, "server_certificate", it.sample("self-signed-cert.pem"));
	await upload(page, "private_key", dear);
	await page.fill("#passphrase", "open");
	const opened = settled(page, () => page.press("#passphrase", "Enter"));
	await page.locator("#at-private_key .opening", { hasText: /half a minute at most.* [1-9]\d* s/ })
	    .waitFor();
	await opened;
	assert.equal(await page.locator(".opening").count(), 0);
	assert.match(await words("#at-private_key"), /Opening this file takes about .*PBKDF2, 5000000/);
	const saved = settled(page, () => page.click('button[value="save"]'));
	await page.locator("#progress .running", { hasText: /at most \(PBKDF2, 5000000\).* [1-9]\d* s/ })
	    .waitFor();
	await saved;
	assert.match(await words("#outcome"), /Applied/);
	assert.equal((await starttls(it.smtp)).sha256,
	    sha256Of(it.sample("self-signed-cert.pem")));
});

test("a bundle's parts are said at all three fields", async () => {
	const bundle = join(it.state, "bundle.pfx");
	execFileSync("openssl", ["pkcs12", "-export", "-in", it.sample("issued-cert.pem"),
		"-inkey", it.sample("issued-key.pem"), "-certfile", it.sample("issued-intermediate.pem"),
		"-passout", "pass:", "-out", bundle]);
	await upload(page, "private_key", bundle);
	for (const [field, state] of [["private_key", /new: bundle\.pfx/],
		["server_certificate", /new: mx.*, from bundle\.pfx/],
		["ca_certificate", /new: .*, from bundle\.pfx/]]) {
		assert.match(await words(`#${field}-state`), state);
	}
	await press(page, "cancel");
	assert.match(await words("#private_key-state"), /in use: /);
});

test("Probe now looks at the running Postfix", async () => {
	await press(page, "probe");
	assert.match(await words("#state"), /TLSv1\.3.*just now/);
});

test("two at once: both are in force, and the later one is told", async () => {
	const other = await visitor(browser);
	await signIn(other, it);
	await check(page, "outbound_enabled", false);
	await save(page);
	assert.match(await words("#outcome"), /Applied/);
	await check(other, "tls_only", true);
	await save(other);
	assert.match(await other.textContent("#outcome"), /Applied/);
	assert.match(await other.textContent("#also"), /outgoing[^:]*:\s*off/);
	assert.equal(await other.isChecked("#outbound_enabled"), false);
	await other.context().close();
});

test("signing out ends the session and the draft", async () => {
	await upload(page, "private_key", it.sample("mismatch-key.pem"));
	await page.click(".session button");
	await page.waitForURL(/\/login/, {waitUntil: "commit"});
	await page.goto(it.url + "/smtp-routing/connection");
	await page.waitForURL(/\/login\?next=/, {waitUntil: "commit"});
	await signIn(page, it);
	assert.equal(await page.locator("#pending, .contents").count(), 0);
	assert.deepEqual(page.trouble, []);
});
