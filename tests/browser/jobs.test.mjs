/* jobs.test.mjs - six jobs, and what each costs: clicks (files that are chosen,
 * ticks, buttons; a section that is opened is one) and fields that are typed.
 * Each by mouse with JavaScript, without it, and by the keyboard alone, wide
 * and narrow, in both languages: by default a sample in which each of these
 * is met, with JOBS=all the whole product (some minutes).
 * What the menu leads to is not counted, signing in neither. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHmac } from "node:crypto";
import { join } from "node:path";
import { after, before } from "node:test";
import { launch, startInstance, steps, TOP, visitor }
	from "./instance.mjs";

const test = steps();
const B = process.env.B || "build";
const CONNECTION = "/smtp-routing/connection";
const password = "otter tea mango lamp 17";
const sample = [{ how: "mouse", width: 1280, lang: "en" },
	{ how: "plain", width: 360, lang: "ja" },
	{ how: "keys", width: 360, lang: "en" }];
const product = ["mouse", "plain", "keys"].flatMap((how) =>
    [1280, 360].flatMap((width) => ["en", "ja"].map((lang) =>
	({ how, width, lang }))));
const ways = process.env.JOBS === "all" ? product : sample;
let it, browser, page, way, clicks, fields, guests = 0;

before(async () => {
	it = await startInstance({ named: true });
	browser = await launch();
});

after(async () => {
	await browser?.close();
	await it?.stop(test.failed);
});

const keys = () => way.how === "keys";
const ctl = (...args) => execFileSync(
    join(B.startsWith("/") ? "" : TOP, B, "postsealctl"),
    ["-c", join(it.state, "postseal.conf"), ...args], { stdio: "pipe" });

/* Tab until it is there: whatever can be pressed can be reached. */
async function tabTo(what) {
	const is = (e) => e === document.activeElement ||
	    (e.tagName === "LABEL" && e.control === document.activeElement);
	for (let i = 0; i < 200; i++) {
		if (await what.evaluate(is)) { return; }
		await page.keyboard.press("Tab");
	}
	throw new Error(`Tab never comes to ${what}`);
}

/* What is pressed, ticked or opened. */
async function press(selector, key = "Enter") {
	const what = page.locator(selector).first();
	clicks++;
	if (!keys()) { return what.click(); }
	await tabTo(what);
	return page.keyboard.press(key);
}

const tick = (selector) => press(selector, "Space");

async function type(selector, text) {
	fields++;
	if (!keys()) { return page.fill(selector, text); }
	await tabTo(page.locator(selector).first());
	return page.keyboard.type(text);
}

/* A chosen file goes at once where there is JavaScript; without, with Save. */
async function choose(field, file) {
	clicks++;
	if (keys()) { await tabTo(page.locator(`#${field}`)); }
	await page.setInputFiles(`#${field}`, it.sample(file));
	if (way.how !== "plain") {
		await page.waitForSelector(`#at-${field} .contents`);
	}
}

/* The section that is worked in: open, or opened by a click. */
async function section() {
	if (!await page.locator("#tls").evaluate((d) => d.open)) {
		await press("#tls > summary");
	}
}

async function outcome() {
	await page.waitForSelector("#outcome.ok, #outcome.warn, #errors");
	assert.equal(await page.locator("#errors").count(), 0,
	    await page.locator("main").innerText());
}

const totp = (secret) => {
	const bits = [...secret].map((c) =>
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(c).toString(2)
		.padStart(5, "0")).join("");
	const key = Buffer.from(bits.match(/.{8}/g).map((b) => parseInt(b, 2)));
	const at = Buffer.alloc(8);
	at.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30000)));
	const h = createHmac("sha1", key).update(at).digest();
	return String((h.readUInt32BE(h[19] & 15) & 0x7fffffff) % 1e6)
	    .padStart(6, "0");
};

/* A job from its page on; most: [clicks, fields]. */
function job(one, name, most, path, act, at = () => page) {
	test(`${one.how}, ${one.width}, ${one.lang}: ${name}`, async (t) => {
		if (path) { await page.goto(it.url + path); }
		clicks = fields = 0;
		await act();
		t.diagnostic(`${clicks} clicks, ${fields} fields`);
		assert.ok(clicks <= most[0] && fields <= most[1],
		    `${clicks} clicks, ${fields} fields: more than ${most}`);
		await at();
	});
}

function sixJobs(one) {
	let link, code;

	test(`${one.how}, ${one.width}, ${one.lang}: signed in`, async () => {
		way = one;
		guests++;
		page = await visitor(browser, { folded: true,
			javaScriptEnabled: way.how !== "plain", locale: way.lang,
			viewport: { width: way.width, height: 800 } });
		await page.goto(it.url + "/login");
		await page.fill("#user", it.user);
		await page.fill("#password", it.password);
		await page.click("main form button");
		await page.waitForSelector("#connection");
	});
	job(one, "first set-up", [5, 0], CONNECTION, async () => {
		await section();
		await choose("private_key", "issued-key.pem");
		await choose("server_certificate", "issued-cert.pem");
		await tick("#inbound_enabled");
		await press("button[value=save]");
		await outcome();
	});
	job(one, "renewal", [4, 0], CONNECTION, async () => {
		await section();
		await choose("private_key", "self-signed-key.pem");
		await choose("server_certificate", "self-signed-cert.pem");
		await press("button[value=save]");
		await outcome();
	});
	job(one, "TLS only", [3, 0], CONNECTION, async () => {
		await section();
		await tick("#tls_only");
		await press("button[value=save]");
		await outcome();
	});
	job(one, "undo", [1, 0], CONNECTION, async () => {
		await press("#undo button");
		await outcome();
	});
	job(one, "a token for a script", [2, 1], "/access/tokens", async () => {
		await type("#token-name", `script ${guests}`);
		await press("button[value=token_add]");
		await page.waitForSelector("#made");
	});
	job(one, "a colleague is invited", [3, 2], "/access/users", async () => {
		await type("#new-user", `guest${guests}`);
		await press("button[value=user_add]");
		await page.waitForSelector("#made");
		link = await page.locator("#made .line").first().innerText();
		code = await page.locator("#made .once").innerText();
	});
	job(one, "the colleague, with a second factor", [4, 5], null, async () => {
		await page.context().clearCookies();
		await page.goto(link.trim());
		await type("#code", code.trim());
		await type("#password", password);
		await type("#again", password);
		await press("main form button");
		await page.waitForURL(/done=joined/);
		await press("#factor-box > summary");
		await type("#start-current", password);
		await press("button[value=totp_start]");
		await page.waitForSelector("#confirm-code");
		await type("#confirm-code", totp(new URL(
		    await page.getAttribute(".enrol a", "href")).searchParams.get("secret")));
		await press("button[value=totp_confirm]");
		await page.waitForURL(/done=totp/);
	}, async () => {
		assert.deepEqual(page.trouble, []);
		await page.context().close();
		ctl("leave");
	});
}

ways.forEach(sixJobs);
