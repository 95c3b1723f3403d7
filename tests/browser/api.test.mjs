/* api.test.mjs - what the API answers is what its description says: every
 * call of openapi.json that a lone host can answer, by a client that checks
 * each answer against the description it has fetched. */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { request } from "node:https";
import { after, before } from "node:test";
import Ajv from "ajv/dist/2020.js";
import { startInstance, steps, waitFor } from "./instance.mjs";

const step = steps();
let it, description, ajv;
const called = new Set();

function http(method, path, { json, form, text, headers = {} } = {}) {
	let body = text && Buffer.from(text);
	headers = headers.Cookie ? { ...headers }
		: { Authorization: `Bearer ${it.token}`, ...headers };
	if (json !== undefined) {
		body = Buffer.from(JSON.stringify(json));
		headers["Content-Type"] = "application/json";
	} else if (form) {
		const edge = "postseal-test-edge";
		body = Buffer.concat([...Object.entries(form).map(([name, value]) =>
			Buffer.from(`--${edge}\r\nContent-Disposition: form-data; ` +
				`name="${name}"${value.file ? '; filename="f.pem"' : ""}` +
				`\r\n\r\n${value.file || value}\r\n`)),
		Buffer.from(`--${edge}--\r\n`)]);
		headers["Content-Type"] = `multipart/form-data; boundary=${edge}`;
	}
	if (body) {
		headers["Content-Length"] = body.length;
	}
	return new Promise((resolve, reject) => {
		const req = request(it.url + path, { method, headers,
			ca: readFileSync(it.https_ca) }, (res) => {
			const got = [];
			res.on("data", (d) => got.push(d));
			res.on("end", () => resolve({ status: res.statusCode,
				type: (res.headers["content-type"] || "").split(";")[0],
				headers: res.headers,
				text: Buffer.concat(got).toString() }));
		});
		req.on("error", reject);
		req.end(body);
	});
}

function resolve(o) {
	return o.$ref ? o.$ref.slice(2).split("/")
		.reduce((at, part) => at[part], description) : o;
}

/* Call PATH of the description (with its {parameters} filled from args and
 * the query), and hold the answer against what is said there. */
async function call(method, template, args = {}, options = {}) {
	const op = description.paths[template][method];
	const path = template.replace(/\{(\w+)\}/g, (_, name) => args[name]) +
		(options.query || "");
	const res = await http(method.toUpperCase(), path, options);
	const said = resolve(op.responses[res.status] || op.responses.default);
	called.add(`${method} ${template}`);
	if (options.status) {
		assert.equal(res.status, options.status, res.text);
	}
	assert.ok(op.responses[res.status] || res.status >= 400,
		`${method} ${path}: ${res.status} is not described`);
	for (const name of Object.keys(said.headers || {})) {
		assert.ok(res.headers[name.toLowerCase()], `${path}: no ${name}`);
	}
	if (!said.content) {
		assert.equal(res.text, "");
		return res;
	}
	const schema = said.content[res.type];
	assert.ok(schema, `${method} ${path}: ${res.type} is not described`);
	if (!res.type.endsWith("json")) {
		return res;
	}
	res.body = JSON.parse(res.text);
	const valid = ajv.compile(absolute(schema.schema));
	assert.ok(valid(res.body), `${method} ${path}: ` +
		JSON.stringify(valid.errors) + "\n" + res.text.slice(0, 600));
	return res;
}

function absolute(o) {
	return JSON.parse(JSON.stringify(o).replaceAll('"#/', '"api#/'));
}

/* A request body of ours is one that the description allows. */
function allowed(template, json) {
	const schema = resolve(description.paths[template].post.requestBody)
		.content["application/json"].schema;
	const valid = ajv.compile(absolute(schema));
	assert.ok(valid(json), JSON.stringify(valid.errors));
	return json;
}

/* The headers of a session: no token changes who gets in. */
async function inPerson() {
	const cookies = (res) => res.headers["set-cookie"]
		.map((c) => c.split(";")[0]).filter((c) => !c.endsWith("="));
	const asked = await http("GET", "/login");
	const form = new URLSearchParams({ user: it.user, password: it.password,
		csrf: asked.text.match(/name="csrf" value="([0-9a-f]+)"/)[1] });
	const res = await http("POST", "/login", { text: form.toString(),
		headers: { Cookie: cookies(asked).join("; "),
			"Content-Type": "application/x-www-form-urlencoded" } });
	assert.equal(res.status, 303);
	const Cookie = cookies(res).find((c) => c.startsWith("__Host-postseal="));
	return { Cookie, "X-CSRF-Token": createHmac("sha256",
		Cookie.split("=")[1]).update("csrf").digest("hex") };
}

const file = (name) => ({ file: readFileSync(it.sample(name), "utf8") });

before(async () => {
	it = await startInstance();
	const res = await http("GET", "/api/v1/openapi.json");
	assert.equal(res.status, 200);
	description = JSON.parse(res.text);
	ajv = new Ajv({ strict: true, strictTypes: false, strictRequired: false,
		allErrors: true, validateFormats: false });
	ajv.addVocabulary(["openapi", "info", "servers", "security", "paths",
		"components"]);
	ajv.addSchema(description, "api");
}, { timeout: 120000 });

after(async () => {
	await it.stop(step.failed);
});

step("a host before its first Save", async () => {
	await call("get", "/api/v1/connection", {}, { status: 200 });
	await call("get", "/api/v1/status", {}, { status: 200 });
	await call("get", "/api/v1/generations", {}, { status: 200 });
	await call("get", "/api/v1/generations/{id}", { id: 1 }, { status: 404 });
	await call("get", "/healthz", {}, { status: 200 });
	await call("get", "/api/v1/scanners", {}, { status: 200 });
	await call("get", "/api/v1/scanners/{name}", { name: "mx9" });
	await call("delete", "/api/v1/scanners/{name}", { name: "mx9" });
	await call("post", "/api/v1/scanners", {},
		{ json: allowed("/api/v1/scanners", { do: "retry" }) });
});

step("files, a Save, a refusal", async () => {
	const files = { private_key: file("issued-key.pem"),
		server_certificate: file("issued-cert.pem"),
		ca_certificate: file("issued-intermediate.pem") };
	const json = (f) => Object.fromEntries(
		Object.entries(f).map(([k, v]) => [k, v.file]));
	const inspect = "/api/v1/certificates/inspect";
	await call("post", inspect, {}, { form: files, status: 200 });
	await call("post", inspect, {}, { status: 200,
		json: allowed(inspect, { certificate: json(files) }) });
	const connection = "/api/v1/connection";
	await call("post", connection, {}, { form: { ...files,
		inbound_enabled: "on" }, query: "?dry_run=true", status: 200 });
	const saved = await call("post", connection, {}, { status: 200,
		json: allowed(connection, { inbound: { enabled: true },
			certificate: json(files) }) });
	assert.equal(saved.body.result, "applied");
	await call("post", connection, {}, { status: 200,
		json: allowed(connection, { inbound: { enabled: true } }) });
	await call("post", connection, {}, { status: 422,
		form: { private_key: file("mismatch-key.pem") } });
	await call("post", connection, {}, { status: 400,
		form: { inbound_enabled: "maybe" } });
	await call("post", connection, {}, { status: 412,
		form: { outbound_enabled: "on" }, headers: { "If-Match": '"0-0"' } });
	const later = await call("post", connection, {}, { status: 202,
		form: { outbound_enabled: "on", apply: "reload" },
		headers: { Prefer: "respond-async" } });
	let job;
	await waitFor(async () => {
		job = await call("get", "/api/v1/jobs/{id}",
			{ id: later.body.job }, { status: 200 });
		return job.body.state !== "running";
	}, 15000, "the job ends");
	assert.equal(job.body.state, "applied");
	await call("get", "/api/v1/jobs/{id}", { id: "0".repeat(32) },
		{ status: 404 });
	await call("get", connection, {}, { status: 200 });
	await call("get", "/api/v1/status", {}, { status: 200 });
});

step("certificates by name, the next hop", async () => {
	const list = "/api/v1/certificates", one = `${list}/{name}`;
	const name = "mx.example.test";
	const files = { private_key: file("issued-key.pem"),
		server_certificate: file("issued-cert.pem"),
		ca_certificate: file("issued-intermediate.pem") };
	await call("get", list, {}, { status: 200 });
	await call("post", one, { name }, { status: 200, form: files });
	const known = await call("get", list, {}, { status: 200 });
	assert.ok(JSON.stringify(known.body).includes(`"name":"${name}"`));
	/* The default certificate has that name, too. */
	await call("post", list, {}, { status: 422, form: files });
	await call("post", one, { name: "no_name.." }, { status: 422,
		form: files });
	await call("delete", one, { name }, { status: 200 });
	await call("delete", one, { name }, { status: 404 });
	await call("post", list, {}, { status: 200, form: files,
		query: "?dry_run=true" });
	await call("post", "/api/v1/connection/test", {}, { status: 200,
		json: allowed("/api/v1/connection/test",
			{ next_hop: "[127.0.0.1]:1" }) });
	await call("post", "/api/v1/connection/test", {}, { status: 400,
		json: { next_hop: "a b" } });
});

step("history", async () => {
	await call("get", "/api/v1/generations", {},
		{ query: "?limit=1", status: 200 });
	await call("get", "/api/v1/generations/{id}", { id: 1 }, { status: 200 });
	await call("get", "/api/v1/generations/{id}/diff", { id: 1 },
		{ query: "?with=2", status: 200 });
	await call("post", "/api/v1/generations/{id}/restore", { id: 1 },
		{ status: 200, json: { apply: "reload" } });
	await call("post", "/api/v1/connection/restore", {}, { status: 200,
		query: "?dry_run=true" });
	await call("post", "/api/v1/connection/adopt", {},
		{ query: "?dry_run=true" });
	await call("get", "/api/v1/report/tls", {}, { status: 200, query: "?limit=3" });
	await call("get", "/api/v1/audit", {}, { status: 200, query: "?limit=3" });
	await call("get", "/metrics", {}, { status: 200 });
});

step("keys", async () => {
	const made = await call("post", "/api/v1/keys", {}, { status: 201,
		json: allowed("/api/v1/keys", { kind: "csr", algorithm: "p256",
			names: ["mx.example.test"], subject: { country: "JP" } }) });
	const { id } = made.body;
	await call("post", "/api/v1/keys", {}, { status: 400,
		json: { kind: "csr", names: ["no blanks"] } });
	await call("get", "/api/v1/keys", {}, { status: 200 });
	await call("get", "/api/v1/keys/{id}", { id }, { status: 200 });
	await call("get", "/api/v1/keys/{id}/csr", { id }, { status: 200 });
	await call("delete", "/api/v1/keys/{id}", { id }, { status: 204 });
});

step("users, tokens, sessions", async () => {
	const headers = await inPerson();
	await call("post", "/api/v1/proof", {}, { status: 204, headers,
		json: allowed("/api/v1/proof", { password: it.password }) });
	const challenge = "/api/v1/proof/challenge";
	await call("post", challenge, {}, { headers, json: allowed(challenge, {}) });
	const policy = "/api/v1/policy";
	await call("get", policy, {}, { status: 200 });
	await call("post", policy, {}, { status: 200, headers,
		json: allowed(policy, { second_factor_required: false }) });
	await call("post", policy, {}, { status: 400, headers,
		json: { second_factor_required: "perhaps" } });
	await call("post", "/api/v1/tokens", {}, { status: 403,
		json: { name: "hook", scope: "read" } });
	await call("post", "/api/v1/users", {}, { status: 201, headers,
		json: allowed("/api/v1/users", { name: "eve", role: "viewer" }) });
	await call("post", "/api/v1/users/{name}", { name: "eve" },
		{ status: 200, headers, json: allowed("/api/v1/users/{name}",
			{ role: "operator" }) });
	await call("get", "/api/v1/users", {}, { status: 200 });
	const made = await call("post", "/api/v1/tokens", {}, { status: 201, headers,
		json: allowed("/api/v1/tokens", { name: "hook",
			scope: "certificates", days: 30 }) });
	await call("get", "/api/v1/tokens", {}, { status: 200 });
	await call("delete", "/api/v1/tokens/{id}", { id: made.body.id },
		{ status: 204, headers });
	await call("get", "/api/v1/sessions", {}, { status: 200 });
	await call("delete", "/api/v1/sessions/{id}", { id: 999 },
		{ status: 404, headers });
	await call("delete", "/api/v1/users/{name}", { name: "eve" },
		{ status: 204, headers });
	await call("get", "/api/v1/openapi.json", {}, { status: 200 });
});

step("nothing of the description was left out", () => {
	const all = Object.entries(description.paths).flatMap(([path, item]) =>
		Object.keys(item).map((method) => `${method} ${path}`));
	assert.deepEqual(all.filter((one) => !called.has(one)), []);
});
