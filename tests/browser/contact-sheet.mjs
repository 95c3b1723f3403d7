/* contact-sheet.mjs - docs/img/contact-sheet.webp: each state of each page, in
 * English and Japanese, wide and narrow, and dark, as one picture of some
 * hundred KiB.  A word that wraps badly or stays in the other language shows.
 * node tests/browser/contact-sheet.mjs [picture] */
import { mkdtempSync, readFileSync, rmSync, statSync,
	writeFileSync } from "node:fs";
import { join } from "node:path";
import { launch, TOP, visitor } from "./instance.mjs";
import { holdStill, renderPages } from "./pages.mjs";

const out = process.argv[2] || join(TOP, "docs/img/contact-sheet.webp");
const WIDE = 190, NARROW = 64, HEIGHT = 230; /* of a thumbnail */
const looks = [];
for (const lang of ["en", "ja"]) {
	looks.push({ lang, scheme: "light", width: 1280, thumb: WIDE });
	looks.push({ lang, scheme: "light", width: 360, thumb: NARROW });
}
looks.push({ lang: "en", scheme: "dark", width: 1280, thumb: WIDE });

const dir = mkdtempSync("/tmp/postseal-sheet-");
const pages = renderPages();
const browser = await launch();
const states = [...new Set(pages.names.map((n) => n.replace(/-(en|ja)$/, "")))]
    .sort();
const shot = (state, look) =>
    `${state}-${look.lang}-${look.width}-${look.scheme}.png`;

/* Cut where the thumbnail ends: a page can be very long. */
async function photograph() {
	for (const look of looks) {
		const page = await visitor(browser, { colorScheme: look.scheme,
			viewport: { width: look.width,
				height: Math.round(HEIGHT * look.width / look.thumb) } });
		await pages.serve(page);
		await holdStill(page);
		for (const state of states) {
			if (pages.names.includes(`${state}-${look.lang}`)) {
				await pages.open(page, `${state}-${look.lang}`);
				await page.screenshot({ path: join(dir, shot(state, look)) });
			}
		}
		await page.context().close();
	}
}

const cell = (state, look) =>
    pages.names.includes(`${state}-${look.lang}`)
    ? `<img src="/shot/${shot(state, look)}" width="${look.thumb}" height="${HEIGHT}" alt="">`
    : `<i style="width:${look.thumb}px"></i>`;
const sheet = () => `<!DOCTYPE html><meta charset="utf-8"><style>
body { margin: 12px; font: 12px sans-serif; background: #dfe3e6; width: max-content; }
main { display: grid; grid-template-columns: auto auto; gap: 10px 24px; }
p { margin: 0 0 2px; font-weight: bold; }
div { display: flex; gap: 4px; }
i { background: #cfd5d9; height: ${HEIGHT}px; }
</style><main>${states.map((s) => `<section><p>${s}</p><div>${looks.map((l) =>
    cell(s, l)).join("")}</div></section>`).join("")}</main>`;

try {
	await photograph();
	const page = await browser.newPage({ viewport: { width: 1800, height: 900 } });
	await page.route("https://postseal.test/**", (route) => {
		const path = new URL(route.request().url()).pathname;
		return path.startsWith("/shot/")
		    ? route.fulfill({ contentType: "image/png",
			body: readFileSync(join(dir, path.slice(6))) })
		    : route.fulfill({ contentType: "text/html", body: sheet() });
	});
	await page.goto("https://postseal.test/");
	const cdp = await page.context().newCDPSession(page);
	const { width, height } = await page.locator("body").boundingBox();
	const { data } = await cdp.send("Page.captureScreenshot", { format: "webp",
		quality: 50, captureBeyondViewport: true,
		clip: { x: 0, y: 0, width, height, scale: 1 } });
	writeFileSync(out, Buffer.from(data, "base64"));
	console.log(`${out}: ${states.length} states, ${looks.length} looks each, ` +
	    `${Math.round(statSync(out).size / 1024)} KiB`);
} finally {
	await browser.close();
	pages.remove();
	rmSync(dir, { recursive: true, force: true });
}
