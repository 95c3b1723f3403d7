/* Postseal works without this file; with it the page stays in place.
 * A submit goes by fetch, and the <main> that comes back replaces this one.
 * Words come with the page. */
(function () {
"use strict";

var doc = document, root = doc.documentElement, body = doc.body;
root.classList.add("js");

function $(sel, from) { return (from || doc).querySelector(sel); }
function each(sel, from, fn) {
	(from || doc).querySelectorAll(sel).forEach(fn);
}

/* Times in the reader's own zone; the server's text is UTC. */
function localTimes(from) {
	var f = new Intl.DateTimeFormat(root.lang, {
		dateStyle: "medium", timeStyle: "medium"
	});
	each("time[datetime]", from, (t) => {
		var d = new Date(t.dateTime);
		if (isNaN(d)) { return; }
		if (t.className === "exact") {
			t.textContent = f.format(d);
			t.title = t.dateTime;
		} else {
			t.title = f.format(d);
		}
	});
}

function copyButtons(from) {
	if (!navigator.clipboard) { return; }
	each(".copy", from, (b) => { b.hidden = false; });
}

function names(files) {
	return Array.from(files, (f) => f.name).join(", ");
}

function showPicked(input) {
	var span = $(".picked", input.parentNode) || doc.createElement("span"), chosen = input.files.length > 0;
	/* What is said of a file beside it goes before "none". */
	var card = input.closest(".file"), told = card && $(".file-state:not(.empty)", card);
	span.textContent = chosen ? names(input.files) : told ? "" : body.dataset.noFile;
	span.className = chosen ? "picked chosen" : "picked";
	span.ariaHidden = "true";
	input.after(span);
}

/* About its file, on the card; "": no more. */
function tell(card, text) {
	var old = card && $(".here", card), p = doc.createElement("p");
	if (old) { old.remove(); }
	if (!text) { return false; }
	p.className = "finding error here";
	p.role = "alert";
	p.textContent = text;
	($(".help", card) || card.lastElementChild).after(p);
	focusOn(card);
}

/* What no server would take is not sent: the field says so at once. */
function tooLarge(input) {
	var card = input.closest(".file"), size = 0;
	Array.from(input.files, (f) => { size += f.size; });
	/* A list has a limit of its own. */
	if (!card || !input.multiple || size <= 65536) { return tell(card, ""); }
	tell(card, names(input.files) + ": " + body.dataset.tooLarge);
	input.value = "";
	showPicked(input);
	return true;
}

/* What means something only with another box ticked. */
function withMaster() {
	each("[data-with]", doc, (box) => {
		box.disabled = !doc.getElementById(box.dataset.with).checked;
		box.closest(".check").classList.toggle("off", box.disabled);
	});
}

/* Is a widget not as its "was" says?  Of a list the server knows more. */
function differs(at, was) {
	var list = $(".lines", at), i = $("input:checked:not([name=confirm])", at) || $("input", at);
	if (list || $("pre", at)) { return list && list.value !== list.defaultValue || $(".file-state.new", at); }
	if (i.type === "checkbox") { return i.checked !== (was === "on"); }
	if (i.value === "limited") { i = $("[type=text]", at); }
	return (i.value === "unlimited" ? "0" : i.value) !== was;
}

/* The bar counts what is typed and not sent yet as well, by name. */
function tally() {
	var count = $("#count"), named = [], n;
	if (!count) { return; }
	each("#connection [name^=was_]", doc, (w) => {
		var at = w.closest("[id^=at-]");
		if (at && differs(at, w.value.split(";")[0])) {
			named.push($("legend, label, .name", at).textContent.trim());
		}
	});
	n = named.length + Number(count.dataset.files);
	count.textContent = (n === 0 ? count.dataset.none : n === 1 ? count.dataset.one : count.dataset.many).replace("{n}", n);
	$(".save").classList.toggle("some", n > 0);
	$("#named").textContent = named.join(", ");
}

function dress(from) {
	localTimes(from);
	copyButtons(from);
	unfold();
	each(".picker input", from, showPicked);
	withMaster();
}

function focusOn(el) {
	if (!el) { return; }
	el.focus({ preventScroll: true });
	el.scrollIntoView({ block: "nearest" });
}

/* The page that came back takes the place of this one. */
function put(html, where, moved) {
	var page = new DOMParser().parseFromString(html, "text/html");
	var fresh = $("#main", page), old = $("#main"), y = scrollY;
	/* To log in, say: the browser goes there itself. */
	if (!fresh || (moved && !$("#connection", page))) { return false; }
	each("details[open]:not(.paste)", old, (d) => {
		var same = d.id ? page.getElementById(d.id) : d.parentNode.id && page.getElementById(d.parentNode.id);
		if (!same) { return; }
		if (d.id) { same.open = true; }
		else { each(":scope > details:not(.paste)", same, (n) => { n.open = true; }); }
	});
	old.replaceWith(doc.adoptNode(fresh));
	doc.title = page.title;
	each(".languages input[name=back]", doc, (i) => {
		var b = $(".languages input[name=back]", page);
		if (b) { i.value = b.value; }
	});
	scrollTo(0, y);
	dress(fresh);
	focusOn(typeof where === "function" ? where() : where && $(where));
	return true;
}

function show(response, where) {
	return response.text().then((html) => {
		if (!put(html, where, response.redirected)) {
			location.assign(response.url);
			return;
		}
		if (!$("#connection")) { focusOn($("#main")); return; }
		var at = new URL(response.url);
		history.replaceState(null, "", at.pathname + at.search);
	});
}

function lost(form, card) {
	var slot = $("#progress-slot"), p = doc.createElement("p");
	/* The page of a Restore. */
	if (!slot) { location.reload(); return; }
	busy(form, false);
	/* A file that was not sent is told where it was chosen. */
	if (card) { tell(card, body.dataset.offline); return; }
	p.className = "notice error";
	p.textContent = body.dataset.lost;
	slot.replaceChildren(p);
}

function busy(form, on) {
	form.ariaBusy = on;
	$(".whole", form).inert = on;
}

/* Save: take the steps out of the page that came back, then follow the job. */
function follow(response, form) {
	var job = response.url;
	return response.text().then((html) => {
		var page = new DOMParser().parseFromString(html, "text/html");
		var steps = $("#progress", page);
		if (!steps) { return put(html, outcome, true) || location.assign(job); }
		$("#progress-slot").replaceChildren(doc.adoptNode(steps));
		steps.scrollIntoView({ block: "nearest" });
		watch(job, steps, form);
	});
}

/* Told as it happens; asked for where that cannot be: no room, a proxy. */
function watch(job, list, form) {
	var es = window.EventSource && new EventSource(job), timer;
	function ask() {
		clearTimeout(timer);
		if (es) { es.close(); }
		poll(job, list, form, 0);
	}
	if (!es) { ask(); return; }
	timer = setTimeout(ask, 1500);
	es.onerror = ask;
	es.onmessage = (e) => {
		var state = JSON.parse(e.data);
		clearTimeout(timer);
		tick(list, state);
		if (state.state !== "running") { ask(); }
	};
}

function outcome() {
	return $("#outcome") || $("#errors") || $("#main h1");
}

/* Seconds, as long as something takes; nobody is read them out. */
function count(el, waits) {
	var from = Date.now(), timer = setInterval(() => {
		if (!el.isConnected || !waits()) {
			el.ariaHidden = null;
			clearInterval(timer);
			return;
		}
		el.ariaHidden = "true";
		el.textContent = Math.round((Date.now() - from) / 1000) + " s";
	}, 1000);
}

/* A file that takes more than a moment says so while it does. */
function opening(form, card) {
	var p = doc.createElement("p"), n = doc.createElement("span");
	p.className = "small opening";
	p.role = "status";
	($(".help", card) || card.lastElementChild).after(p);
	setTimeout(() => {
		p.append(body.dataset.opening + " ", n);
	}, 1000);
	count(n, () => {
		return form.ariaBusy === "true" || (p.remove(), false);
	});
}

function tick(list, job) {
	(job.steps || []).forEach((s) => {
		var li = $('[data-step="' + CSS.escape(s.name) + '"]', list);
		if (!li) { return; }
		var all = $(".steps", list), ms = $(".ms", li), costly = s.state === "running" && s.costly;
		li.className = s.state;
		$(".step-state", li).textContent = all.dataset[s.state] || "";
		$(".costly", li).textContent = costly ? all.dataset.costly + " (" + s.costly + ")" : "";
		if (!costly) {
			ms.textContent = s.state === "running" || s.ms == null
			    ? "" : s.ms + " ms";
		} else if (!li.dataset.counts) {
			li.dataset.counts = "1";
			count(ms, () => li.className === "running");
		}
	});
}

function poll(job, list, form, misses) {
	fetch(job, { headers: { Accept: "application/json" } })
	.then((r) => {
		if (!r.ok) { throw new Error(r.status); }
		return r.json();
	}).then((state) => {
		tick(list, state);
		if (state.state === "running") {
			setTimeout(poll, 120, job, list, form, 0);
			return null;
		}
		return fetch(job).then((r) => show(r, outcome));
	}).catch(() => {
		if (misses < 20) {
			setTimeout(poll, 500, job, list, form, misses + 1);
		} else {
			lost(form);
		}
	});
}

var after = {
	save: outcome,
	preview: "#preview",
	probe: "#state [value=probe]",
	test: "#hop-seen",
	cancel: "#main h1"
};

/* Where the typing goes on in the page that comes back. */
function same(el) {
	var id = el && el.id, at = el && el.selectionStart;
	return id ? () => {
		var now = doc.getElementById(id);
		if (now && typeof at === "number") { now.setSelectionRange(at, at); }
		return now;
	} : null;
}

function send(form, button) {
	var data = new FormData(form, button);
	var name = button ? button.value : "keep", field = name.split(":")[1];
	var edit = name.indexOf("edit:") === 0;
	var chose = /^(mine|theirs):/.test(name);
	var headers = name === "save" ? { Prefer: "respond-async" } : {};
	var typing = name === "keep" ? same(doc.activeElement) : null;
	if (!button) { data.set("do", "keep"); }
	busy(form, true);
	if (field && $(".file#at-" + field)) { opening(form, $(".file#at-" + field)); }
	return fetch(form.action, { method: "POST", body: data, headers: headers })
	.then((r) => {
		if (name === "save" && r.ok && r.url.indexOf("/job/") > 0) {
			return follow(r, form);
		}
		return show(r, field ? () => {
			return edit ? $("#" + field) : chose ? $(".conflict button") || $("#at-" + field + " input") :
			    $("#passphrase") || $("#at-" + field);
		} : after[name] || typing);
	}).catch(() => { lost(form, field && $(".file#at-" + field)); });
}

doc.addEventListener("submit", (e) => {
	var form = e.target, main = $("#connection");
	if (form === main) {
		e.preventDefault();
		if (form.ariaBusy !== "true") {
			/* Enter in the passphrase opens the key. */
			send(form, /^(passphrase|next_hop)$/.test(doc.activeElement.id) && e.submitter.value === "keep"
			    ? $("button", doc.activeElement.parentNode) : e.submitter);
		}
	} else if (form.className === "languages" && main && e.submitter &&
	    !$(".whole", main).disabled) {
		/* What was ticked is kept through the change of language. */
		e.preventDefault();
		var b = e.submitter, data = new FormData(main);
		data.set("do", "keep");
		fetch(main.action, { method: "POST", body: data }).finally(() => {
			var h = doc.createElement("input");
			h.type = "hidden"; h.name = "lang"; h.value = b.value;
			form.append(h);
			form.submit();
		});
	}
});

doc.addEventListener("input", (e) => {
	var picks = e.target.dataset.picks;
	if (picks) { doc.getElementById(picks).checked = true; }
	if (e.target.form && e.target.form.id === "connection") { tally(); }
});

doc.addEventListener("change", (e) => {
	var t = e.target, b;
	withMaster();
	/* Files for the sorting are sent when they are chosen, as on the screen. */
	if (t.id === "files" && t.files[0]) { t.form.requestSubmit($("[value=sort]", t.form)); }
	if (t.type === "file" && t.form && t.form.id === "connection") {
		showPicked(t);
		b = !tooLarge(t) && $('button[value="upload:' + t.name + '"]', t.form);
		tally();
		if (b && t.files[0]) { send(t.form, b); }
	}
});

/* Pasted text is sent like a file that was chosen. */
doc.addEventListener("paste", (e) => {
	var t = e.target, form = $("#connection");
	if (t.closest && t.closest(".paste") && form.ariaBusy !== "true") {
		setTimeout(() => { send(form, $("button", t.parentNode)); });
	}
});

/* A file may be dropped anywhere on its card; beside them nothing comes of it. */
["dragenter", "dragover", "dragleave", "drop"].forEach((type) => {
	doc.addEventListener(type, (e) => {
		var card = e.target.closest && e.target.closest(".file");
		var input = card && $(".picker input", card), d = e.dataTransfer;
		if (!$("#connection, #named") || !d || !d.types.includes("Files")) { return; }
		e.preventDefault();
		if (type !== "drop") { d.dropEffect = input ? "copy" : "none"; }
		if (!input) { return; }
		input.parentNode.classList.toggle("over", type === "dragenter" || type === "dragover");
		if (type === "drop" && d.files.length > 0) {
			input.files = d.files;
			input.dispatchEvent(new Event("change", { bubbles: true }));
		}
	});
});

/* What was typed and not sent yet outlives a reload and the way back: in this
 * tab, for this user, with what it was typed over; neither files nor secrets. */
var typed = "#connection input[type=text], #connection input[type=checkbox]:not([name=confirm]), #connection input[type=radio], #connection .lines";

function owner() {
	return ($(".session .user bdi") || body).textContent;
}

function wasOf(input) {
	var at = input.closest("[id^=at-]");
	return at && $("input[name^=was_]", at) || {};
}

/* A link into a section that is closed. */
function unfold() {
	var at = location.hash && doc.getElementById(location.hash.slice(1));
	var d = at && at.closest("details.section");
	if (d && !d.open) { d.open = true; at.scrollIntoView(); }
}

addEventListener("hashchange", unfold);
addEventListener("pagehide", () => {
	var kept = {};
	if (!$("#connection")) { return; }
	each(typed, doc, (i) => {
		if (i.value !== i.defaultValue) { kept[i.id] = [i.value, wasOf(i).value]; }
		if (i.checked !== i.defaultChecked) { kept[i.id] = [i.checked, wasOf(i).value]; }
	});
	try {
		sessionStorage.setItem("typed", JSON.stringify([owner(), kept]));
	} catch (e) { sessionStorage.removeItem("typed"); }
});

function retype() {
	var kept;
	if (!$("#connection")) { return; }
	kept = JSON.parse(sessionStorage.getItem("typed") || "[]");
	sessionStorage.removeItem("typed");
	if (kept[0] !== owner()) { return; }
	each(typed, doc, (i) => {
		var v = kept[1][i.id], d;
		if (!v) { return; }
		if (typeof v[0] === "boolean") { i.checked = v[0]; } else { i.value = v[0]; }
		wasOf(i).value = v[1];
		d = i.closest("details");
		if (d) { d.open = true; }
		tally();
	});
}

doc.addEventListener("click", (e) => {
	var b = e.target.closest(".copy");
	if (!b) { return; }
	navigator.clipboard.writeText(b.dataset.copy || b.previousElementSibling.textContent).then(() => {
		var old = b.textContent;
		b.textContent = body.dataset.copied;
		setTimeout(() => { b.textContent = old; }, 1500);
	});
});

/* What goes on elsewhere; a Save's own steps are followed below. */
if (body.dataset.refresh && !$("#progress")) {
	/* Not under somebody's hands. */
	setInterval(() => {
		if (!$("#main details[open]") && !$("#main :focus")) { location.reload(); }
	}, body.dataset.refresh * 1000);
}
/* Without scripts it stays hidden. */
if ($("#show-password")) {
	$("#shows").hidden = false;
	$("#show-password").addEventListener("change", (e) => {
		$("#password").type = e.target.checked ? "text" : "password";
	});
}
retype();
dress(doc);
if ($("#progress")) {
	watch("/smtp-routing/connection/job/" + $("#progress").dataset.job,
	    $("#progress"), $("#connection"));
} else if (!location.hash) {
	focusOn($("#errors") || $("#outcome") || $("#made") || $("#codes") || $("#done"));
}
}());
