/* people.test.mjs - two people at the screen at once, with JavaScript and by
 * keyboard.  Without JavaScript: tests/func/28-two-people.t. */
import assert from "node:assert/strict";
import { after, before } from "node:test";
import { launch, press, save, settled, signIn, startInstance, steps,
	visitor } from "./instance.mjs";

const test = steps();
let it, browser, a, b;

before(async () => {
	it = await startInstance();
	browser = await launch();
	a = await visitor(browser);
	b = await visitor(browser);
	await signIn(a, it);
	await signIn(b, it);
});

after(async () => {
	await browser?.close();
	await it?.stop(test.failed);
});

const words = async (page, selector) =>
    (await page.textContent(selector)).replace(/\s+/g, " ");
const conflicts = (page) => page.locator(".conflict").count();
const focused = (page) => page.evaluate(() =>
    document.activeElement.value || document.activeElement.id);

test("each something else: merged, and told", async () => {
	await a.fill("#idle_timeout", "7");
	await save(a);
	await b.check("#outbound_enabled");
	await save(b);
	assert.match(await words(b, "#outcome"), /Applied and proven/);
	assert.match(await words(b, "#also"), /Also in force now/);
	assert.match(await words(b, "#also"), /7 minutes.*admin/);
	assert.equal(await b.inputValue("#idle_timeout"), "7");
	assert.equal(await a.isChecked("#outbound_enabled"), false);
	await a.fill("#idle_timeout", "8");
	await save(a);
	assert.equal(await a.isChecked("#outbound_enabled"), true,
	    "a form of before turned it off");
});

test("the outcome says what was proven", async () => {
	assert.match(await words(b, "#outcome .proof"), /127\.0\.0\.1:\d+/);
	assert.match(await words(b, "#outcome .proof"), /STARTTLS is not offered, as set/);
});

test("both the same: the keyboard leads to it, and nothing is saved", async () => {
	await b.fill("#idle_timeout", "9");
	await save(b);
	assert.equal(await b.locator("#outcome").count(), 0);
	assert.equal(await focused(b), "errors");
	assert.match(await words(b, "#errors"), /admin/);
	await b.keyboard.press("Tab");
	await b.keyboard.press("Enter");
	assert.ok(await b.locator("#conflict-idle_timeout").isVisible());
	assert.match(await words(b, "#conflict-idle_timeout"), /8 minutes.*9 minutes/);
	await save(b);
	assert.equal(await conflicts(b), 1, "a second press is asked, too");
	await b.focus("button[value='theirs:idle_timeout']");
	await settled(b, () => b.keyboard.press("Enter"));
	assert.equal(await conflicts(b), 0);
	assert.equal(await b.inputValue("#idle_timeout"), "8");
});

test("what was typed over another value outlives a reload", async () => {
	await b.fill("#idle_timeout", "20");
	await a.fill("#idle_timeout", "30");
	await save(a);
	await b.reload();
	assert.equal(await b.inputValue("#idle_timeout"), "20");
	await save(b);
	assert.equal(await conflicts(b), 1);
	await settled(b, () => b.click("button[value='mine:idle_timeout']"));
	assert.equal(await conflicts(b), 0);
	assert.equal(await b.inputValue("#idle_timeout"), "20");
	await save(b);
	assert.match(await words(b, "#outcome"), /Applied/);
	await a.reload();
	assert.equal(await a.inputValue("#idle_timeout"), "20");
});

test("a draft knows what it was drawn from, an hour later", async () => {
	await b.fill("#idle_timeout", "40");
	await b.focus("#idle_timeout");
	await settled(b, () => b.keyboard.press("Enter"));
	await a.fill("#idle_timeout", "50");
	await save(a);
	await b.goto(it.url + "/smtp-routing/connection");
	assert.equal(await conflicts(b), 1);
	assert.equal(await focused(b), "errors");
	await press(b, "cancel");
	assert.equal(await conflicts(b), 0);
	assert.equal(await b.inputValue("#idle_timeout"), "50");
});

test("nothing in the console of the browser", () => {
	assert.deepEqual([...a.trouble, ...b.trouble], []);
});
