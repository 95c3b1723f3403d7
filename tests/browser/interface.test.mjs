/* interface.test.mjs - SMTP Interface and Connection Control, pasted keys, the
 * guide, and the events of a Save: by mouse, by keyboard and without
 * JavaScript. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { writeFileSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, beforeEach } from "node:test";
import { check, freePort, launch, press, save, settled, signIn, startInstance,
	steps, unfold, upload, visitor } from "./instance.mjs";

const axe = readFileSync(createRequire(import.meta.url)
    .resolve("axe-core/axe.min.js"), "utf8");
const test = steps();
const LIST = 10000;
let it, browser, page, plain, sizes = {};

before(async () => {
	it = await startInstance();
	browser = await launch();
	page = await visitor(browser);
	plain = await visitor(browser, { javaScriptEnabled: false, locale: "ja-JP" });
	page.on("response", async (r) => {
		const at = new URL(r.url()).pathname;
		const body = await r.body().catch(() => "");
		sizes[at] = body.length;
	});
});

beforeEach(() => {
	page.trouble.length = 0;
});

after(async () => {
	await browser?.close();
	await it?.stop(test.failed);
});

const words = async (selector, p = page) =>
    (await p.textContent(selector)).replace(/\s+/g, " ").trim();
const focused = () => page.evaluate(() => document.activeElement.id);

async function clean(what) {
	await page.evaluate(axe);
	assert.deepEqual(await page.evaluate(() => axe.run(document, {
		runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa",
			"best-practice"]
	}).then((r) => r.violations.map((v) => v.id + ": " +
	    v.nodes.map((n) => n.html).slice(0, 3).join(" ")))), [], what);
	assert.deepEqual(page.trouble, [], what);
}

const postconf = (...args) => execFileSync("postconf",
    ["-c", it.postfix_config, ...args], { encoding: "utf8" }).trim();

function file(name, text) {
	const path = join(it.state, name);
	writeFileSync(path, text);
	return path;
}

test("the three sections stand in the order of the original", async () => {
	await signIn(page, it);
	assert.deepEqual((await page.locator("#connection h2").allTextContents()),
	    ["SMTP Interface", "Connection Control", "Transport Layer Security"]);
	assert.equal(await page.getAttribute(".save", "aria-label"), "Save");
	for (const id of ["listen-keep", "connection_limit-keep",
	    "access_policy-keep"]) {
		assert.ok(await page.isChecked(`#${id}`), id);
	}
	for (const id of ["smtp_port", "idle_timeout", "max_connections",
	    "access_list"]) {
		assert.equal(await page.inputValue(`#${id}`), "", id);
	}
});

test("what is wrong is told at its field, and stays there", async () => {
	await page.fill("#smtp_port", "65536");
	await page.fill("#idle_timeout", "0");
	await page.fill("#access_list", "192.0.2.1\n# the branch\nbranch\n" +
	    "198.51.100.0/33\n");
	await upload(page, "private_key", it.sample("self-signed-key.pem"))
	    .catch(() => null);
	assert.match(await words("#errors"), /Port: .*65536.*1-65535/);
	assert.match(await words("#at-idle_timeout .finding"), /1-1440/);
	const list = await words("#at-access_list");
	assert.match(list, /Line 3: .*branch/);
	assert.match(list, /Line 4: .*198\.51\.100\.0\/33/);
	assert.equal(await page.inputValue("#smtp_port"), "65536");
	assert.match(await page.inputValue("#access_list"), /# the branch\nbranch/);
	assert.match(await words("#at-private_key"), /new: self-signed-key\.pem/,
	    "the file is not lost");
	page.trouble.length = 0;
	await clean("wrong values");
	await page.click('#errors a[href="#at-access_list"]');
	await page.keyboard.press("Tab");
	assert.equal(await focused(), "access_list");
	await press(page, "cancel");
	assert.equal(await page.inputValue("#smtp_port"), "");
});

test("a number chooses its radio button; arrows choose, too", async () => {
	await page.fill("#max_connections", "250");
	assert.ok(await page.isChecked("#connection_limit-limited"));
	await page.focus("#listen-keep");
	await page.keyboard.press("ArrowDown");
	assert.ok(await page.isChecked("#listen-loopback"));
	await page.keyboard.press("ArrowUp");
	assert.ok(await page.isChecked("#listen-keep"));
});

test("Enter takes what was typed, and the typing goes on", async () => {
	await page.fill("#idle_timeout", "9");
	await page.focus("#smtp_port");
	await settled(page, () => page.keyboard.press("Enter"));
	assert.equal(await focused(), "smtp_port");
	assert.doesNotMatch(page.url(), /probe/);
	assert.equal(await page.inputValue("#idle_timeout"), "9");
	assert.equal(await page.getAttribute("#idle_timeout", "value"), "9",
	    "the server has it");
});

test("what was typed outlives a reload and the way back", async () => {
	await page.check("#outbound_enabled");
	await page.fill("#smtp_port", "2526");
	await page.fill("#access_list", "192.0.2.44\n");
	await page.click("#at-private_key .paste summary");
	await page.locator("#at-private_key textarea").pressSequentially("secret");
	await page.reload();
	assert.ok(await page.isChecked("#outbound_enabled"));
	assert.equal(await page.inputValue("#smtp_port"), "2526");
	assert.equal(await page.inputValue("#access_list"), "192.0.2.44\n");
	assert.equal(await page.inputValue("#at-private_key textarea"), "");
	await page.goto(it.url + "/guide");
	assert.doesNotMatch(await page.evaluate(() =>
	    sessionStorage.getItem("typed")), /secret/);
	await page.goBack();
	await page.waitForFunction(() =>
	    document.getElementById("smtp_port").value === "2526");
	assert.ok(await page.isChecked("#outbound_enabled"));
	await press(page, "cancel");
	await page.reload();
	assert.equal(await page.inputValue("#smtp_port"), "");
	assert.ok(!await page.isChecked("#outbound_enabled"));
});

test("a file may be dropped anywhere on its card, and nowhere else", async () => {
	const drop = (selector) => page.evaluate((sel) => {
		const d = new DataTransfer();
		d.items.add(new File(["192.0.2.8\n192.0.2.9\n"], "dropped.txt"));
		return document.querySelector(sel).dispatchEvent(new DragEvent(
		    "drop", { dataTransfer: d, bubbles: true, cancelable: true }));
	}, selector);
	assert.equal(await drop("h1"), false, "the browser does not open it");
	await settled(page, () => drop("#at-access_list .help"));
	assert.match(await words("#at-access_list"), /2 entries/);
	await press(page, "cancel");
	await page.fill("#max_connections", "250");
});

test("a list is imported from a file; a bad line is named", async () => {
	const bad = file("bad.txt", "192.0.2.0/24\n192.168.2.0:255.0.255.0\n");
	await settled(page, () => page.setInputFiles("#access_file", bad));
	assert.match(await words("#at-access_list"), /Line 2: /);
	assert.equal(await focused(), "at-access_file");
	const good = file("good.txt", "\ufeff# ours\r\n192.0.2.7\r\n" +
	    "198.51.100.0:255.255.255.0\r\n2001:db8::/32\r\n");
	await settled(page, () => page.setInputFiles("#access_file", good));
	assert.equal(await page.locator("#errors").count(), 0);
	assert.match(await words("#at-access_list"), /3 entries/);
	assert.equal(await page.inputValue("#access_list"),
	    "192.0.2.7\n198.51.100.0/24\n2001:db8::/32\n");
	assert.equal(await page.inputValue("#max_connections"), "250");
});

test("ten thousand entries: a small page, edited on demand", async () => {
	const lines = Array.from({ length: LIST }, (_, i) =>
	    `10.${Math.floor(i / 250)}.${i % 250}.0/24`);
	const began = Date.now();
	await settled(page, () => page.setInputFiles("#access_file",
	    file("long.txt", lines.join("\n"))));
	assert.ok(Date.now() - began < 10000, "it does not hang");
	assert.match(await words("#at-access_list"), /10,000 entries/);
	assert.equal(await page.locator("#access_list").count(), 0);
	await page.reload();
	assert.match(await words("#at-access_list"), /10,000 entries.*10\.0\.4\.0\/24/);
	const all = Object.entries(sizes).filter(([p]) =>
	    /connection$|app\.(css|js)|icon/.test(p)).reduce((n, [, s]) => n + s, 0);
	assert.ok(all > 20000 && all < 64 * 1024, `${all} bytes`);
	await clean("long list");
	await press(page, "edit:access_list");
	assert.equal(await focused(), "access_list");
	assert.equal((await page.inputValue("#access_list")).trim().split("\n").length,
	    LIST);
	/* Not typed: that is a test of the browser, and a long one. */
	await page.evaluate(() => {
		document.getElementById("access_list").value = "192.0.2.7\n";
	});
	await press(page, "preview");
	assert.match(await words("#preview"), /1 added, 0 removed; 1 entry in all.*\+192\.0\.2\.7/);
});

test("a key can be pasted; the text is not kept on the page", async () => {
	const key = readFileSync(it.sample("self-signed-key.pem"), "utf8");
	await page.click("#at-private_key .paste summary");
	await page.fill("#at-private_key textarea", key);
	await settled(page, () => page.click("#at-private_key .paste button"));
	assert.match(await words("#at-private_key"), /new: pasted text.*RSA 2048/);
	assert.equal(await page.inputValue("#at-private_key textarea"), "");
	assert.ok(!(await page.content()).includes(key.split("\n")[3]));
	await upload(page, "server_certificate", it.sample("self-signed-cert.pem"));
	assert.equal(await page.locator("#errors").count(), 0);
});

test("Save tells its steps by events, and by asking when there is no room",
    async () => {
	const asked = [];
	page.on("request", (r) => {
		if (/\/job\//.test(r.url())) {
			asked.push(r.headers().accept || "");
		}
	});
	await check(page, "inbound_enabled", true);
	await page.check("#access_policy-accept_except");
	await page.fill("#idle_timeout", "7");
	await save(page);
	assert.match(await words("#outcome"), /Applied and proven Generation 1 serves/);
	assert.match(postconf("-h", "smtpd_timeout"), /\b420\b/);
	assert.match(postconf("-h", "smtpd_client_restrictions"),
	    /^check_client_access cidr:\S+\/gen-1\/access\.cidr/);
	assert.ok(asked.includes("text/event-stream"), asked.join(" "));
	assert.ok(asked.filter((a) => a === "application/json").length <= 2,
	    asked.join(" "));
	assert.equal(await page.inputValue("#idle_timeout"), "7");
	assert.equal(await page.inputValue("#access_list"), "192.0.2.7\n");
	await clean("applied");
	/* No room: 204 at once, and EventSource gives up. */
	asked.length = 0;
	await page.route("**/job/*", (route) =>
	    route.request().headers().accept === "text/event-stream"
	    ? route.fulfill({ status: 204 }) : route.continue());
	await page.fill("#idle_timeout", "8");
	await save(page);
	assert.match(await words("#outcome"), /Applied and proven Generation 2/);
	assert.ok(asked.includes("application/json"), asked.join(" "));
	await page.unroute("**/job/*");
});

test("what would cut mail off is asked for, at its field", async () => {
	const port = await page.inputValue("#smtp_port");
	await page.fill("#smtp_port", "2525");
	await page.check("#access_policy-deny_except");
	await page.fill("#access_list", "");
	await press(page, "preview");
	/* Preview asks among its consequences, once, with the way back. */
	assert.equal(await page.locator("#sections input[name=confirm]").count(), 0);
	assert.deepEqual(await page.locator("#preview input[name=confirm]").evaluateAll(
	    (l) => l.map((i) => [i.value, i.checked])),
	    [["interface.port_changed", false], ["access.denies_all", false]]);
	assert.match(await words("#preview .finding"), /Save all the same Change it instead/);
	await clean("Preview asks");
	await page.click("#preview .finding a[href='#at-smtp_port']");
	assert.ok(await page.locator("#at-smtp_port").isVisible());
	await save(page);
	assert.match(await words("#at-smtp_port .finding"), /The port changes from \d+ to 2525/);
	assert.match(await words("#at-access_policy .finding"), /Every connection is denied/);
	/* To be reached by mouse: nothing lies over the box. */
	await page.check("#at-smtp_port input[name=confirm]");
	assert.ok(await page.isChecked("#at-smtp_port input[name=confirm]"));
	await clean("decisions");
	await press(page, "cancel");
	assert.equal(await page.inputValue("#smtp_port"), port);
});

test("a reload that has to be a restart says so; nothing is asked twice",
    async () => {
	await page.fill("#smtp_port", String(await freePort()));
	await page.check("#apply-reload");
	await save(page);
	assert.match(await words("#errors"), /Not saved.*Please decide/);
	await page.check("#at-smtp_port input[name=confirm]");
	await save(page);
	assert.match(await words("#outcome"),
	    /Applied.*The port changes.*Postfix is restarted although a reload/);
	assert.equal(await page.locator("#outcome input").count(), 0);
	assert.doesNotMatch(await words("#outcome"), /\?/);
	await clean("a restart instead");
});

test("the guide is one click away, at the right place", async () => {
	await page.click('.guide[href="/guide#control"]');
	await page.waitForURL(/\/guide#control$/, { waitUntil: "commit" });
	assert.match(await words("#control"), /Never on a server that receives mail/);
	await clean("guide");
	await page.goto(it.url + "/smtp-routing/connection");
});

test("the history tells what changed", async () => {
	await page.goto(it.url + "/smtp-routing/history");
	assert.match(await words("main"), /Inactivity/);
	await page.goto(it.url + "/smtp-routing/history/1?with=2");
	assert.match(await words("main"), /Inactivity\s*7 minutes\s*8 minutes/);
	await clean("comparison");
});

test("without JavaScript, in Japanese: all of it as well", async () => {
	const go = async (value) => {
		await Promise.all([plain.waitForEvent("load"),
			plain.click(`button[value="${value}"]`)]);
		await unfold(plain);
	};
	await signIn(plain, it);
	assert.match(await words("#connection", plain),
	    /SMTPインタフェース.*ループバックアドレス.*タイムアウト:.*同時接続数.*無制限.*接続数.*まで許可する.*接続制御/);
	await plain.setInputFiles("#access_file", file("long2.txt",
	    Array.from({ length: 3000 }, (_, i) =>
		`10.${Math.floor(i / 250)}.${i % 250}.1`).join("\n")));
	await go("upload:access_file");
	assert.match(await words("#at-access_list", plain), /3,000件/);
	await go("edit:access_list");
	await plain.waitForURL(/edit=access_list#at-access_list$/, { waitUntil: "commit" });
	await plain.fill("#access_list", "192.0.2.9\nだめ\n");
	await go("preview");
	assert.match(await words("#errors", plain), /コンピュータとグループ: .*2行目/);
	await plain.fill("#access_list", "192.0.2.9\n");
	await plain.check("#connection_limit-limited");
	await plain.fill("#max_connections", "90");
	await plain.click("#at-ca_certificate .paste summary");
	await plain.fill("#at-ca_certificate textarea", "no certificate");
	await go("upload:ca_certificate");
	assert.match(await words("#errors", plain), /CA証明書/);
	await go("preview");
	assert.match(await words("#preview", plain), /\+192\.0\.2\.9/);
	assert.equal(await plain.inputValue("#max_connections"), "90");
	await go("cancel");
	assert.equal(await plain.inputValue("#access_list"), "192.0.2.7\n");
});
