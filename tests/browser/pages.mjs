/* pages.mjs - every page in every state, as the unit tests render it, and a
 * browser page that is served with them: nothing else is needed. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { TOP } from "./instance.mjs";

const B = process.env.B || "build";
const types = { css: "text/css", js: "text/javascript", svg: "image/svg+xml" };
const tests = ["test_page", "test_page_auth", "test_page_history",
	"test_page_keys", "test_page_certificates", "test_page_more",
	"test_page_access", "test_page_buttons", "test_conflicts"];
/* As the frame sends it: cgi/http/reply.c. */
export const CSP = /Content-Security-Policy: ((?:[^"\\]|"\s*")*)/
    .exec(readFileSync(join(TOP, "cgi/http/reply.c"), "utf8"))[1]
    .replace(/"\s*"/g, "");

/* {names, html(name), file(path) of /static/ as it is served, serve(page), open(page, name), remove()} */
export function renderPages() {
	const dir = mkdtempSync("/tmp/postseal-pages-");
	const lean = mkdtempSync("/tmp/postseal-static-");
	execFileSync(join(TOP, "deploy/lean"), [join(TOP, "static"), lean]);
	for (const t of tests) {
		execFileSync("make", ["-s", `B=${B}`, `${B}/unit/cgi/${t}`],
		    { cwd: TOP, stdio: "pipe" });
		execFileSync(join(B.startsWith("/") ? "" : TOP, B, "unit/cgi", t), {
			cwd: TOP, stdio: "pipe",
			env: { ...process.env, POSTSEAL_PAGES: dir }
		});
	}
	const file = (path) => join(lean, path.replace("/static/", ""));
	const html = (name) => readFileSync(join(dir, `${name}.html`), "utf8");
	return {
		names: readdirSync(dir).map((f) => f.replace(".html", "")),
		html,
		file,
		/* For as long as the page lives: a request may come late. */
		serve: (page) => page.route("https://postseal.test/**", (route) => {
			const path = new URL(route.request().url()).pathname;
			if (path.startsWith("/static/")) {
				return route.fulfill({
					body: readFileSync(file(path)),
					contentType: types[path.split(".").pop()]
				});
			}
			if (path === `/${page.showing}`) {
				return route.fulfill({ body: html(page.showing),
					contentType: "text/html; charset=utf-8",
					headers: { "Content-Security-Policy": CSP } });
			}
			return route.fulfill({ status: 503, body: "" });
		}),
		async open(page, name) {
			page.showing = name;
			await page.goto(`https://postseal.test/${name}`);
		},
		remove() {
			rmSync(dir, { recursive: true, force: true });
			rmSync(lean, { recursive: true, force: true });
		}
	};
}

/* The page of a running Save loads itself again after a second, which may be
 * while it is looked at. */
export const holdStill = (page) => page.addInitScript(() => {
	const real = window.setTimeout;
	window.setTimeout = (f, ms, ...rest) =>
	    ms === 1000 ? 0 : real(f, ms, ...rest);
});
