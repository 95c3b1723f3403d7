/* keyboard.test.mjs - the procedure with the keyboard alone: what the Tab key
 * reaches, in which order, and with a focus that can be seen. */
import assert from "node:assert/strict";
import { after, before } from "node:test";
import { launch, sha256Of, startInstance, starttls, steps,
	visitor, waitFor } from "./instance.mjs";

const test = steps();
let it, browser, page, chosen = null;

before(async () => {
	it = await startInstance();
	browser = await launch();
	page = await visitor(browser);
	/* Watched from the start: a late listener misses a quick dialogue. */
	page.on("filechooser", (c) => { chosen = c; });
});

after(async () => {
	await browser?.close();
	await it?.stop(test.failed);
});

const focused = () => page.evaluate(() => {
	const e = document.activeElement;
	return e.id || (e.name && e.value ? `${e.name}=${e.value}` : "") ||
	    e.className || (e === document.body ? e.tagName
		: `${e.closest("[id]")?.id} ${e.tagName}`);
});

async function tabTo(what, back = false) {
	const seen = [];
	for (let i = 0; i < 120; i++) {
		await page.keyboard.press(back ? "Shift+Tab" : "Tab");
		const at = await focused();
		seen.push(at);
		if (at === what) {
			return seen;
		}
	}
	throw new Error(`Tab never comes to ${what}: ${seen.join(" ")}`);
}

/* A file chooser opens from the keyboard as from the mouse. */
async function choose(field, file) {
	await tabTo(field);
	chosen = null;
	await page.keyboard.press("Enter");
	await waitFor(() => chosen, 5000, "a file chooser");
	await page.evaluate(() => {
		document.getElementById("main").dataset.old = "1";
	});
	await chosen.setFiles(file);
	await page.waitForFunction(() => !document.getElementById("main").dataset.old);
}

test("log in without a mouse", async () => {
	await page.goto(it.url + "/");
	assert.equal(await focused(), "user");
	await page.keyboard.type(it.user);
	await tabTo("password");
	await page.keyboard.type(it.password);
	await page.keyboard.press("Enter");
	await page.waitForSelector("#connection");
});

test("the first Tab offers the way past the head", async () => {
	await page.keyboard.press("Tab");
	assert.equal(await focused(), "skip");
	await page.keyboard.press("Enter");
	await page.waitForURL(/#main$/, {waitUntil: "commit"});
});

test("every stop shows its focus, in the order of the page", async () => {
	const order = [];
	await page.goto(it.url + "/smtp-routing/connection");
	await tabTo("do=probe");
	for (let i = 0; i < 120; i++) {
		await page.keyboard.press("Tab");
		const at = await focused();
		if (at === "BODY" || order.includes(at)) {
			break;
		}
		order.push(at);
		const seen = await page.evaluate(() => {
			let e = document.activeElement;
			if (e.type === "file") { e = e.closest(".picker"); }
			const s = getComputedStyle(e);
			return s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 2;
		});
		assert.ok(seen, `no visible focus on ${at}`);
	}
	const wanted = ["listen-keep", "smtp_port", "idle_timeout",
		"connection_limit-keep", "max_connections", "access_policy-keep",
		"access_list", "access_file", "do=upload:access_file",
		"inbound_enabled", "outbound_enabled", "ca_certificate",
		"do=upload:ca_certificate", "private_key", "do=upload:private_key",
		"server_certificate", "do=upload:server_certificate",
		"all_scanners", "apply-restart", "do=save", "do=preview",
		"do=cancel"];
	assert.deepEqual(order.filter((x) => wanted.includes(x)), wanted);
	assert.ok(!order.includes("do=keep"));
});

test("the procedure", async () => {
	await page.goto(it.url + "/smtp-routing/connection");
	await tabTo("inbound_enabled");
	await page.keyboard.press("Space");
	await tabTo("outbound_enabled");
	await page.keyboard.press("Space");
	await choose("private_key", it.sample("self-signed-key.pem"));
	assert.equal(await focused(), "at-private_key");
	await choose("server_certificate", it.sample("self-signed-cert.pem"));
	await tabTo("do=save");
	await page.keyboard.press("Enter");
	await page.waitForSelector("#outcome");
	assert.equal(await focused(), "outcome");
	assert.match((await page.textContent("#outcome")).replace(/\s+/g, " "),
	    /Applied and proven Generation 1 serves/);
	assert.equal((await starttls(it.smtp)).sha256,
	    sha256Of(it.sample("self-signed-cert.pem")));
	assert.deepEqual(page.trouble, []);
});

test("from an error to its field", async () => {
	await choose("private_key", it.sample("mismatch-key.pem"));
	await tabTo("do=save");
	await page.keyboard.press("Enter");
	await page.waitForSelector("#errors");
	await page.waitForFunction(() => document.activeElement.id === "errors");
	await page.keyboard.press("Tab");
	await page.keyboard.press("Enter");
	await page.waitForURL(/#at-(private_key|server_certificate)$/, {waitUntil: "commit"});
	await page.keyboard.press("Tab");
	assert.match(await focused(), /^(private_key|server_certificate)$/);
});
