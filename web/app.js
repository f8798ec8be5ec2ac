// The frame around the pages: addresses, the header, the banner, and what is true of every page.

import { showBanner } from "./alerts.js";
import * as api from "./api.js";
import { explorer, files, page as address, root } from "./base.js";
import { announce, chip, failure, h, icon, link, startClock } from "./dom.js";
import * as format from "./format.js";
import { menu, showLinkNote } from "./menu.js";
import { isStale, listen, mayWrite, model, pause, resume, retryNow, start, stopped, tip } from "./model.js";
import * as prefs from "./prefs.js";
import { preparePrint } from "./print.js";
import { hint } from "./query.js";
import { onlyPage, queryOf, search } from "./search.js";
import { block } from "./pages/block.js";
import { blocks } from "./pages/blocks.js";
import { network } from "./pages/network.js";
import { overview } from "./pages/overview.js";
import { record } from "./pages/record.js";
import { found, remember } from "./pages/search.js";
import { submit } from "./pages/submit.js";
import { verifyPage } from "./pages/verify.js";

/** Pages that stay as they are, to return to. */
const KEPT_PAGES = 8;

/** How long after a failure the view of a stopped node is asked again, in milliseconds. */
const STOPPED_AGAIN = 3_000;

const PAGES = { "": overview, blocks, block, record, network, verify: verifyPage, submit, search: found };

const main = document.getElementById("main");
const kept = new Map();
let current = null;

/** Which page an address names. */
function route(url) {
  const path = url.pathname.startsWith(explorer) ? url.pathname.slice(explorer.length) : "";
  const [name, item = ""] = path.split("/");
  return { name, item, query: url.searchParams };
}

const key = () => history.state?.key ?? "first";

function title() {
  const where = model.chain?.name ?? model.status?.chain.name ?? "jenny";
  const height = tip() ? `${format.number(tip().height)} · ` : "";
  const link = { reconnecting: "Reconnecting · ", offline: "Offline · ", "signed-out": "Signed out · ", paused: "Paused · ", stopped: "Stopped node · " }[model.link] ?? "";
  document.title = `${link}${current?.title ?? "Overview"} · ${height}${where}`;
}

function leave() {
  if (!current) return;
  current.scroll = scrollY;
  current.stop();
  kept.delete(current.key);
  kept.set(current.key, current);
  while (kept.size > KEPT_PAGES) kept.delete(kept.keys().next().value);
}

/**
 * Shows the page of the present address. `isBack` shows a page that was shown before as it was,
 * and `isMove` takes the reader to the heading of another one.
 */
function show({ isBack = false, isMove = false } = {}) {
  const url = new URL(location.href);
  const asked = route(url);
  leave();
  const known = isBack ? kept.get(key()) : null;
  if (known && known.href === url.pathname + url.search) {
    current = known;
    main.replaceChildren(current.element);
    // Before it starts, too: rows stay where they are for a reader who is among them.
    scrollTo(0, current.scroll ?? 0);
    current.start({ isBack: true });
    scrollTo(0, current.scroll ?? 0);
  } else {
    current = open(asked, url);
    main.replaceChildren(current.element);
    current.start({ isBack: false });
    if (isMove) {
      scrollTo(0, 0);
      main.querySelector("h1").focus({ preventScroll: true });
    }
  }
  for (const item of document.querySelectorAll("nav a")) {
    const isCurrent = item.dataset.page === asked.name || (item.dataset.page === "blocks" && asked.name === "block");
    if (isCurrent) item.setAttribute("aria-current", "page");
    else item.removeAttribute("aria-current");
  }
  title();
}

/** A page: its element, its title, and what starts and stops it. */
function open(asked, url) {
  const heading = h("h1", { tabindex: "-1" });
  const body = h("div", { class: "body" });
  const ends = new Set();
  let again = null;
  const self = {
    key: key(), href: url.pathname + url.search, title: "", element: h("div", { class: "page" }, heading, body),
    scroll: 0, controller: null, start() {}, stop() {},
  };
  const context = {
    ...asked, body, url,
    /** Sets the title of the page, `full` with elements. */
    title(text, full = null) {
      self.title = text;
      heading.replaceChildren(full ?? text);
      if (current === self) title();
    },
    /** Ends with the page. */
    get signal() {
      return self.controller.signal;
    },
    onEnd: (end) => ends.add(end),
    go, replace,
    fail(error, retry) {
      if (error.name === "AbortError") return;
      body.replaceChildren(failure(error, retry, { isRepeated: true }));
      if (error.kind !== "offline") return;
      again = { retry, card: body.firstChild };
      // The view of a stopped node is not followed: that it has ended shows here alone.
      if (model.link === "stopped") setTimeout(() => model.link === "stopped" && retryNow(), STOPPED_AGAIN);
    },
  };
  const make = Object.hasOwn(PAGES, asked.name) ? PAGES[asked.name] : missing;
  let page = null;
  /** Reads again what could not be read, once the node is there. */
  function repeat(what) {
    if (!again || !["link", "status"].includes(what) || !["live", "polling", "stopped"].includes(model.link)) return;
    const { retry, card } = again;
    again = null;
    if (card.isConnected) retry();
  }
  self.start = (options) => {
    self.controller = new AbortController();
    page ??= make(context);
    page.start?.(options);
    ends.add(listen(repeat));
    if (page.changed) ends.add(listen((what) => page.changed(what)));
  };
  self.stop = () => {
    self.controller.abort();
    page?.stop?.();
    for (const end of ends) end();
    ends.clear();
  };
  return self;
}

function missing({ title, body }) {
  title("There is no such page");
  body.append(h("p", {}, "The address names no page of the explorer. ", link("", "Go to the overview"), ", or search for what you look for."));
  return {};
}

let pushes = Date.now();

/** Goes to a page of the explorer. */
function go(path) {
  pushes += 1;
  history.pushState({ key: String(pushes) }, "", address(path));
  show({ isMove: true });
}

/** Changes the address of the present page. */
function replace(path) {
  history.replaceState({ key: key() }, "", address(path));
  if (current) current.href = location.pathname + location.search;
}

function onClick(event) {
  const anchor = event.target.closest?.("a[href]");
  if (!anchor || event.defaultPrevented || event.button !== 0) return;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey || anchor.target || anchor.download) return;
  const url = new URL(anchor.href);
  if (url.origin !== location.origin || !url.pathname.startsWith(explorer) || url.pathname.includes("/a/")) return;
  if (url.hash && url.pathname === location.pathname) return;
  event.preventDefault();
  go(url.pathname.slice(explorer.length) + url.search);
}

// The header.

function searchBox() {
  const input = h("input", { id: "search", name: "q", type: "text", autocomplete: "off", spellcheck: "false", autocapitalize: "none", maxlength: "100000", placeholder: "Height, hash, or exact text", "aria-describedby": "search-hint" });
  const note = h("span", { id: "search-hint", class: "hint muted", "aria-live": "polite" });
  const form = h("form", { role: "search", class: "search" }, h("label", { class: "aside", for: "search" }, "Height, hash, or the exact text of a record"), input, note);
  input.addEventListener("input", () => (note.textContent = hint(input.value)));
  input.addEventListener("blur", () => (note.textContent = ""));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const text = input.value;
    if (text.trim() === "") return;
    note.textContent = "searching …";
    try {
      const result = await search(text);
      remember(text, result);
      const only = onlyPage(result);
      go(only ?? `search?q=${encodeURIComponent(await queryOf(text))}`);
      if (only) input.value = "";
    } catch (error) {
      if (error.kind === "signed-out") return;
      remember(text, null, error);
      go(`search?q=${encodeURIComponent(await queryOf(text))}`);
    } finally {
      note.textContent = "";
    }
  });
  document.addEventListener("keydown", (event) => {
    const isField = event.target.closest?.("input, textarea, select, [contenteditable]");
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || isField || prefs.get("keys") === "off") return;
    event.preventDefault();
    input.focus();
    input.select();
  });
  return form;
}

/** How the link to the node is: its symbol, its kind and its words. */
function linkState() {
  const left = Math.max(0, Math.ceil((model.retryAt - Date.now()) / 1000));
  const since = format.clock(model.since, prefs.get("zone"));
  return {
    starting: ["running", "neutral", "Connecting"],
    live: ["live", "ok", "Live"],
    polling: ["polling", "neutral", "Polling"],
    reconnecting: ["running", "neutral", `Reconnecting, ${left} s`],
    offline: ["warn", "warn", `Offline since ${since}, ${left ? `next try in ${left} s` : "trying"}`],
    paused: ["paused", "neutral", "Paused"],
    stopped: ["paused", "neutral", "Stopped node"],
    "signed-out": ["bad", "bad", "Signed out"],
  }[model.link];
}

const pill = h("button", { class: "pill", type: "button" });
const settings = menu();
pill.addEventListener("click", (event) => {
  event.stopPropagation();
  settings.open = !settings.open;
  if (settings.open) settings.querySelector("summary").focus();
});

const pauseButton = h("button", { class: "button", type: "button" }, "Pause");
pauseButton.addEventListener("click", () => {
  if (model.link === "paused") resume();
  else pause();
});

let shownLink = "";

function showLink() {
  const [symbol, kind, words] = linkState();
  const isPaused = model.link === "paused";
  if (shownLink !== words) {
    shownLink = words;
    pill.className = `pill is-${kind}`;
    pill.replaceChildren(icon(symbol), h("span", {}, words));
  }
  showLinkNote(model.link);
  const word = isPaused ? "Resume" : "Pause";
  if (pauseButton.textContent !== word) pauseButton.textContent = word;
  pauseButton.hidden = Boolean(stopped());
  pauseButton.disabled = model.link === "signed-out";
  document.documentElement.classList.toggle("is-stale", isStale());
  // What changes the node is offered while it is there.
  const isGone = ["offline", "signed-out"].includes(model.link);
  for (const button of document.querySelectorAll(isGone ? "[data-write]:enabled" : "[data-write=held]")) {
    button.disabled = isGone;
    button.dataset.write = isGone ? "held" : "";
  }
}

function brand() {
  return h("a", { class: "brand", href: address("") }, h("img", { src: `${files}favicon.svg`, width: "24", height: "24", alt: "" }), h("span", { id: "chain-name" }, "jenny"));
}

function showStatus() {
  const { status } = model;
  if (!status) return;
  document.getElementById("chain-name").textContent = status.chain.name;
  const id = document.getElementById("chain-id");
  if (!id.firstChild) id.append(chip("chain", status.chain.id));
  document.getElementById("submit-link").hidden = !mayWrite();
  document.getElementById("version").textContent = `jenny ${status.version} · ${stopped() ? "read-only view" : `up ${format.duration(status.uptimeSeconds * 1000)}`}`;
  const skew = api.skew.millis ?? 0;
  document.getElementById("skew").textContent = Math.abs(skew) > 5000 ? `This browser's clock is ${format.duration(Math.abs(skew))} ${skew < 0 ? "ahead of" : "behind"} the node's.` : "";
}

/** Shortest time between two sentences about new blocks. */
const ANNOUNCE_EVERY = 15_000;

let [announcedBlocks, announcedAt, announcing] = [0, -ANNOUNCE_EVERY, null];

function announceBlocks() {
  announcing = null;
  const arrived = model.arrived - announcedBlocks;
  if (arrived <= 0 || !tip() || model.link === "paused") return;
  announce(`${format.count(arrived, "new block")}, tip ${format.number(tip().height)}`);
  [announcedBlocks, announcedAt] = [model.arrived, performance.now()];
}

const showBlocks = () => (announcing ??= setTimeout(announceBlocks, Math.max(0, announcedAt + ANNOUNCE_EVERY - performance.now())));

const ICONS = { stopped: "favicon.svg", live: "favicon.svg", polling: "favicon.svg", starting: "favicon.svg", paused: "favicon.svg", reconnecting: "favicon-warn.svg", offline: "favicon-warn.svg", "signed-out": "favicon-bad.svg" };

function showIcon() {
  const name = model.status?.refusing && !stopped() ? "favicon-bad.svg" : ICONS[model.link];
  const icon = document.querySelector("link[rel=icon]");
  // A relative address would follow that of the page.
  if (icon.getAttribute("href") !== files + name) icon.setAttribute("href", files + name);
}

function changed(what) {
  if (what === "status") showStatus();
  if (what === "blocks") showBlocks();
  showLink();
  showBanner();
  showIcon();
  title();
}

document.getElementById("header").append(brand(), h("span", { id: "chain-id" }), searchBox(), pill, pauseButton, settings);
document.getElementById("nav-list").append(
  ...[["", "Overview"], ["blocks", "Blocks"], ["network", "Network"], ["verify", "Verify"]].map(([path, word]) => h("li", {}, link(path, word, { "data-page": path }))),
  h("li", { id: "submit-link", hidden: true }, link("submit", "Submit", { "data-page": "submit" })));
document.getElementById("footer").append(h("span", { id: "version" }, "jenny"), h("a", { href: `${root}docs/` }, "API"), h("a", { href: `${root}metrics` }, "Metrics"), h("span", { class: "keys" }, "The key / goes to the search, unless the settings say otherwise"));

document.addEventListener("click", onClick);
addEventListener("popstate", () => show({ isBack: true }));
history.scrollRestoration = "manual";
listen(changed);
preparePrint(main);
startClock(() => model.link === "paused");
setInterval(() => document.hidden || (showLink(), showBanner()), 1000);
prefs.onChange(() => (showLink(), showStatus()));
showLink();
show({ isBack: performance.getEntriesByType("navigation")[0]?.type === "back_forward" });
start();
