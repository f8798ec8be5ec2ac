// The settings of the page.

import { h } from "./dom.js";
import * as prefs from "./prefs.js";

const MENU = [
  ["theme", "Colours", { system: "System", light: "Light", dark: "Dark" }],
  ["zone", "Times in", { local: "Local time", utc: "UTC" }],
  ["time", "Show times as", { age: "Ages", exact: "Exact times" }],
  ["hash", "Show hashes", { short: "Shortened", full: "In full" }],
  ["keys", "The key /", { on: "Goes to the search", off: "Does nothing" }],
];

/** What each state of the link to the node means. */
const LINK_NOTES = {
  starting: "The page waits for the node's first response.", live: "The node sends each change as it happens.",
  polling: "The node has no stream for this tab. The page asks it every 5 s.", reconnecting: "The link to the node was lost.",
  offline: "Nothing comes from the node. The page tries again by itself.", paused: "Nothing on the page changes until you resume.",
  stopped: "The page shows the directory of a node that is stopped.", "signed-out": "The node no longer accepts your name and password.",
};

const note = h("p", { class: "small" });

/** Says in the menu how the page learns of changes. */
export function showLinkNote(state) {
  if (note.textContent !== LINK_NOTES[state]) note.textContent = LINK_NOTES[state];
}

/** The menu in the header. */
export function menu() {
  const groups = MENU.map(([key, name, values]) => h("fieldset", {}, h("legend", {}, name),
    Object.entries(values).map(([value, word]) => {
      const input = h("input", { type: "radio", name: key, value, checked: prefs.get(key) === value });
      input.addEventListener("change", () => prefs.set(key, value));
      return h("label", {}, input, word);
    })));
  const notes = [note, groups, h("p", { class: "muted small", id: "skew" })];
  const details = h("details", { class: "menu" }, h("summary", {}, "Settings"), h("div", { class: "panel" }, notes));
  document.addEventListener("click", (event) => details.contains(event.target) || details.removeAttribute("open"));
  details.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !details.open) return;
    details.open = false;
    details.querySelector("summary").focus();
  });
  return details;
}
