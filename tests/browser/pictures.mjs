/* pictures.mjs - the pictures of the documents, from a run of its own:
 * node tests/browser/pictures.mjs
 * docs/img/connection.png is the README's; docs/img/report-SET-LANG.png show
 * what the console says of a good set, of one with a gap in its chain, and of
 * one that it refuses; docs/img/interface-LANG.png are the two sections above
 * TLS; docs/img/welcome-en.png is first sight.  At the end it tells how long the first paint of each page took. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync }
	from "node:fs";
import { join } from "node:path";
import { check, launch, press, save, signIn, startInstance, TOP, upload,
	visitor } from "./instance.mjs";

/* A chain as a gateway of today has it: 90 days, an intermediate, a root. */
function issue(dir) {
	const run = (...args) => execFileSync("openssl", args,
	    { cwd: dir, stdio: "pipe" });
	const request = (name, cn) => run("req", "-newkey", "ec", "-pkeyopt",
	    "ec_paramgen_curve:P-256", "-nodes", "-keyout", `${name}.key`,
	    "-out", `${name}.csr`, "-subj", cn);
	const sign = (name, by, days, ext) => {
		execFileSync("sh", ["-c", `printf '${ext}' > ext`], { cwd: dir });
		run("x509", "-req", "-in", `${name}.csr`, "-CA", `${by}.pem`,
		    "-CAkey", `${by}.key`, "-CAcreateserial", "-days", String(days),
		    "-extfile", "ext", "-out", `${name}.pem`);
	};
	const ca = "basicConstraints=critical,CA:TRUE\\nkeyUsage=critical,keyCertSign";
	run("req", "-x509", "-newkey", "ec", "-pkeyopt",
	    "ec_paramgen_curve:P-256", "-nodes", "-keyout", "root.key", "-out",
	    "root.pem", "-days", "3650", "-subj", "/O=Example Trust/CN=Example Root");
	request("ca", "/O=Example Trust/CN=Example Mail CA 1");
	sign("ca", "root", 1800, ca);
	execFileSync("sh", ["-c", "cat ca.pem root.pem > chain.pem"], { cwd: dir });
	request("mx", "/CN=mx.example.test");
	sign("mx", "ca", 90, "basicConstraints=CA:FALSE\\n" +
	    "keyUsage=critical,digitalSignature\\nextendedKeyUsage=serverAuth\\n" +
	    "subjectAltName=DNS:mx.example.test,DNS:smtp.example.test\\n" +
	    "authorityInfoAccess=caIssuers;URI:http://ca.example.test/mail1.der");
	request("old", "/CN=mx.example.test");
	const chain = readFileSync(join(dir, "chain.pem"), "utf8");
	writeFileSync(join(dir, "half.pem"), chain.slice(0, chain.length / 3));
}

const IMG = join(TOP, "docs/img");

/* A picture of the whole page has no bottom edge for the bar to stay at. */
const unstick = (page) => page.evaluate(() => {
	const sheet = new CSSStyleSheet();
	sheet.replaceSync(".save { position: static !important; }");
	document.adoptedStyleSheets = [sheet];
	document.activeElement.blur();
	window.scrollTo(0, 0);
});

/* The certificate's files, in the order in which they are chosen. */
const sets = {
	good: { private_key: "mx.key", server_certificate: "mx.pem",
		ca_certificate: "chain.pem" },
	gap: { private_key: "mx.key", server_certificate: "mx.pem" },
	refused: { private_key: "old.key", server_certificate: "mx.pem",
		ca_certificate: "half.pem" }
};

/* A visitor for each: what waits to be saved belongs to a session. */
async function report(browser, it, dir, name, locale) {
	const page = await visitor(browser, { locale,
		viewport: { width: 900, height: 900 } });
	await signIn(page, it);
	for (const [field, file] of Object.entries(sets[name])) {
		await upload(page, field, join(dir, file));
	}
	await unstick(page);
	const boxes = [];
	for (const field of Object.keys(sets.good)) {
		boxes.push(await page.locator(`#at-${field}`).boundingBox());
	}
	const top = Math.min(...boxes.map((b) => b.y)) - 12;
	const end = Math.max(...boxes.map((b) => b.y + b.height)) + 12;
	await page.screenshot({ fullPage: true, clip: { x: 0, y: top, width: 900,
		height: end - top },
		path: join(IMG, `report-${name}-${locale.slice(0, 2)}.png`) });
	await page.context().close();
}

/* SMTP Interface and Connection Control, filled in. */
async function sections(browser, it, locale) {
	const page = await visitor(browser, { locale,
		viewport: { width: 900, height: 900 } });
	await signIn(page, it);
	await page.check("#listen-all");
	await page.fill("#idle_timeout", "5");
	await page.fill("#max_connections", "200");
	await page.check("#access_policy-accept_except");
	await page.fill("#access_list", "192.0.2.7\n198.51.100.0/24\n2001:db8:bad::/48\n");
	await press(page, "probe");
	await unstick(page);
	const first = await page.locator("#interface").boundingBox();
	const last = await page.locator("#control").boundingBox();
	await page.screenshot({ fullPage: true, clip: { x: 0, y: first.y - 12,
		width: 900, height: last.y + last.height - first.y + 24 },
		path: join(IMG, `interface-${locale.slice(0, 2)}.png`) });
	await page.context().close();
}

/* A Postfix that has TLS already, before anything was saved here. */
async function firstSight(browser, it) {
	const file = join(it.postfix_config, "main.cf"), chain = join(it.state, "own.pem");
	const former = readFileSync(file, "utf8");
	const reload = () => execFileSync("postfix",
	    ["-c", it.postfix_config, "reload"], { stdio: "ignore" });
	writeFileSync(chain, ["issued-key.pem", "issued-cert.pem",
		"issued-intermediate.pem"].map((f) => readFileSync(it.sample(f), "utf8")).join(""));
	writeFileSync(file, `${former}\nsmtpd_tls_chain_files = ${chain}\n` +
	    "smtpd_tls_security_level = may\nsmtp_tls_security_level = may\n");
	reload();
	const page = await visitor(browser, { folded: true,
		viewport: { width: 1280, height: 800 } });
	await signIn(page, it);
	await press(page, "probe");
	await page.goto(it.url + "/smtp-routing/connection");
	await page.screenshot({ path: join(IMG, "welcome-en.png") });
	await page.context().close();
	writeFileSync(file, former);
	reload();
}

/* From the click to the first pixels, the middle of 15 and the worst. */
async function firstPaint(page, it) {
	for (const path of ["/smtp-routing/connection", "/smtp-routing/history",
	    "/smtp-routing/keys", "/access", "/audit", "/guide"]) {
		const ms = [];
		for (let i = 0; i < 15; i++) {
			await page.goto(it.url + path);
			ms.push(await page.evaluate(() => new Promise((done) => {
				new PerformanceObserver((l) => done(l.getEntries()[0].startTime))
				    .observe({ type: "paint", buffered: true });
			})));
		}
		ms.sort((a, b) => a - b);
		console.log(`first paint ${path}: ${ms[7].toFixed(0)} ms, ` +
		    `at worst ${ms[14].toFixed(0)} ms`);
	}
}

const dir = mkdtempSync("/tmp/postseal-pictures-");
const it = await startInstance();
const browser = await launch();
try {
	issue(dir);
	mkdirSync(IMG, { recursive: true });
	await firstSight(browser, it);
	for (const name of Object.keys(sets)) {
		await report(browser, it, dir, name, "en-US");
		await report(browser, it, dir, name, "ja-JP");
	}
	await sections(browser, it, "en-US");
	await sections(browser, it, "ja-JP");
	/* A gateway that sends its mail itself, as most do. */
	const file = join(it.postfix_config, "main.cf");
	writeFileSync(file, readFileSync(file, "utf8").replace(/^relayhost.*$/m,
		"relayhost ="));
	const page = await visitor(browser, { folded: true,
		viewport: { width: 1280, height: 800 } });
	await signIn(page, it);
	await upload(page, "ca_certificate", join(dir, "chain.pem"));
	await upload(page, "private_key", join(dir, "mx.key"));
	await upload(page, "server_certificate", join(dir, "mx.pem"));
	await check(page, "inbound_enabled", true);
	await check(page, "outbound_enabled", true);
	await save(page);
	await page.goto(it.url + "/smtp-routing/connection");
	await page.screenshot({ path: join(IMG, "connection.png") });
	await firstPaint(page, it);
} finally {
	await browser.close();
	await it.stop(false);
	rmSync(dir, { recursive: true, force: true });
}
