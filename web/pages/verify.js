// Verify: checks a receipt without the node, from a file or from what is pasted.

import * as api from "../api.js";
import { h } from "../dom.js";
import * as format from "../format.js";
import * as prefs from "../prefs.js";
import { MAX_RECEIPT_BYTES } from "../proof.js";
import { showProof } from "../proof_view.js";

export function verifyPage({ body, title }) {
  title("Verify a receipt");
  const text = h("textarea", { id: "receipt", rows: "8", spellcheck: "false", autocomplete: "off", class: "mono" });
  const file = h("input", { id: "receipt-file", type: "file", accept: ".json,application/json" });
  const trusted = h("input", { id: "trusted", class: "mono", autocomplete: "off", spellcheck: "false", size: "66", maxlength: "200" });
  const ask = h("button", { class: "button", type: "button" }, "Ask this node about the tip");
  const note = h("p", { class: "muted", role: "status" });
  const place = h("div", { class: "proof" });
  const drop = h("div", { class: "drop" },
    h("p", { class: "field" }, h("label", { for: "receipt-file" }, "A receipt from a file")), file,
    h("p", { class: "muted small" }, "Drop a file here, or paste the receipt below."),
    h("p", { class: "field" }, h("label", { for: "receipt" }, "The receipt as text")), text);
  const form = h("form", { class: "card" }, drop,
    h("p", { class: "field" }, h("label", { for: "trusted" }, "Hash of a tip that you trust (optional)")), trusted,
    h("p", { class: "buttons" }, h("button", { class: "button is-primary", type: "submit" }, "Verify"), ask),
    h("p", { class: "muted small" }, "Nothing leaves this page: it does not ask the node, unless you press the button for it."), note);
  let data = null;

  async function check(anchor) {
    const result = await showProof(place, data, anchor);
    const printing = h("p", { class: "buttons" }, h("button", { class: "button", type: "button", onclick: () => print() }, "Print"));
    if (result.receipt && !place.querySelector(":scope > .buttons")) place.append(printing);
    return result;
  }

  /** Compares the tip with the hash in the field, if there is one. */
  async function byField({ hash }) {
    const wanted = trusted.value.trim().toLowerCase().replace(/^0x/, "");
    if (wanted === "") return null;
    const isTrusted = wanted === hash;
    return { isTrusted, text: isTrusted ? "Its hash is the one that you gave." : "The receipt has another tip than the one that you trust.", ...(isTrusted ? {} : { values: [["In the receipt", hash], ["The one that you trust", wanted]] }) };
  }

  async function byNode({ hash, height }) {
    const header = await api.find(`v1/blocks/${height}/header`);
    const isTrusted = header?.hash === hash;
    return { isTrusted, text: isTrusted ? `The node has the tip on its main chain, at ${format.clock(api.now(), prefs.get("zone"))}.` : "The node does not have the tip on its main chain.", outcome: "that block is part of the chain this node follows" };
  }

  async function run(anchor) {
    note.textContent = "";
    ask.disabled = false;
    if (data === null && text.value.trim() !== "") data = text.value;
    if (data === null) {
      place.replaceChildren();
      note.textContent = "Choose a file, or paste a receipt.";
      return;
    }
    try {
      const result = await check(anchor);
      ask.disabled = result.verdict === "unreadable";
    } catch (error) {
      note.textContent = `The node could not be asked: ${error.title ?? error.message}.`;
    }
  }

  async function take(chosen) {
    if (chosen.size > MAX_RECEIPT_BYTES) {
      place.replaceChildren();
      data = null;
      note.textContent = `The file has ${format.bytes(chosen.size)}; receipts have at most ${format.bytes(MAX_RECEIPT_BYTES)}.`;
      return;
    }
    data = new Uint8Array(await chosen.arrayBuffer());
    text.value = "";
    await run(byField);
    note.textContent = `Checked ${chosen.name}.`;
  }

  file.addEventListener("change", () => file.files[0] && take(file.files[0]));
  text.addEventListener("input", () => {
    data = null;
    file.value = "";
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (text.value.trim() !== "") data = text.value;
    run(byField);
  });
  ask.addEventListener("click", () => run(byNode));
  drop.addEventListener("dragover", (event) => {
    event.preventDefault();
    drop.classList.add("is-over");
  });
  drop.addEventListener("dragleave", () => drop.classList.remove("is-over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("is-over");
    const [chosen] = event.dataTransfer.files;
    if (chosen) take(chosen);
  });
  body.append(form, place);
  return {};
}
