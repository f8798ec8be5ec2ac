// Pages on paper: every fold is opened, and the sheet says where it is from and when it was printed.

import { here } from "./base.js";
import { h } from "./dom.js";
import * as format from "./format.js";
import * as prefs from "./prefs.js";

let folds = [];

function open(place) {
  const details = Array.from(place.querySelectorAll("details:not([open])"));
  const texts = Array.from(place.querySelectorAll(".record-text button[aria-expanded=false]"));
  for (const one of details) one.open = true;
  for (const one of texts) one.click();
  folds = [...details.map((one) => () => (one.open = false)), ...texts.map((one) => () => one.click())];
}

/** Prepares `place` for paper whenever it is printed, and puts it back afterwards. */
export function preparePrint(place) {
  const from = h("p", { class: "printed" });
  place.before(from);
  addEventListener("beforeprint", () => {
    from.textContent = `${here()}, printed ${format.exact(Date.now(), prefs.get("zone"))}`;
    open(place);
  });
  addEventListener("afterprint", () => {
    for (const close of folds) close();
    folds = [];
  });
}
