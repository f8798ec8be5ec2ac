// The settings of the page.

import { h } from "./dom.js";
import * as prefs from "./prefs.js";

const MENU = [
  ["theme", "Colours", { system: "As the system", light: "Light", dark: "Dark" }],
  ["zone", "Times in", { local: "Local time", utc: "UTC" }],
  ["time", "Show times as", { age: "Ages", exact: "Exact times" }],
  ["hash", "Show hashes", { short: "Shortened", full: "In full" }],
  ["keys", "The key /", { on: "Goes to the search", off: "Does nothing" }],
];

/** The menu in the header. */
export function menu() {
  const groups = MENU.map(([key, name, values]) => h("fieldset", {}, h("legend", {}, name),
    Object.entries(values).map(([value, word]) => {
      const input = h("input", { type: "radio", name: key, value, checked: prefs.get(key) === value });
      input.addEventListener("change", () => prefs.set(key, value));
      return h("label", {}, input, word);
    })));
  const clock = h("p", { class: "muted small", id: "skew" });
  const details = h("details", { class: "menu" }, h("summary", {}, "Settings"), h("div", { class: "panel" }, groups, clock));
  document.addEventListener("click", (event) => details.contains(event.target) || details.removeAttribute("open"));
  details.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !details.open) return;
    details.open = false;
    details.querySelector("summary").focus();
  });
  return details;
}
