// The text of a record on the page: folded when it is long, with what is hidden in it named.

import { copyButton, h } from "./dom.js";
import * as format from "./format.js";
import { codePoint, exactParts, fold, layOut, parts } from "./text.js";

/** Most parts that are shown, so that a text of nothing but hidden characters stays small. */
const MAX_PARTS = 20_000;

function shown(list) {
  const nodes = list.slice(0, MAX_PARTS).map((part) => {
    if (part.hidden !== undefined) return h("span", { class: "code-point" }, codePoint(part.hidden));
    return part.mark !== undefined ? h("span", { class: "blank" }, part.mark) : part.text;
  });
  if (list.length > MAX_PARTS) nodes.push(h("span", { class: "muted" }, " … the rest is not shown; copy the text to see it"));
  return nodes;
}

/** A record's text with its buttons. */
export function recordText(text, { open = false } = {}) {
  const start = fold(text);
  const size = format.bytes(new TextEncoder().encode(text).length);
  const laidOut = layOut(text);
  const view = { isOpen: open || start.isWhole, mode: "plain" };
  const block = h("bdi", { dir: "auto" });
  const note = h("p", { class: "muted small" });
  const more = start.isWhole ? null : h("button", { class: "button is-quiet", type: "button" });
  const exact = h("button", { class: "button is-quiet", type: "button", "aria-pressed": "false" }, "Exact view");
  const json = laidOut === null ? null : h("button", { class: "button is-quiet", type: "button", "aria-pressed": "false" }, "Lay out JSON");
  const draw = () => {
    const source = view.mode === "json" ? laidOut : text;
    const part = view.isOpen ? source : fold(source).start;
    block.replaceChildren(...shown(view.mode === "exact" ? exactParts(part) : parts(part)));
    if (part.length < source.length) block.append(h("span", { class: "muted" }, " …"));
    exact.setAttribute("aria-pressed", String(view.mode === "exact"));
    json?.setAttribute("aria-pressed", String(view.mode === "json"));
    if (more) {
      more.textContent = view.isOpen ? "Show less" : `Show all ${size}`;
      more.setAttribute("aria-expanded", String(view.isOpen));
    }
    note.textContent = { json: "Laid out for reading: only blanks and line breaks were added.", exact: "Blanks at the ends are shown as ·, line ends as ⏎, tabs as →." }[view.mode] ?? "";
    note.hidden = view.mode === "plain";
  };
  const toggle = (mode) => () => {
    view.mode = view.mode === mode ? "plain" : mode;
    draw();
  };
  exact.addEventListener("click", toggle("exact"));
  json?.addEventListener("click", toggle("json"));
  more?.addEventListener("click", () => {
    view.isOpen = !view.isOpen;
    draw();
  });
  draw();
  const body = text === "" ? h("p", { class: "muted" }, "The empty text.") : h("pre", { tabindex: "0", role: "group", "aria-label": "Text of the record" }, block);
  return h("div", { class: "record-text" }, body, note,
    h("p", { class: "buttons" }, more, copyButton(text, "the text", "Copy text", { quiet: true }), text === "" ? null : exact, json));
}
