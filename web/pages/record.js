// A record: its text, how far it has come, and the receipt, verified here.

import * as api from "../api.js";
import { here, root } from "../base.js";
import { card, chip, copyButton, empty, facts, h, icon, link, loading, number, redraw, time } from "../dom.js";
import * as format from "../format.js";
import { recordId } from "../hash.js";
import { isOperator, model, stopped, tip } from "../model.js";
import * as prefs from "../prefs.js";
import { showProof } from "../proof_view.js";
import { recordText } from "../record_text.js";

/** Shortest time between two looks at the record while blocks come fast. */
const LOOK_EVERY = 1_000;

/** The steps that a record has behind it and before it. */
function steps(record, confirmations) {
  const included = record.state === "included";
  const step = (done, name, ...more) => h("li", { class: done ? "is-ok" : "is-open" }, icon(done ? "ok" : "open"), h("span", {}, name, h("span", { class: "aside" }, done ? ", done" : ", not yet"), more));
  return h("ol", { class: "state-line" },
    record.displaced.map(({ height, hash, time: when }) => h("li", { class: "is-neutral" }, icon("neutral"), h("span", {}, h("s", {}, `In block ${format.number(height)}`), " displaced ", time(when), " ", chip("block", hash)))),
    step(true, "Pending"),
    step(included, included ? ["In block ", number(record.height)] : "In a block"),
    step(included, included ? format.count(confirmations, "confirmation") : "Confirmed"));
}

export function record(context) {
  const { body, title } = context;
  const id = context.item.toLowerCase();
  const name = id.length > 17 ? `${id.slice(0, 8)}…${id.slice(-8)}` : id;
  title(`Record ${name}`, h("span", {}, "Record ", h("span", { class: "mono" }, name)));
  let [shown, timer, lookedAt, proofOf, proven] = [null, null, 0, null, null];
  let [isMissing, isDue, offer] = [false, false, null];
  const line = h("div", { role: "group", "aria-label": "How far the record has come" });
  const place = h("div", {});
  const about = h("div", {});
  const proof = h("div", { class: "proof" });
  const textPlace = h("div", {});
  const note = h("p", { role: "status" });

  const confirmations = () => Math.max(1, (tip()?.height ?? shown.height) - shown.height + 1);

  function drawLine() {
    redraw(line, steps(shown, shown.state === "included" ? confirmations() : 0));
  }

  async function cancel() {
    try {
      await api.send("DELETE", `v1/records/${id}`);
      look();
    } catch (error) {
      note.textContent = `${error.title}. ${error.detail}`;
    }
  }

  function drawAbout() {
    const pairs = [["Record id", chip("record", id, { full: true })]];
    if (shown.state === "included") {
      pairs.push(["Block", [number(shown.height), " ", chip("block", shown.blockHash)]], ["Place in the block", [number(shown.index), ", counted from 0"]],
        ["Time of the block", [time(shown.time, { always: "exact" }), " (", time(shown.time, { always: "age" }), ")"]]);
    } else {
      const take = isOperator() ? h("button", { class: "button", type: "button", "data-write": true, onclick: cancel }, "Take it back") : null;
      pairs.push(["Pending", [stopped() ? "The record waited for a block when the node was stopped." : "The record waits for a block. The page changes when it is in one.", take && h("p", { class: "buttons" }, take)]]);
    }
    offer = `${isOperator()} ${Boolean(stopped())}`;
    about.replaceChildren(facts(pairs), note);
  }

  /** The page relies on the node for the receipt alone: what that says is checked here. */
  async function prove() {
    if (shown.state !== "included") {
      proofOf = null;
      place.replaceChildren(empty("A receipt proves that a record is in a block. This one is in none yet."));
      return;
    }
    if (proofOf === shown.blockHash) return;
    proofOf = shown.blockHash;
    place.replaceChildren(proof);
    proof.replaceChildren(loading("the receipt", () => ((proofOf = null), prove())));
    const file = `receipt-${id}.json`;
    try {
      const data = new TextEncoder().encode(await api.text(`v1/records/${id}/receipt`, { signal: context.signal }));
      const { receipt } = await showProof(proof, data, async ({ hash, height }) => {
        const onMain = await api.find(`v1/blocks/${height}/header`, { signal: context.signal });
        const isTrusted = onMain?.hash === hash;
        const when = format.clock(api.now(), prefs.get("zone"));
        return { isTrusted, text: isTrusted ? `The node has this block on its main chain, at ${when}.` : `The node's main chain has another block at height ${height}.`, outcome: "that block is part of the chain this node follows" };
      }, file);
      proven = receipt?.tip;
      proof.append(h("p", { class: "buttons" },
        h("a", { class: "button", href: `${root}v1/records/${id}/receipt`, download: file }, "Download the receipt"),
        copyButton(here(), "the link", "Copy the link"),
        h("button", { class: "button", type: "button", onclick: () => print() }, "Print")));
    } catch (error) {
      if (error.name === "AbortError") return;
      proofOf = null;
      proof.replaceChildren(empty(`The receipt cannot be shown: ${error.title ?? error.message}. ${error.detail ?? ""}`, h("p", {}, h("button", { class: "button", type: "button", onclick: prove }, "Try again"))));
    }
  }

  async function missing() {
    const { blocks } = await api.get(`v1/search?q=${id}`, { signal: context.signal }).catch(() => ({ blocks: [] }));
    body.replaceChildren(empty("No record that is pending or on the main chain has this id.",
      blocks.length ? h("p", {}, "There is a block with this hash: ", chip("block", blocks[0].hash)) : null,
      h("p", { class: "muted" }, "The id of a record is the hash of its exact text: every blank and line break counts. A record that only a displaced block has is not found here.")));
    shown = null;
  }

  async function look() {
    lookedAt = Date.now();
    clearTimeout(timer);
    timer = null;
    if (!shown && !isMissing && !body.firstChild) body.replaceChildren(loading("the record", look));
    if (!/^[0-9a-f]{64}$/.test(id)) {
      body.replaceChildren(empty("This is no record id: an id has 64 hexadecimal digits."));
      return;
    }
    try {
      const found = await api.find(`v1/records/${id}`, { signal: context.signal });
      isMissing = !found;
      if (!found) {
        await missing();
        return;
      }
      const isNew = !shown;
      const moved = isNew || shown.blockHash !== found.blockHash || shown.state !== found.state || shown.displaced.length !== found.displaced.length;
      shown = found;
      if (isNew) {
        textPlace.replaceChildren(recordText(found.data));
        const isOther = (await recordId(found.data)) !== id;
        if (isOther) textPlace.prepend(h("div", { class: "banner is-bad", role: "alert" }, icon("bad"), h("p", {}, "The node sent a text that does not have this id. Do not trust it.")));
        body.replaceChildren(line, h("div", { class: "columns" }, card("Text", textPlace), card("Where it is", about)), h("section", { class: "proofs" }, h("h2", {}, "Receipt"), place));
      }
      drawLine();
      if (moved) {
        drawAbout();
        prove();
      }
    } catch (error) {
      if (error.name === "AbortError") return;
      if (!shown) context.fail(error, look);
    }
  }

  /** A receipt whose tip was displaced is replaced: it would lead to a chain that lost. */
  async function renew() {
    if (!proven) return;
    // A chain with more work may be shorter, and have no block at that height.
    const main = await api.find(`v1/blocks/${proven.height}/header`, { signal: context.signal }).catch(() => proven);
    if (main?.hash === proven.hash || !shown) return;
    proofOf = null;
    prove();
  }

  return {
    start: look,
    stop: () => clearTimeout(timer),
    changed(what) {
      // Whether the node runs, and what the reader may do, may be known only now.
      if (what === "status" && shown && offer !== `${isOperator()} ${Boolean(stopped())}`) drawAbout();
      if (what === "link" && model.link === "paused") {
        // A look that is due waits until the reader resumes.
        isDue ||= timer !== null;
        clearTimeout(timer);
        timer = null;
      } else if (what === "link" && isDue && ["live", "polling"].includes(model.link)) {
        isDue = false;
        look();
      }
      if (what === "reorg") renew();
      if (what !== "blocks") return;
      if (shown) drawLine();
      // A block may have it, or a reorg may have taken it away.
      timer ??= setTimeout(look, Math.max(0, lookedAt + LOOK_EVERY - Date.now()));
    },
  };
}
