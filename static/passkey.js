/* Passkeys: asks the authenticator, and sends what it says as a form does or,
 * for a step-up, to the API.  Without this file there are codes. */
(function () {
"use strict";

var doc = document;
if (!window.PublicKeyCredential) { return; }

function $(sel, from) { return (from || doc).querySelector(sel); }
function bytes(s) {
	return Uint8Array.from(atob(s.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
}
function text(b) {
	return btoa(String.fromCharCode.apply(null, new Uint8Array(b)))
	    .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

function post(path, body) {
	return fetch(path, { method: "POST", body: JSON.stringify(body), headers: {
		"Content-Type": "application/json", "X-CSRF-Token": $("input[name=csrf]").value } })
	    .then((r) => r.ok ? r : Promise.reject(r));
}

function offer() {
	return post("/api/v1/proof/challenge", {}).then((r) => r.json());
}

function known(o) {
	return o.credentials.map((id) => ({ type: "public-key", id: bytes(id) }));
}

/* The answer of a passkey that is known. */
function sign(o) {
	return navigator.credentials.get({ publicKey: {
		challenge: bytes(o.challenge), rpId: o.rp, allowCredentials: known(o),
		userVerification: "required", timeout: 120000
	} }).then((c) => JSON.stringify({ id: text(c.rawId),
		client: text(c.response.clientDataJSON),
		data: text(c.response.authenticatorData),
		signature: text(c.response.signature) }));
}

function make(o) {
	return navigator.credentials.create({ publicKey: {
		challenge: bytes(o.challenge), rp: { id: o.rp, name: "Postseal" },
		user: { id: bytes(o.handle), name: o.user, displayName: o.user },
		pubKeyCredParams: [-7, -8, -257].map((alg) => ({ type: "public-key", alg })),
		excludeCredentials: known(o), attestation: "none", timeout: 120000,
		authenticatorSelection: { residentKey: "discouraged", userVerification: "required" }
	} }).then((c) => JSON.stringify({
		client: text(c.response.clientDataJSON),
		data: text(c.response.getAuthenticatorData()),
		key: text(c.response.getPublicKey()),
		alg: c.response.getPublicKeyAlgorithm() }));
}

function failed() {
	var p = $("#passkey-failed");
	if (p) { p.hidden = false; }
}

if ($("#passkey-none")) { $("#passkey-none").hidden = true; }

/* At log-in. */
if ($("[data-passkey]")) {
	$("#passkey").hidden = false;
	$("[data-passkey]").addEventListener("click", (e) => {
		sign(JSON.parse(e.target.dataset.passkey)).then((answer) => {
			var form = e.target.form, code = $("[name=code]", form) || doc.createElement("input");
			code.removeAttribute("maxlength");
			code.type = "hidden";
			code.name = "code";
			code.value = answer;
			form.append(code);
			form.submit();
		}).catch(failed);
	});
}

if ($("#passkey-new")) {
	$("#passkey-new").addEventListener("submit", (e) => {
		var form = e.target;
		e.preventDefault();
		offer().then(make).then((answer) => {
			form.elements.code.value = answer;
			form.submit();
		}).catch(failed);
	});
}

/* In the place of the password. */
doc.querySelectorAll("[data-again]").forEach((b) => {
	var failure = b.nextElementSibling;
	b.hidden = false;
	b.addEventListener("click", () => {
		failure.hidden = true;
		offer().then(sign).then((code) => post("/api/v1/proof", { code })).then(() => {
			doc.querySelectorAll("[data-again]").forEach((o) => {
				var p = o.closest("p");
				p.setAttribute("role", "status");
				p.textContent = o.dataset.done;
			});
		}).catch(() => { failure.hidden = false; });
	});
});
}());
