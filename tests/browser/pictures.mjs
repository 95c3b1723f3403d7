/* pictures.mjs - docs/img/connection.png for the README, from a run of its
 * own: node tests/browser/pictures.mjs */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { check, launch, save, signIn, startInstance, TOP, upload,
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
	    "subjectAltName=DNS:mx.example.test,DNS:smtp.example.test");
}

const dir = mkdtempSync("/tmp/postseal-pictures-");
const it = await startInstance();
const browser = await launch();
try {
	issue(dir);
	const page = await visitor(browser, { viewport: { width: 1200, height: 900 } });
	await signIn(page, it);
	await upload(page, "ca_certificate", join(dir, "chain.pem"));
	await upload(page, "private_key", join(dir, "mx.key"));
	await upload(page, "server_certificate", join(dir, "mx.pem"));
	await check(page, "inbound_enabled", true);
	await check(page, "outbound_enabled", true);
	await save(page);
	await page.evaluate(() => document.activeElement.blur());
	mkdirSync(join(TOP, "docs/img"), { recursive: true });
	await page.screenshot({ path: join(TOP, "docs/img/connection.png"),
		clip: { x: 0, y: 0, width: 1200, height: 1180 }, fullPage: true });
} finally {
	await browser.close();
	await it.stop(false);
	rmSync(dir, { recursive: true, force: true });
}
