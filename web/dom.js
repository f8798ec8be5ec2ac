// Elements, and the small parts that every page is made of. Text is only ever set as text.

import { now } from "./api.js";
import { page } from "./base.js";
import * as format from "./format.js";
import * as prefs from "./prefs.js";

/** An element with its attributes and children; `on…` attributes are listeners. */
export function h(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

const SHAPES = {
  ok: ["M8 1.5a6.5 6.5 0 1 0 0 13a6.5 6.5 0 0 0 0-13zM4.8 8.2l2.2 2.3l4.2-4.8"],
  warn: ["M8 1.8L15 14.2H1zM8 6v4", "M8 11.6v.9"],
  bad: ["M5.2 1.5h5.6l3.7 3.7v5.6l-3.7 3.7H5.2l-3.7-3.7V5.2zM5.6 5.6l4.8 4.8M10.4 5.6l-4.8 4.8"],
  neutral: ["M8 1.8a6.2 6.2 0 1 0 0 12.4a6.2 6.2 0 0 0 0-12.4zM8 7v4", "M8 4.6v.9"],
  open: ["M8 1.8a6.2 6.2 0 1 0 0 12.4a6.2 6.2 0 0 0 0-12.4z"],
  running: ["M8 1.8a6.2 6.2 0 0 1 4.4 1.8M14.1 7a6.2 6.2 0 0 1-1 4.6M9.6 14a6.2 6.2 0 0 1-4.9-.7M2.3 10.4a6.2 6.2 0 0 1 .6-5.2"],
  polling: ["M8 1.8a6.2 6.2 0 1 0 0 12.4a6.2 6.2 0 0 0 0-12.4z", "M8 4.5a3.5 3.5 0 0 0 0 7z"],
  live: ["M8 4.5a3.5 3.5 0 1 0 0 7a3.5 3.5 0 0 0 0-7z"],
  paused: ["M5.5 3.5v9M10.5 3.5v9"],
  copy: ["M5.5 5.5h8v8h-8zM3.5 10.5h-1v-8h8v1"],
  done: ["M3 8.5l3.4 3.5L13 4.5"],
};

/** A symbol; a word is always beside it. */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  for (const [key, value] of Object.entries({ viewBox: "0 0 16 16", class: `icon icon-${name}`, "aria-hidden": "true" })) {
    svg.setAttribute(key, value);
  }
  for (const shape of SHAPES[name]) {
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    path.setAttribute("d", shape);
    svg.append(path);
  }
  return svg;
}

/** A state: its symbol and its word. */
export const state = (kind, word) => h("span", { class: `state is-${kind}` }, icon(kind), h("span", {}, word));

/** An adjective in a box. */
export const tag = (kind, word) => h("span", { class: `tag is-${kind}` }, icon(kind), h("span", {}, word));

/** A whole number in groups whose commas are not copied. */
export function number(value) {
  const groups = format.number(value).split(",");
  return h("span", { class: "number" }, groups.map((group) => h("span", {}, group)));
}

const KINDS = {
  block: { word: "block hash", mark: "B", path: (hash) => `block/${hash}` },
  record: { word: "record id", mark: "R", path: (hash) => `record/${hash}` },
  merkle: { word: "record root", mark: "M" },
  history: { word: "history root", mark: "H" },
  hash: { word: "hash", mark: "" },
  chain: { word: "chain id", mark: "B", path: (hash) => `block/${hash}` },
};

/** All digits in groups of 8, which wrap by fours or twos, and are halved on paper. */
const fullDigits = (hash) => hash.match(/.{32}/g).map((half) => h("span", { class: "half" }, half.match(/.{16}/g).map((pair) =>
  h("span", { class: "pair" }, pair.match(/.{8}/g).map((group) => h("span", { class: "group" }, group.match(/.{4}/g).map((quad) => h("span", { class: "quad" }, quad))))))));

/** A hash: all of its digits are there to select, find and copy, and 16 of them are seen. */
export function chip(kind, hash, { full = false, copies = true, mark = false } = {}) {
  const { word, mark: letter, path } = KINDS[kind];
  const digits = full ? fullDigits(hash) : [hash.slice(0, 8), hash.slice(8, -8), hash.slice(-8)].map((group, at) => h("span", { class: at === 1 ? "middle" : "group" }, group));
  const attributes = { class: full ? "hash is-full" : "hash", "aria-label": `${word} ending ${hash.slice(-8)}` };
  const named = path ? h("a", { ...attributes, href: page(path(hash)) }, digits) : h("span", { class: attributes.class }, digits);
  const prefix = mark ? h("span", { class: "mark", "aria-hidden": "true" }, letter) : null;
  return h("span", { class: full ? "chip is-whole" : "chip" }, prefix, named, copies ? copyButton(hash, word) : null);
}

const announcer = () => document.getElementById("announcer");

/** Says a sentence to a screen reader, because the reader asked for something. */
export const announce = (sentence) => (announcer().textContent = sentence);

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Plain HTTP from another machine has no such thing.
  }
  const area = h("textarea", { class: "aside", readonly: true, "aria-hidden": "true" });
  area.value = text;
  document.body.append(area);
  area.select();
  const copied = document.execCommand("copy");
  area.remove();
  return copied;
}

/** A button that copies a text, and says whether it did. */
export function copyButton(text, what, label = null, { quiet = false } = {}) {
  const button = h("button", { class: label ? (quiet ? "button is-quiet" : "button") : "copy", type: "button", "aria-label": label ? null : `Copy ${what}` }, icon("copy"), label);
  button.addEventListener("click", async () => {
    const focused = document.activeElement;
    const copied = await copy(text);
    focused?.focus?.();
    announce(copied ? `Copied ${what}` : "The browser refuses to copy. Select the text and press Ctrl+C.");
    const symbol = icon(copied ? "done" : "warn");
    button.firstChild.replaceWith(symbol);
    setTimeout(() => symbol.replaceWith(icon("copy")), 1500);
  });
  return button;
}

/** A time as its age, or as the reader chose. The clock below keeps it right. */
export function time(millis, { always = null } = {}) {
  const element = h("time", { datetime: new Date(millis).toISOString(), "data-millis": millis, "data-as": always });
  showTime(element);
  return element;
}

function showTime(element) {
  const millis = Number(element.dataset.millis);
  const zone = prefs.get("zone");
  const as = element.dataset.as ?? prefs.get("time");
  const text = as === "exact" ? format.exact(millis, zone) : format.age(millis, now()) ?? format.minute(millis, zone);
  if (element.textContent !== text) element.textContent = text;
}

let isClockHeld = () => false;

/** Keeps every time on the page right, unless `isHeld()`. */
export function startClock(isHeld) {
  isClockHeld = isHeld;
  setInterval(() => {
    if (!document.hidden && !isClockHeld()) showTimes();
  }, 1000);
  prefs.onChange((key) => (key === "zone" || key === "time") && showTimes());
}

const showTimes = () => document.querySelectorAll("time[data-millis]").forEach(showTime);

/** A table whose rows become cards on narrow screens, of a `broad` one on wider screens too: each cell repeats its column's name. */
export function table(caption, columns, rows, { hidden = true, compact = false, broad = false } = {}) {
  const head = columns.map(({ name, end }) => h("th", { scope: "col", role: "columnheader", class: end ? "end" : null }, name));
  return h("table", { role: "table", class: ["data", compact && "is-compact", broad && "is-broad"].filter(Boolean).join(" ") },
    h("caption", { class: hidden ? "aside" : null }, caption),
    h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, head)),
    h("tbody", { role: "rowgroup" }, rows));
}

/** A row of such a table. */
export function row(columns, cells, attributes = {}) {
  return h("tr", { role: "row", ...attributes }, cells.map((cell, at) => {
    const { name, end, wide, first, lead } = columns[at];
    return h("td", { role: "cell", class: [end && "end", wide && "wide", first && "first", lead && "lead-cell"].filter(Boolean).join(" ") || null },
      h("span", { class: "label", "aria-hidden": "true" }, name), h("span", { class: "value" }, cell));
  }));
}

/** A text in which what is between backticks is code. */
export const inline = (text) => text.split("`").map((part, at) => (at % 2 ? h("code", {}, part) : part));

/** Longest word that no line may cut. */
const WHOLE_WORD = 24;

/** A command to be typed, which wraps between its words. */
export const command = (text) => h("code", {}, text.split(" ").flatMap((word, at) => [at ? " " : "", word.length < WHOLE_WORD ? h("span", { class: "word" }, word) : word]));

/** Names and values. */
export const facts = (pairs) => h("dl", { class: "facts" },
  pairs.filter(Boolean).map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));

export const card = (title, ...children) => h("section", { class: "card" }, title ? h("h2", {}, title) : null, children);

/** Says that there is nothing, and what to do about it. */
export const empty = (sentence, ...more) => h("div", { class: "empty" }, h("p", {}, sentence), more);

/** What went wrong with a request. `isRepeated` says that the page tries again by itself. */
export function failure(error, retry, { isRepeated = false } = {}) {
  const isOffline = error.kind === "offline";
  return h("div", { class: "card failure", role: "alert" },
    h("h2", {}, state(isOffline ? "warn" : "bad", error.title ?? "The page has failed")),
    h("p", {}, inline(error.detail || (isOffline ? `The node is not running, or the network is down.${isRepeated ? " The page tries again by itself." : ""}` : error.kind ? "" : String(error.message)))),
    error.requestId ? h("p", { class: "muted" }, "Request ", h("code", {}, error.requestId), ". The node's log has a line with it.") : null,
    retry ? h("p", {}, h("button", { class: "button", type: "button", onclick: retry }, "Try again")) : null);
}

/** After this long without data the reader is offered another attempt. */
const LATE = 10_000;

/** Rows that wait for data; they show only when it takes a while. */
export function loading(what, retry = null) {
  const element = h("div", { class: "loading" }, h("p", { class: "muted" }, `Loading ${what} …`),
    h("div", { class: "bone" }), h("div", { class: "bone" }), h("div", { class: "bone" }));
  const late = () => element.isConnected && element.firstChild.after(h("p", { role: "status" }, "Still waiting for the node. ",
    h("button", { class: "button is-small", type: "button", onclick: retry }, "Try again")));
  if (retry) setTimeout(late, LATE);
  return element;
}

const FOCUSABLE = "a[href], button, input, summary, textarea";

/** Replaces what is in a place; the focus stays on what has the same position in it. */
export function redraw(place, ...children) {
  const at = Array.from(place.querySelectorAll(FOCUSABLE)).indexOf(document.activeElement);
  place.replaceChildren(...children);
  if (at >= 0) place.querySelectorAll(FOCUSABLE)[at]?.focus({ preventScroll: true });
}

/** A link within the explorer. */
export const link = (path, text, attributes = {}) => h("a", { href: page(path), ...attributes }, text);

/**
 * Replaces the rows of a table by others: those with the same key stay the same elements. Rows
 * that come to a table which had some are marked as new.
 */
export function keyed(body, entries, key, make) {
  const held = new Map(Array.from(body.children, (child) => [child.dataset.key, child]));
  const wanted = entries.map((entry) => {
    const name = key(entry);
    if (held.has(name)) return held.get(name);
    const child = make(entry);
    child.dataset.key = name;
    if (held.size) {
      child.classList.add("is-new");
      // Once: it would be new again when the page is returned to.
      child.addEventListener("animationend", () => child.classList.remove("is-new"), { once: true });
    }
    return child;
  });
  const isSame = wanted.length === body.children.length && wanted.every((child, at) => body.children[at] === child);
  if (!isSame) {
    const kept = new Set(wanted);
    for (const child of Array.from(body.children)) if (!kept.has(child)) child.remove();
    wanted.forEach((child, at) => body.children[at] !== child && body.insertBefore(child, body.children[at] ?? null));
  }
}
