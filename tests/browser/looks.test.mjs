/* looks.test.mjs - every page in every state, as the unit tests render it:
 * valid HTML, axe-core without findings, no sideways scrolling, under 60 KiB,
 * nothing that the Content-Security-Policy stops; photographed in ja and en,
 * wide and narrow, light and dark. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync,
	statSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { HtmlValidate } from "html-validate";
import { launch, TOP, visitor } from "./instance.mjs";

const B = process.env.B || "build";
const PICTURES = process.env.PICTURES || "";
const axe = readFileSync(createRequire(import.meta.url)
    .resolve("axe-core/axe.min.js"), "utf8");
const types = { css: "text/css", js: "text/javascript", svg: "image/svg+xml" };
/* As the frame sends it: cgi/reply.c. */
const CSP = /Content-Security-Policy: ((?:[^"\\]|"\s*")*)/
    .exec(readFileSync(join(TOP, "cgi/reply.c"), "utf8"))[1]
    .replace(/"\s*"/g, "");
const sizes = [[1280, 900], [360, 740]];
const schemes = ["light", "dark"];
let dir, browser, names;

before(async () => {
	dir = mkdtempSync("/tmp/postseal-pages-");
	for (const t of ["test_page", "test_page_auth", "test_page_history",
	    "test_page_keys"]) {
		execFileSync("make", ["-s", `B=${B}`, `${B}/unit/cgi/${t}`],
		    { cwd: TOP, stdio: "pipe" });
		execFileSync(join(B.startsWith("/") ? "" : TOP, B, "unit/cgi", t), {
			cwd: TOP, stdio: "pipe",
			env: { ...process.env, POSTSEAL_PAGES: dir }
		});
	}
	names = readdirSync(dir).map((f) => f.replace(".html", ""));
	if (PICTURES) {
		mkdirSync(PICTURES, { recursive: true });
	}
	browser = await launch();
});

after(async () => {
	await browser?.close();
	rmSync(dir, { recursive: true, force: true });
});

const html = (name) => readFileSync(join(dir, `${name}.html`), "utf8");

async function open(page, name) {
	page.showing = name;
	await page.goto(`https://postseal.test/${name}`);
}

/* For as long as the page lives: a request may come late. */
function serve(page) {
	return page.route("https://postseal.test/**", (route) => {
		const path = new URL(route.request().url()).pathname;
		const name = page.showing;
		if (path.startsWith("/static/")) {
			return route.fulfill({
				body: readFileSync(join(TOP, path)),
				contentType: types[path.split(".").pop()]
			});
		}
		if (path === `/${name}`) {
			return route.fulfill({ body: html(name),
				contentType: "text/html; charset=utf-8",
				headers: { "Content-Security-Policy": CSP } });
		}
		return route.fulfill({ status: 503, body: "" });
	});
}

test("the pages are there", () => {
	assert.ok(names.length >= 34, names.join(" "));
	assert.match(CSP, /default-src 'none'/);
	assert.doesNotMatch(CSP, /unsafe/);
});

test("HTML is valid", async () => {
	const checker = new HtmlValidate({
		extends: ["html-validate:recommended"],
		rules: {
			/* Style, not validity. */
			"void-style": ["error", { style: "omit" }],
			"no-trailing-whitespace": "off",
			"long-title": "off",
			/* A button of a form sends it: that is the default. */
			"no-implicit-button-type": "off",
			/* The page of a running Save has nothing to read or to fill in,
			 * and only browsers without JavaScript obey it. */
			"meta-refresh": "off",
			/* "Save" is not what aria-label would be better at. */
			"prefer-native-element": ["error", { exclude: ["region"] }]
		}
	});
	/* Buttons of one form share a name, each with its value. */
	const wrong = (m) => m.ruleId !== "form-dup-name" ||
	    !/"(do|lang)"/.test(m.message);
	for (const name of names) {
		const report = await checker.validateString(html(name), name);
		assert.deepEqual(report.results.flatMap((r) => r.messages.filter(wrong).map(
		    (m) => `${name}:${m.line}: ${m.ruleId}: ${m.message}`)), []);
	}
});

test("a page is small", () => {
	const fixed = ["app.css", "app.js", "icon.svg"].reduce((sum, f) =>
	    sum + statSync(join(TOP, "static", f)).size, 0);
	for (const name of names) {
		const all = fixed + Buffer.byteLength(html(name));
		assert.ok(all < 60 * 1024, `${name}: ${all} bytes`);
	}
});

test("axe-core finds nothing, nothing scrolls sideways", async (t) => {
	let looked = 0;

	for (const scheme of schemes) {
		for (const [width, height] of sizes) {
			const page = await visitor(browser, {
				colorScheme: scheme, viewport: { width, height },
				bypassCSP: false
			});
			await serve(page);
			/* The page of a running Save loads itself again after a second,
			 * which may be while it is looked at. */
			await page.addInitScript(() => {
				const real = window.setTimeout;
				window.setTimeout = (f, ms, ...rest) =>
				    ms === 1000 ? 0 : real(f, ms, ...rest);
			});
			/* All of them in the two outermost looks, every other in the
			 * two between: light and dark differ in colours only. */
			const both = (width === 1280) === (scheme === "light");
			for (const name of names) {
				if (!both && !PICTURES && name.endsWith("-ja")) {
					continue;
				}
				await open(page, name);
				await page.evaluate(axe);
				const found = await page.evaluate(() => axe.run(document, {
					runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa",
						"wcag22aa", "best-practice"]
				}).then((r) => r.violations.map((v) => v.id + ": " +
				    v.nodes.map((n) => n.html).slice(0, 3).join(" "))));
				looked++;
				const what = `${name} ${width} ${scheme}`;
				assert.deepEqual(found, [], what);
				assert.ok(await page.evaluate(() =>
				    document.documentElement.scrollWidth <= innerWidth),
				    `${what} scrolls sideways`);
				assert.deepEqual(page.trouble, [], what);
				if (PICTURES) {
					await page.screenshot({ fullPage: true,
						path: join(PICTURES, `${name}-${width}-${scheme}.png`) });
				}
			}
			await page.context().close();
		}
	}
	t.diagnostic(`${looked} pages looked at`);
});

test("text may be twice as large", async () => {
	const page = await visitor(browser, { viewport: { width: 640, height: 500 } });
	await serve(page);
	await open(page, "draft-ja");
	await page.evaluate(() => {
		const sheet = new CSSStyleSheet();
		sheet.replaceSync("html { font-size: 200%; }");
		document.adoptedStyleSheets = [sheet];
	});
	assert.ok(await page.evaluate(() =>
	    document.documentElement.scrollWidth <= innerWidth));
	await page.context().close();
});
