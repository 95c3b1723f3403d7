/* looks.test.mjs - every page in every state, as the unit tests render it:
 * valid HTML, axe-core without findings, no sideways scrolling, under 60 KiB,
 * nothing that the Content-Security-Policy stops; photographed in ja and en,
 * wide and narrow, light and dark. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { HtmlValidate } from "html-validate";
import { launch, visitor } from "./instance.mjs";
import { CSP, holdStill, renderPages } from "./pages.mjs";

const PICTURES = process.env.PICTURES || "";
const axe = readFileSync(createRequire(import.meta.url)
    .resolve("axe-core/axe.min.js"), "utf8");
const sizes = [[1280, 900], [360, 740]];
const schemes = ["light", "dark"];
let pages, browser, names, html, file, serve, open;

before(async () => {
	pages = renderPages();
	({ names, html, file, serve, open } = pages);
	if (PICTURES) {
		mkdirSync(PICTURES, { recursive: true });
	}
	browser = await launch();
});

after(async () => {
	await browser?.close();
	pages?.remove();
});

test("the pages are there", () => {
	assert.ok(names.length >= 70, names.join(" "));
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
	/* Buttons of one form share a name, each with its value; sets of files
	 * and what they are for come in pairs. */
	const wrong = (m) => m.ruleId !== "form-dup-name" ||
	    !/"(do|lang|set|place)"/.test(m.message);
	for (const name of names) {
		const report = await checker.validateString(html(name), name);
		assert.deepEqual(report.results.flatMap((r) => r.messages.filter(wrong).map(
		    (m) => `${name}:${m.line}: ${m.ruleId}: ${m.message}`)), []);
	}
});

test("what would be served cut short is not served", () => {
	const from = mkdtempSync("/tmp/postseal-lean-"), to = `${from}.to`;
	const lean = (text) => {
		writeFileSync(join(from, "a.css"), "/* c */\n");
		writeFileSync(join(from, "a.js"), text);
		const { status } = spawnSync("../../deploy/lean", [from, to]);
		return status === 0 ? readFileSync(join(to, "a.js"), "utf8") : status;
	};
	assert.equal(lean("/* a */\n/* b\n * c */\nvar a = 1;\nb();\n"), "var a=1;b();");
	for (const comment of ["/* a */ x();", "/* a\n * b */ x();", "/* a */ "]) {
		assert.equal(lean(`${comment}\ny();\n`), 1);
	}
	for (const dir of [from, to]) {
		rmSync(dir, { recursive: true });
	}
});

test("a page is small", (t) => {
	let largest = [0];
	for (const name of names) {
		const page = html(name);
		const files = [...page.matchAll(/ (?:src|href)="(\/static\/[^"]+)"/g)];
		const all = files.reduce((sum, f) => sum +
		    statSync(file(f[1])).size, Buffer.byteLength(page));
		assert.ok(files.length >= 3, name);
		assert.ok(all < 60 * 1024, `${name}: ${all} bytes`);
		largest = all > largest[0] ? [all, name] : largest;
	}
	t.diagnostic(`largest: ${largest.join(" bytes, ")}`);
});

test("axe-core finds nothing, nothing scrolls sideways", async (t) => {
	let looked = 0;

	for (const scheme of schemes) {
		for (const [width, height] of sizes) {
			const page = await visitor(browser, {
				colorScheme: scheme, viewport: { width, height },
				folded: width === 1280,
				bypassCSP: false
			});
			await serve(page);
			await holdStill(page);
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
	for (const name of ["draft-ja", "interface-en", "history-ja", "access-en",
	    "scanners-ja", "guide-en"]) {
		await open(page, name);
		await page.evaluate(() => {
			const sheet = new CSSStyleSheet();
			sheet.replaceSync("html { font-size: 200%; }");
			document.adoptedStyleSheets = [sheet];
		});
		assert.ok(await page.evaluate(() =>
		    document.documentElement.scrollWidth <= innerWidth), name);
	}
	await page.context().close();
});

test("nothing turns for who asked for less motion", async () => {
	const turning = async (reducedMotion) => {
		const page = await visitor(browser, { reducedMotion });
		await serve(page);
		await holdStill(page);
		await open(page, "running-en");
		const name = await page.evaluate(() => getComputedStyle(
		    document.querySelector(".steps .running"), "::before").animationName);
		await page.context().close();
		return name;
	};
	assert.equal(await turning("no-preference"), "turn");
	assert.equal(await turning("reduce"), "none");
});

test("printed, the facts are there and the controls are not", async () => {
	const page = await visitor(browser, { folded: true,
		viewport: { width: 720, height: 1000 } });
	await serve(page);
	await open(page, "force-en");
	await page.emulateMedia({ media: "print" });
	for (const shown of ["#state", ".chain", "#tls_only", "#access_list"]) {
		assert.ok(await page.isVisible(shown), shown);
	}
	for (const hidden of [".side", ".languages", ".session", ".actions",
	    ".file-controls", ".guide", ".paste"]) {
		assert.equal(await page.locator(hidden).filter({ visible: true }).count(),
		    0, hidden);
	}
	assert.ok(await page.evaluate(() =>
	    document.documentElement.scrollWidth <= innerWidth));
	if (PICTURES) {
		await page.screenshot({ fullPage: true,
			path: join(PICTURES, "print.png") });
	}
	await page.context().close();
});
