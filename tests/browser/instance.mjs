/* instance.mjs - a Postseal of its own for each test file, and a browser.
 *
 * deploy/run is started with free ports and a STATE below /tmp, and is ended
 * with SIGTERM; when a test failed, STATE is kept and named. */
import { execFile, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, existsSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

export const TOP = join(dirname(fileURLToPath(import.meta.url)), "../..");
const CHROMIUM = process.env.CHROMIUM || "/usr/bin/chromium";
const PATH_CONNECTION = "/smtp-routing/connection";

export function freePort() {
	return new Promise((resolve, reject) => {
		const s = createServer();
		s.on("error", reject);
		s.listen(0, "127.0.0.1", () => {
			const { port } = s.address();
			s.close(() => resolve(port));
		});
	});
}

/* node's test(), remembering whether one failed: then STATE is kept. */
export function steps() {
	const step = (name, fn) => test(name, async (t) => {
		try {
			await fn(t);
		} catch (e) {
			step.failed = true;
			throw e;
		}
	});
	step.failed = false;
	return step;
}

export const sleep = (ms) => new Promise((r) => setTimeout(r, ms));

/* What good() says, once that is something; at most ms. */
export async function waitFor(good, ms, what) {
	const end = Date.now() + ms;
	let got;
	while (!(got = await good())) {
		if (Date.now() > end) {
			throw new Error(`not within ${ms} ms: ${what}`);
		}
		await sleep(50);
	}
	return got;
}

/* named: its address is https://localhost:PORT, and it knows it. */
export async function startInstance({ named } = {}) {
	const state = mkdtempSync("/tmp/postseal-browser-");
	const env = { ...process.env, STATE: join(state, "run"),
		SKIP_INSTALL: "1", SKIP_BUILD: "1",
		HTTPS_PORT: String(await freePort()),
		SMTP_PORT: String(await freePort()) };
	if (named) {
		env.CONF_MORE = join(state, "more.conf");
		writeFileSync(env.CONF_MORE,
		    `[web]\norigin = https://localhost:${env.HTTPS_PORT}\n`);
	}
	const child = spawn(join(TOP, "deploy/run"), {
		cwd: TOP, env, stdio: ["ignore", "pipe", "pipe"]
	});
	let output = "", ended = null;
	child.stdout.on("data", (d) => { output += d; });
	child.stderr.on("data", (d) => { output += d; });
	const exit = new Promise((r) => child.on("exit", (code) => {
		ended = code;
		r(code);
	}));
	const file = join(env.STATE, "access.json");
	await waitFor(() => existsSync(file) || ended !== null, 60000,
	    "deploy/run").catch(() => null);
	if (!existsSync(file)) {
		child.kill("SIGTERM");
		throw new Error(`deploy/run did not start (${ended}): ${output}`);
	}
	const access = JSON.parse(readFileSync(file, "utf8"));
	return {
		...access,
		url: named ? `https://localhost:${env.HTTPS_PORT}` : access.url,
		state: env.STATE,
		sample: (name) => join(access.samples, name),
		async stop(keep) {
			child.kill("SIGTERM");
			await exit;
			if (keep) {
				console.error(`kept: ${state}`);
			} else {
				rmSync(state, { recursive: true, force: true });
			}
		}
	};
}

export function launch() {
	return chromium.launch({
		executablePath: CHROMIUM,
		args: ["--headless", "--no-sandbox", "--disable-gpu",
			"--disable-quic", "--no-first-run",
			"--disable-background-networking",
			"--disable-component-update", "--disable-sync"]
	});
}

/* A page of a fresh visitor.  Console errors and page errors are collected:
 * a page that breaks its own policy shows up there.  With JavaScript the
 * sections of the screen stand open, unless folded is asked for. */
export async function visitor(browser, { folded, ...options } = {}) {
	const context = await browser.newContext({
		ignoreHTTPSErrors: true, locale: "en-US", timezoneId: "Asia/Tokyo",
		viewport: { width: 1280, height: 900 }, ...options
	});
	const page = await context.newPage();
	if (!folded) {
		await page.addInitScript(() => addEventListener("DOMContentLoaded",
		    () => document.querySelectorAll("details.section")
			.forEach((d) => { d.open = true; })));
	}
	page.trouble = [];
	page.on("pageerror", (e) => page.trouble.push(e.message));
	page.on("console", (m) => {
		if (m.type() === "error" && !/status of (401|422|409|412|503)/.test(m.text())) {
			page.trouble.push(m.text());
		}
	});
	page.setDefaultTimeout(15000);
	return page;
}

/* By hand, as somebody without JavaScript does. */
export async function unfold(page) {
	const closed = page.locator("details.section:not([open]) > summary");
	while (await closed.count() > 0) {
		await closed.first().click();
	}
}

export async function signIn(page, it) {
	await page.goto(it.url + PATH_CONNECTION);
	await page.fill("#user", it.user);
	await page.fill("#password", it.password);
	await page.click("main form button");
	await page.waitForSelector("#connection");
	await unfold(page);
}

/* Browse and Upload, as the procedure has it.  With JavaScript choosing the
 * file uploads it; without, the button does. */
export async function upload(page, field, file, js = true) {
	if (js) {
		await settled(page, () => page.setInputFiles(`#${field}`, file));
	} else {
		await unfold(page);
		await page.setInputFiles(`#${field}`, file);
		await page.click(`button[value="upload:${field}"]`);
	}
	await page.waitForSelector(`#at-${field} .contents, #at-${field} .finding.error`);
}

/* Do something that replaces <main>, and wait for the new one. */
export async function settled(page, act) {
	await page.evaluate(() => {
		document.getElementById("main").dataset.old = "1";
	});
	await act();
	await page.waitForFunction(() => {
		const m = document.getElementById("main");
		return m && !m.dataset.old;
	});
}

export async function press(page, value) {
	await settled(page, () => page.click(`button[value="${value}"]`));
}

export async function save(page) {
	await press(page, "save");
	await page.waitForSelector("#outcome, #errors");
}

export function check(page, id, on) {
	return page.setChecked(`#${id}`, on);
}

export function sha256Of(pem) {
	return execFileSync("openssl", ["x509", "-noout", "-fingerprint",
		"-sha256", "-in", pem], { encoding: "utf8" })
	    .trim().split("=")[1].replaceAll(":", "").toLowerCase();
}

/* What `openssl s_client -starttls smtp` sees: {sha256, output, status}. */
export function starttls(smtp, args = []) {
	return new Promise((resolve) => {
		const child = execFile("openssl", ["s_client", "-starttls", "smtp",
			"-connect", smtp, "-showcerts", ...args],
		    { timeout: 15000 }, (error, stdout, stderr) => {
			const pem = /-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----/
			    .exec(stdout);
			const sha256 = pem ? execFileSync("openssl", ["x509",
				"-noout", "-fingerprint", "-sha256"],
			    { input: pem[0], encoding: "utf8" }).trim()
			    .split("=")[1].replaceAll(":", "").toLowerCase() : null;
			resolve({ sha256, status: error ? error.code : 0,
				output: stdout + stderr });
		});
		child.stdin.end("QUIT\r\n");
	});
}

/* An SMTP dialogue in plaintext; the last reply line of each command. */
export async function plainDialogue(smtp, commands) {
	const [host, port] = smtp.split(":");
	const { connect } = await import("node:net");
	const replies = [];
	const s = connect(Number(port), host);
	let buffer = "", wake;
	s.on("data", (d) => { buffer += d; wake?.(); });
	s.on("error", () => wake?.());
	const line = async () => {
		for (;;) {
			const m = /^\d{3} [^\n]*\n/m.exec(buffer);
			if (m) {
				buffer = buffer.slice(m.index + m[0].length);
				return m[0].trim();
			}
			await new Promise((r) => { wake = r; setTimeout(r, 10000); });
		}
	};
	replies.push(await line());
	for (const c of commands) {
		s.write(c + "\r\n");
		replies.push(await line());
	}
	s.end();
	return replies;
}
