/* passkeys.test.mjs - an invitation, then passkeys with Chromium's virtual
 * authenticator: added, asked for at log-in, in the place of the password,
 * removed; and what a browser without JavaScript is told. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before } from "node:test";
import { launch, signIn, startInstance, steps, TOP, visitor } from "./instance.mjs";

const test = steps();
let it, browser, page, admin, cdp, authenticatorId;

before(async () => {
	it = await startInstance({ named: true });
	browser = await launch();
	admin = await visitor(browser, { viewport: { width: 1280, height: 800 } });
	page = await visitor(browser);
	cdp = await page.context().newCDPSession(page);
	await cdp.send("WebAuthn.enable");
	({ authenticatorId } = await cdp.send("WebAuthn.addVirtualAuthenticator",
	    { options: { protocol: "ctap2", transport: "internal",
		hasResidentKey: true, hasUserVerification: true,
		isUserVerified: true, automaticPresenceSimulation: true } }));
});

after(async () => {
	await browser?.close();
	await it?.stop(test.failed);
});

const words = async (selector, p = page) =>
    (await p.locator(selector).first().innerText()).replace(/\s+/g, " ");
const password = "otter tea mango lamp 17";

async function logIn(p) {
	await p.goto(`${it.url}/login`);
	await p.fill("#user", "suzuki");
	await p.fill("#password", password);
	await p.click("main form button");
}

test("a colleague is invited: a name and a button", async () => {
	await signIn(admin, it);
	await admin.goto(`${it.url}/access/users`);
	await admin.fill("#new-user", "suzuki");
	await admin.click("button[value=user_add]");
	await admin.waitForSelector("#made");
	assert.match(await words("#made", admin), /two different ways/);
	const link = await admin.locator("#made .line").first().innerText();
	assert.ok(link.startsWith(`${it.url}/join?user=suzuki`), link);
	assert.match(await words("#users tr:has-text('suzuki')", admin), /invited/);
	await page.goto(link);
	assert.equal(await page.inputValue("#user"), "suzuki");
	await page.fill("#code", await admin.locator("#made .once").innerText());
	await page.fill("#password", password);
	await page.fill("#again", password);
	await page.click("main form button");
	await page.waitForURL(/done=joined/);
});

test("a passkey is added", async () => {
	await page.click("#passkey-box summary");
	await page.fill("#passkey-name", "My phone");
	await page.click("#passkey-new button");
	await page.waitForURL(/done=passkey$/);
	assert.match(await words(".passkey"), /My phone/);
	assert.match(await words("#second-factor .badge"), /On/);
	const { credentials } = await cdp.send("WebAuthn.getCredentials",
	    { authenticatorId });
	assert.equal(credentials.length, 1);
	assert.equal(credentials[0].rpId, "localhost");
});

test("the same authenticator is not added twice", async () => {
	await page.click("#passkey-box summary");
	await page.fill("#passkey-name", "Again");
	await page.click("#passkey-new button");
	await page.waitForSelector("#passkey-failed:not([hidden])");
});

test("it is asked for at log-in, and nothing else gets in", async () => {
	await page.click(".session button");
	await logIn(page);
	await page.waitForSelector("#passkey:not([hidden])");
	assert.equal(await page.locator("#code").count(), 0);
	await page.click("[data-passkey]");
	await page.waitForURL(/smtp-routing/);
	await page.click(".session button");
	await cdp.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: false });
	await logIn(page);
	await page.click("[data-passkey]");
	await page.waitForSelector("#passkey-failed:not([hidden])");
	await cdp.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: true });
	await page.click("[data-passkey]");
	await page.waitForURL(/smtp-routing/);
});

test("in the place of the password, and what was typed stays", async () => {
	/* As the page has it five minutes later. */
	const again = readFileSync(join(TOP, "templates/_again.html"), "utf8")
	    .replace(/{{[#/][^}]*}}/g, "").replace(/{{t\.[^}]*}}/g, "words");
	await page.route("**/access", async (route) => {
		const response = await route.fetch();
		await route.fulfill({ response, body: (await response.text())
		    .replace(/(name="name"[^>]*><\/p>)/, `$1${again}`) });
	});
	await page.goto(`${it.url}/access`);
	await page.click("#passkey-box summary");
	await page.fill("#passkey-name", "Typed");
	await cdp.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: false });
	await page.click("[data-again]");
	await page.waitForSelector("[data-again] + [role=alert]:not([hidden])");
	assert.equal(await page.inputValue("#passkey-name"), "Typed");
	await cdp.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: true });
	await page.click("[data-again]");
	await page.waitForSelector("#passkey-new [role=status]");
	assert.equal(await page.inputValue("#passkey-name"), "Typed");
	await page.unroute("**/access");
});

test("a copy of the key is noticed by its counter", async () => {
	const { credentials: [copy] } = await cdp.send("WebAuthn.getCredentials",
	    { authenticatorId });
	assert.ok(copy.signCount > 0);
	await cdp.send("WebAuthn.clearCredentials", { authenticatorId });
	await cdp.send("WebAuthn.addCredential",
	    { authenticatorId, credential: { ...copy, signCount: 0 } });
	await page.click(".session button");
	await logIn(page);
	await page.click("[data-passkey]");
	await page.waitForSelector("#errors");
	assert.match(await words("#errors"), /not accepted/);
	await cdp.send("WebAuthn.clearCredentials", { authenticatorId });
	await cdp.send("WebAuthn.addCredential",
	    { authenticatorId, credential: { ...copy, signCount: 50 } });
	await page.click("[data-passkey]");
	await page.waitForURL(/smtp-routing/);
});

test("without JavaScript the page says what is needed", async () => {
	const p = await visitor(browser, { javaScriptEnabled: false, locale: "ja-JP" });
	await logIn(p);
	assert.match(await words("main", p), /JavaScriptと.*totp-reset/);
	await p.context().close();
});

test("so does a browser that knows no passkeys", async () => {
	const p = await visitor(browser);
	await p.addInitScript(() => { delete window.PublicKeyCredential; });
	await logIn(p);
	await p.waitForSelector("#passkey-none:not([hidden])");
	assert.match(await words("#passkey-none", p), /another browser.*totp-reset/);
	assert.equal(await page.locator("#passkey-none:visible").count(), 0);
	await p.context().close();
});

test("the administrator's rescue takes it away, and ends the sessions", async () => {
	await admin.goto(`${it.url}/access/users/suzuki`);
	await admin.click("summary:has-text('second factor')");
	await admin.click("button[value='totp_reset:suzuki']");
	await admin.waitForURL(/done=totp_reset/);
	await logIn(page);
	await page.waitForURL(/smtp-routing/);
	await page.goto(`${it.url}/access`);
	assert.equal(await page.locator(".passkey").count(), 0);
});

test("nothing in the console of the browser", () => {
	assert.deepEqual([...admin.trouble, ...page.trouble], []);
});
