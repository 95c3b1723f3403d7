/* noscript.test.mjs - the whole procedure in a browser without JavaScript. */
import assert from "node:assert/strict";
import { after, before } from "node:test";
import { launch, sha256Of, signIn, startInstance, starttls, steps, unfold,
	upload, visitor } from "./instance.mjs";

const test = steps();
let it, browser, page;

before(async () => {
	it = await startInstance();
	browser = await launch();
	page = await visitor(browser, { javaScriptEnabled: false, locale: "ja-JP" });
});

after(async () => {
	await browser?.close();
	await it?.stop(test.failed);
});

const words = async (selector) =>
    (await page.textContent(selector)).replace(/\s+/g, " ");

async function press(value) {
	await Promise.all([page.waitForEvent("load"),
		page.click(`button[value="${value}"]`)]);
	await unfold(page);
}

test("the browser's language is taken", async () => {
	await signIn(page, it);
	assert.match(await words("main"), /すべての検索サービスに適用/);
	await press("en");
	await page.waitForURL(/\/smtp-routing\/connection$/, {waitUntil: "commit"});
	assert.match(await words("main"), /Apply to all scanner services/);
});

test("Upload brings the report, and the ticks stay", async () => {
	await page.check("#inbound_enabled");
	await page.check("#outbound_enabled");
	await upload(page, "private_key", it.sample("mismatch-key.pem"), false);
	await page.waitForURL(/#at-private_key$/, {waitUntil: "commit"});
	assert.match(await words("#at-private_key"), /new: mismatch-key\.pem/);
	assert.equal(await page.isChecked("#inbound_enabled"), true);
	await upload(page, "server_certificate", it.sample("issued-cert.pem"), false);
	assert.match(await words("#errors"), /does not belong to this certificate/);
	await page.reload();
	assert.match(await words("#errors"), /does not belong to this certificate/);
});

test("Remove takes one file out again", async () => {
	await press("remove:private_key");
	assert.equal(await page.locator("#errors").count(), 0);
	assert.match(await words("#at-private_key"), /none/);
	assert.match(await words("#at-server_certificate"), /new: issued-cert\.pem/);
});

test("all files that are chosen go with any button", async () => {
	await page.setInputFiles("#private_key", it.sample("issued-key.pem"));
	await page.setInputFiles("#ca_certificate", it.sample("issued-intermediate.pem"));
	await press("upload:ca_certificate");
	assert.match(await words("#at-private_key"), /new: issued-key\.pem/);
	assert.match(await words("#at-ca_certificate"), /new: issued-intermediate\.pem/);
});

test("a file that is too large is told at its field, however large", async () => {
	const file = (n) => ({name: "disk.img", mimeType: "application/octet-stream",
		buffer: Buffer.alloc(n, 65)});
	for (const [n, where, text] of [
		[70000, "#at-ca_certificate", /larger than 64 KiB/],
		[1000000, "#at-ca_certificate", /larger than 64 KiB/],
		[2200000, "main", /may have 64 KiB at most/]]) {
		await page.setInputFiles("#ca_certificate", file(n));
		await press("upload:ca_certificate");
		assert.match(await words(where), text);
		await page.goto(it.url + "/smtp-routing/connection");
		assert.match(await words("#at-ca_certificate"), /new: issued-intermediate\.pem/);
	}
});

test("Preview, then Save", async () => {
	await press("preview");
	await page.waitForURL(/preview=1#preview$/, {waitUntil: "commit"});
	assert.match(await words("#preview"), /smtpd_tls_security_level/);
	assert.equal((await starttls(it.smtp)).sha256, null);
	await press("save");
	await page.waitForURL(/\?job=[0-9a-f]{32}$/, {waitUntil: "commit"});
	assert.match(await words("#outcome"), /Applied and proven Generation 1 serves/);
	assert.match(await words("#outcome .steps"), /Connect and compare the certificate done/);
	const seen = await starttls(it.smtp, ["-verify_return_error", "-CAfile",
		it.sample("issued-root.pem")]);
	assert.equal(seen.sha256, sha256Of(it.sample("issued-cert.pem")));
	assert.match(seen.output, /Verify return code: 0/);
	await page.reload();
	assert.match(await words("#outcome"), /Applied and proven Generation 1/);
});

test("an encrypted key, its passphrase, and a self-signed certificate", async () => {
	await upload(page, "private_key", it.sample("encrypted-key.pem"), false);
	assert.match(await words("#at-private_key"), /protected by a passphrase/);
	await page.setInputFiles("#server_certificate", it.sample("encrypted-cert.pem"));
	const readme = await import("node:fs").then((fs) =>
	    fs.readFileSync(it.sample("README.txt"), "utf8"));
	const passphrase = /Passphrase: (.+)$/m.exec(readme)[1];
	await page.fill("#passphrase", passphrase);
	await Promise.all([page.waitForEvent("load"),
		page.press("#passphrase", "Enter")]);
	assert.equal(await page.locator("#errors").count(), 0,
	    await words("main"));
	await press("save");
	assert.match(await words("#outcome"), /Applied and proven Generation 2/);
	assert.equal((await starttls(it.smtp)).sha256,
	    sha256Of(it.sample("encrypted-cert.pem")));
});

test("a Save that is refused keeps what was entered", async () => {
	await page.uncheck("#inbound_enabled");
	await page.check("#tls_only");
	await press("save");
	assert.match(await words("#errors"), /Tick incoming TLS as well/);
	assert.equal(await page.isChecked("#tls_only"), true);
	assert.equal(await page.isChecked("#inbound_enabled"), false);
	await press("cancel");
	assert.equal(await page.isChecked("#tls_only"), false);
});

test("the zone's files find their fields, and none is asked for", async () => {
	await page.goto(`${it.url}/smtp-routing/connection`);
	await unfold(page);
	await page.setInputFiles("#zone", ["issued-key.pem", "issued-cert.pem",
		"issued-intermediate.pem"].map((f) => it.sample(f)));
	await press("upload:zone");
	for (const field of ["private_key", "server_certificate", "ca_certificate"]) {
		assert.match(await words(`#at-${field}`), /new: .*issued-/, field);
	}
	await press("upload:zone");
	assert.match(await words("#errors"), /No file was chosen/);
	await press("cancel");
});

test("both directions off again, by reload", async () => {
	await page.uncheck("#inbound_enabled");
	await page.uncheck("#outbound_enabled");
	await page.check("#apply-reload");
	await press("save");
	assert.match(await words("#outcome"), /STARTTLS is not offered to clients/);
	assert.equal((await starttls(it.smtp)).sha256, null);
});

test("Sign out", async () => {
	await Promise.all([page.waitForEvent("load"), page.click(".session button")]);
	await page.waitForURL(/\/login/, {waitUntil: "commit"});
	await page.goto(it.url + "/smtp-routing/connection");
	await page.waitForURL(/\/login/, {waitUntil: "commit"});
});
