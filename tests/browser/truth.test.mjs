/* truth.test.mjs - what the screen may not claim, and what may not be lost, in
 * states that are worse than they look: Postfix stopped, a certificate that
 * nobody gets, no way to the gateway, an address that was only posted to. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { get } from "node:https";
import { hostname } from "node:os";
import { after, before } from "node:test";
import { check, launch, press, save, settled, signIn, startInstance, steps,
	unfold, upload, visitor } from "./instance.mjs";

const test = steps();
let it, browser, page;

before(async () => {
	it = await startInstance();
	browser = await launch();
	page = await visitor(browser);
});

after(async () => {
	await browser?.close();
	await it?.stop(test.failed);
});

const words = async (selector, p = page) =>
    (await p.locator(selector).first().innerText()).replace(/\s+/g, " ");
const postfix = (verb) => {
	try {
		execFileSync("postfix", ["-c", it.postfix_config, verb],
		    { stdio: "ignore" });
	} catch { /* it says no by its status, too */ }
};

test("which gateway it is stands at log-in and in the title", async () => {
	await page.goto(it.url);
	assert.match(await words(".top"), new RegExp(hostname()));
	await page.check("#show-password");
	assert.equal(await page.getAttribute("#password", "type"), "text");
	await page.uncheck("#show-password");
	assert.equal(await page.getAttribute("#password", "type"), "password");
	await signIn(page, it);
	assert.ok((await page.title()).startsWith(`${hostname()} - `));
});

test("a time that is left to Postfix is told in what the field counts", async () => {
	assert.match(await words("#idle_timeout-help"), /now 5 minutes/);
});

test("a file that is there has no \"none\" beside it", async () => {
	await upload(page, "private_key", it.sample("self-signed-key.pem"));
	await upload(page, "server_certificate", it.sample("self-signed-cert.pem"));
	assert.doesNotMatch(await words("#at-private_key"), /No file chosen/);
	assert.match(await words("#at-ca_certificate"), /No file chosen/);
});

test("files with inbound off are stored, and not in use", async () => {
	await save(page);
	assert.match(await words("#outcome"), /Stored, not in use/);
	assert.match(await words("#outcome"), /STARTTLS is off/);
	assert.equal(await page.locator("#outcome.ok").count(), 0);
	assert.match(await words("#at-private_key"), /stored, not in use/);
	assert.match(await words("#state"), /stored, not in use/);
	await page.click(".side a:has-text('Certificates')");
	assert.match(await words("table.names"), /stored, not in use/);
	await page.click(".side a:has-text('Connection')");
});

test("during a Save its steps are read out", async () => {
	await check(page, "inbound_enabled", true);
	let inert = null;
	await page.route("**/job/**", async (route) => {
		inert ??= await page.evaluate(() =>
		    document.querySelector("#progress-slot [data-step]") !== null &&
		    document.querySelector("#progress-slot").closest("[inert]") !== null);
		await route.continue();
	});
	await save(page);
	await page.unroute("**/job/**");
	assert.equal(inert, false);
	assert.match(await words("#outcome"), /Applied and proven/);
	assert.match(await words("#state .pill.offered"), /offered/);
});

test("a destination is tried, and nothing that was filled in is lost", async () => {
	await check(page, "tls_only", true);
	await page.click("#at-next_hop summary");
	await page.fill("#next_hop", `[127.0.0.1]:${it.smtp.split(":")[1]}`);
	await press(page, "test");
	await page.waitForSelector("#hop-seen");
	assert.match(await words("#hop-seen"), /127\.0\.0\.1/);
	assert.ok(await page.isChecked("#tls_only"));
	await page.fill("#next_hop", "");
	await press(page, "test");
	await page.waitForSelector("#hop-seen.error");
	assert.match(await words("#hop-seen"), /127\.0\.0\.1\]:9 was not met .* nothing answered/);
	await press(page, "cancel");
});

test("without the gateway, a file that was not sent is told where it is", async () => {
	await page.context().setOffline(true);
	await page.setInputFiles("#private_key", it.sample("issued-key.pem"));
	await page.waitForSelector("#at-private_key .finding.here");
	assert.match(await words("#at-private_key .here"), /Not sent/);
	await page.context().setOffline(false);
	await page.reload();
});

test("Postfix is stopped: nothing is green, and no Save claims a proof", async () => {
	postfix("stop");
	await page.reload();
	assert.match(await words("#state .told"), /does not start it/);
	assert.equal(await page.locator("#state .glance .offered, #state .glance .required").count(), 0);
	assert.match(await words("#state"), /nothing is known/);
	await save(page);
	assert.match(await words("#outcome"), /Nothing to change/);
	assert.match(await words("#outcome"), /Postfix is not running/);
	await check(page, "tls_only", true);
	await save(page);
	assert.match(await words("#outcome"), /Postfix is stopped/);
	assert.doesNotMatch(await words("#outcome"), /serves|\(TLS|no connection was refused/i);
	assert.equal(await page.locator("#outcome.ok").count(), 0);
	postfix("start");
});

test("an address that was posted to can be opened", async () => {
	await page.goto(`${it.url}/smtp-routing/connection/drift`);
	await page.waitForSelector("#connection");
});

test("what is deleted is asked for once, by name", async () => {
	await page.goto(`${it.url}/access/tokens`);
	await page.fill("#token-name", "hook");
	await page.click("button[value=token_add]");
	await page.waitForSelector(".once");
	assert.equal(await page.evaluate(() => document.activeElement.id), "made");
	await page.reload();
	assert.equal(await page.locator(".once").count(), 0);
	const row = page.locator("#tokens tr:has-text('hook')");
	assert.equal(await row.count(), 1);
	await row.locator("a").click();
	const button = page.locator("main button");
	assert.match(await button.innerText(), /hook/);
	await button.click();
	await page.waitForURL(/done=revoked/);
	assert.equal(await row.count(), 0);
});

test("Access: each part is one screen, with few stops for the keyboard", async () => {
	for (const lang of ["en-US", "ja-JP"]) {
		const p = await visitor(browser, { locale: lang, viewport: { width: 1280, height: 800 } });
		await signIn(p, it);
		for (const [path, most] of [["", 16], ["/users", 12], ["/tokens", 12], ["/sessions", 12], ["/users/admin", 9]]) {
			await p.goto(`${it.url}/access${path}`);
			assert.ok(await p.evaluate(() => document.documentElement.scrollHeight <= 800), path + lang);
			const stops = await p.evaluate(() => [...document.querySelectorAll("main :is(a, button, input, select, summary, [tabindex='0'])")]
			    .filter((e) => e.checkVisibility() && e.type !== "hidden" && e.tabIndex >= 0 && !e.closest("details:not([open]) > :not(summary)")).length);
			assert.ok(stops <= most, `${path}: ${stops}`);
		}
		await p.context().close();
	}
});

test("a session is ended by name, with the password, without scripts too", async () => {
	for (const javaScriptEnabled of [true, false]) {
		const other = await visitor(browser), p = await visitor(browser, { javaScriptEnabled });
		await signIn(other, it);
		await signIn(p, it);
		await p.goto(`${it.url}/access/sessions`);
		const link = p.getByRole("link", { name: "End the session of admin from 127.0.0.1" });
		assert.ok(await link.count() >= 2);
		await link.first().click();
		await p.fill("#sessions-current", it.password);
		await p.click("button:has-text('End the session of admin')");
		await p.waitForURL(/done=session/);
		assert.match(await words("#done", p), /session has ended/);
		await other.context().close();
		await p.context().close();
	}
});

test("what is the same for everybody comes compressed", async () => {
	const encoding = await new Promise((resolve, reject) =>
	    get(`${it.url}/static/app.css`, { rejectUnauthorized: false,
		headers: { "Accept-Encoding": "gzip" } }, (r) => {
		r.resume();
		resolve(r.headers["content-encoding"]);
	}).on("error", reject));
	assert.equal(encoding, "gzip");
});

test("three files dropped at once find their fields", async () => {
	const files = ["issued-key.pem", "issued-cert.pem", "issued-intermediate.pem"];
	for (const where of ["#private_key", "#zone"]) {
		await page.goto(`${it.url}/smtp-routing/connection`);
		await settled(page, () => page.setInputFiles(where,
		    files.map((f) => it.sample(f))));
		for (const field of ["private_key", "server_certificate", "ca_certificate"]) {
			assert.match(await words(`#${field}-state`), /^new: /, where + field);
		}
		await press(page, "cancel");
	}
	/* The zone is a place to drop them, and within the keyboard's reach. */
	await settled(page, () => page.evaluate((texts) => {
		const d = new DataTransfer();
		texts.forEach((t, i) => d.items.add(new File([t], `${i}.pem`)));
		document.querySelector(".zone strong").dispatchEvent(new DragEvent(
		    "drop", { dataTransfer: d, bubbles: true, cancelable: true }));
	}, files.map((f) => readFileSync(it.sample(f), "utf8"))));
	assert.match(await words("#private_key-state"), /^new: /);
	await page.focus("#zone");
	assert.equal(await page.evaluate(() => document.activeElement.id), "zone");
	await settled(page, () => page.setInputFiles("#zone", { name: "notes.txt",
		mimeType: "text/plain", buffer: Buffer.from("nothing of it\n") }));
	assert.match(await words("#at-server_certificate"), /Neither a key nor a certificate/);
	await press(page, "cancel");
});

const clientsCa = (name) => execFileSync("openssl", ["req", "-x509", "-newkey", "ec", "-pkeyopt",
    "ec_paramgen_curve:P-256", "-noenc", "-days", "60", "-subj", `/CN=${name}`,
    "-keyout", "/dev/null"], { stdio: ["ignore", "pipe", "ignore"] });

test("CAs of clients' certificates wait for Save like other files", async () => {
	const pem = clientsCa("Our clients"), state = () => words("#client_ca-state");
	const choose = (name, buffer) => settled(page, () => page.setInputFiles("#client_ca",
	    { name, mimeType: "application/x-pem-file", buffer }));
	await page.check("#ccert-ask");
	await save(page);
	assert.match(await state(), /none/);
	await choose("notes.pem", Buffer.from("no certificate\n"));
	assert.match(await words("#at-client_ca .finding"), /./);
	await choose("clients.pem", pem);
	assert.equal(await state(), "new: clients.pem");
	assert.match(await words("#count"), /^1 /);
	assert.match(await words("#named"), /CAs of clients/);
	await upload(page, "private_key", it.sample("issued-key.pem"));
	assert.match(await words("#count"), /^2 /);
	await page.fill("#smtp_port", "2526");
	assert.match(await words("#count"), /^3 changes/, "counted by the script");
	await page.fill("#smtp_port", await page.getAttribute("#smtp_port", "value"));
	await press(page, "remove:private_key");
	assert.match(await words("#count"), /^1 /);
	const before = await page.inputValue("#idle_timeout");
	await page.fill("#idle_timeout", "soon");
	await press(page, "save");
	assert.equal(await page.locator("#errors").count(), 1);
	assert.equal(await state(), "new: clients.pem");
	await page.fill("#idle_timeout", before);
	await save(page);
	assert.equal(await page.locator("#errors, #outcome.error").count(), 0);
	assert.match(await state(), /Our clients, until/);
	assert.doesNotMatch(await words("#count"), /^1 /);
	const file = execFileSync("postconf", ["-hc", it.postfix_config,
		"smtpd_tls_CAfile"], { encoding: "utf8" }).trim();
	assert.match(file, /client_ca\.pem$/);
	assert.match(readFileSync(file, "utf8"), new RegExp(pem.toString().split("\n")[2]
	    .replace(/[+]/g, "\\+")));
	await choose("others.pem", pem);
	await press(page, "remove:client_ca");
	assert.match(await state(), /Our clients, until/);
	await choose("others.pem", pem);
	await press(page, "cancel");
	assert.match(await state(), /Our clients, until/);
});

/* A pair for a name: [file name, PEM] of each. */
const pair = (name) => {
	const both = execFileSync("openssl", ["req", "-x509", "-newkey", "ec",
		"-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-days", "60",
		"-subj", `/CN=${name}`, "-addext", `subjectAltName=DNS:${name}`,
		"-keyout", "-"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
	const at = both.indexOf("-----BEGIN CERT");
	return [[`${name}.key`, both.slice(0, at)], [`${name}.pem`, both.slice(at)]];
};

test("files of several certificates are dropped at once, sorted, shown, and saved", async () => {
	const p = await visitor(browser);
	const sorted = async () => words("#upload-title + form", p);
	await signIn(p, it);
	await p.goto(`${it.url}/smtp-routing/certificates`);
	await p.evaluate((files) => {
		const d = new DataTransfer();
		for (const [name, text] of files) { d.items.add(new File([text], name)); }
		document.querySelector("#at-files .help").dispatchEvent(new DragEvent(
		    "drop", { dataTransfer: d, bubbles: true, cancelable: true }));
	}, [...pair("b.example.net"), ...pair("a.example.net"), ["notes.txt", "no key\n"]]);
	await p.waitForSelector("#sorted");
	assert.match(await words("#sorted", p), /2 certificates from 5 files/);
	assert.match(await sorted(), /New: a\.example\.net ECDSA P-256/);
	assert.match(await sorted(), /Not used notes\.txt/);
	assert.doesNotMatch(await words("table", p).catch(() => ""), /a\.example/);
	await p.setInputFiles("#files", pair("c.example.net").map(([name, text]) =>
	    ({ name, mimeType: "text/plain", buffer: Buffer.from(text) })));
	await p.waitForFunction(() => /3 certificates/.test(document
	    .querySelector("#sorted")?.textContent));
	await p.click("button[aria-label='Remove: notes.txt']");
	await p.waitForFunction(() => !/notes/.test(document.body.textContent));
	await p.click("[value=save]");
	await p.waitForURL(/connection/);
	await p.waitForSelector("#outcome, #errors");
	await p.goto(`${it.url}/smtp-routing/certificates`);
	for (const name of ["a", "b", "c"]) {
		assert.match(await words("table", p), new RegExp(`${name}\\.example\\.net`));
	}
	assert.equal(await p.locator("#sorted").count(), 0);
	await p.context().close();
});

test("a session that ended is told at log-in", async () => {
	const p = await visitor(browser);
	await signIn(p, it);
	await p.goto(`${it.url}/access`);
	await p.context().addCookies((await p.context().cookies()).map((c) =>
	    c.name === "__Host-postseal" ? { ...c, value: c.value.replace(/^./,
		(x) => x === "0" ? "1" : "0") } : c));
	await p.goto(`${it.url}/smtp-routing/history`);
	await p.waitForSelector("#ended");
	assert.match(await words("#ended", p), /Your session has ended/);
	await p.fill("#user", it.user);
	await p.fill("#password", it.password);
	await p.click("main form button");
	await p.waitForURL(/history/);
	await p.click(".session button");
	await p.waitForURL(/login/);
	assert.equal(await p.locator("#ended").count(), 0);
	await p.context().close();
});

test("without scripts", async () => {
	const p = await visitor(browser, { javaScriptEnabled: false });
	await signIn(p, it);
	await p.click("#at-next_hop summary");
	await p.fill("#next_hop", `[127.0.0.1]:${it.smtp.split(":")[1]}`);
	await p.click("button[value=test]");
	assert.match(await words("#hop-seen", p), /127\.0\.0\.1/);
	assert.equal(await p.inputValue("#next_hop"), `[127.0.0.1]:${it.smtp.split(":")[1]}`);
	await unfold(p);
	const pem = clientsCa("Later clients");
	await p.setInputFiles("#client_ca", { name: "later.pem", mimeType: "text/plain", buffer: pem });
	await p.click("button[value='upload:client_ca']");
	assert.equal(await words("#client_ca-state", p), "new: later.pem");
	await p.click("button[value=save]");
	await p.waitForSelector("#outcome");
	await unfold(p);
	assert.match(await words("#client_ca-state", p), /Later clients, until/);
	await p.context().close();
});
