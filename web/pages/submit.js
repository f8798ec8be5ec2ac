// Submit: sends one record, or the lines of a file, and shows what becomes of them.

import * as api from "../api.js";
import { card, chip, command, empty, h, state } from "../dom.js";
import * as format from "../format.js";
import { mayWrite, model, stopped } from "../model.js";

/** Records of one request, and the most bytes of them. */
const BATCH_RECORDS = 1_000;
const BATCH_BYTES = 1 << 20;

/** Ids whose state is shown. */
const SHOWN = 20;

/** Cuts lines into requests. */
function* batches(lines) {
  let [batch, size] = [[], 0];
  for (const line of lines) {
    const length = line.length * 3;
    if (batch.length >= BATCH_RECORDS || (batch.length && size + length > BATCH_BYTES)) {
      yield batch;
      [batch, size] = [[], 0];
    }
    batch.push(line);
    size += length;
  }
  if (batch.length) yield batch;
}

export function submit({ body, title }) {
  title("Submit");
  const text = h("textarea", { id: "record", rows: "5", spellcheck: "false" });
  const send = h("button", { class: "button is-primary", type: "submit", "data-write": true }, "Submit one record");
  const one = h("form", { class: "card" }, h("h2", {}, "One record"), h("p", { class: "field" }, h("label", { for: "record" }, "Text of the record")), text,
    h("p", { class: "muted small" }, "The text is taken exactly as it is here, with its line breaks. It becomes public to everybody who may read this node, and cannot be removed from the chain."),
    h("p", { class: "buttons" }, send));
  const file = h("input", { id: "lines", type: "file" });
  const start = h("button", { class: "button", type: "submit", "data-write": true }, "Submit every line");
  const many = h("form", { class: "card" }, h("h2", {}, "The lines of a file"), h("p", { class: "field" }, h("label", { for: "lines" }, "File, one record a line")), file,
    h("p", { class: "muted small" }, "Lines that are empty are left out. Equal lines are one record."), h("p", { class: "buttons" }, start));
  const progress = h("div", { role: "status" });
  const list = h("ul", { class: "hits" });
  const results = card("What became of them", progress, list);
  results.hidden = true;
  let [ids, watching] = [[], null];

  function show(states) {
    list.replaceChildren(...states.slice(0, SHOWN).map(({ id, state: where, height }) => h("li", {}, chip("record", id), " ",
      where === "included" ? state("ok", height === undefined || height === null ? "included" : `in block ${format.number(height)}`) : state("running", where))));
    if (states.length > SHOWN) list.append(h("li", { class: "muted" }, `and ${format.number(states.length - SHOWN)} more`));
  }

  async function watch() {
    if (!ids.length || model.link === "paused" || document.hidden) return;
    const looked = await Promise.all(ids.slice(0, SHOWN).map((id) => api.find(`v1/records/${id}`).catch(() => null)));
    const states = ids.map((id, at) => looked[at] ?? { id, state: "pending" });
    show(states);
    if (looked.some((record) => record?.state !== "included")) watching ??= setTimeout(() => ((watching = null), watch()), 2000);
  }

  async function deliver(lines) {
    results.hidden = false;
    const focused = document.activeElement;
    for (const button of [send, start]) button.disabled = true;
    ids = [];
    let [sent, known] = [0, 0];
    try {
      for (const batch of batches(lines)) {
        progress.replaceChildren(h("p", {}, `Sending: ${format.number(sent)} of ${format.number(lines.length)} `), h("progress", { max: String(lines.length), value: String(sent), "aria-label": "Sent" }));
        const taken = await api.send("POST", "v1/records", { data: batch });
        sent += batch.length;
        known += taken.filter(({ state: where }) => where === "included").length;
        ids.push(...taken.map(({ id }) => id));
      }
      const before = known ? ` ${format.number(known)} were in blocks before.` : "";
      progress.replaceChildren(h("p", {}, state("ok", `Taken: ${format.count(sent, "record")}, durable on the node's disk.`), before));
      watch();
      return true;
    } catch (error) {
      progress.replaceChildren(h("p", {}, state("bad", `${error.title}.`), ` ${error.detail} ${sent ? `The first ${format.number(sent)} were taken. Sending the file again changes nothing about them.` : "Nothing was taken."}`));
      return false;
    } finally {
      for (const button of [send, start]) button.disabled = false;
      // A button that is disabled loses the focus.
      if (document.activeElement === document.body) focused?.focus();
    }
  }

  one.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (await deliver([text.value])) text.value = "";
  });
  many.addEventListener("submit", async (event) => {
    event.preventDefault();
    const [chosen] = file.files;
    if (!chosen) {
      file.focus();
      return;
    }
    results.hidden = false;
    try {
      const lines = new TextDecoder("utf-8", { fatal: true }).decode(await chosen.arrayBuffer()).split(/\r?\n/).filter((line) => line !== "");
      if (lines.length) await deliver(lines);
      else progress.replaceChildren(h("p", {}, state("neutral", "The file has no lines.")));
    } catch {
      progress.replaceChildren(h("p", {}, state("bad", "The file is not UTF-8 text.")));
    }
  });

  function draw() {
    if (!model.status) return;
    if (mayWrite()) {
      if (!one.isConnected) body.replaceChildren(one, many, results);
    } else if (stopped()) {
      body.replaceChildren(empty("Nothing can be submitted: this is a read-only view of a stopped node.", h("p", { class: "muted" }, "To add records, start the node: ", command("jenny run"))));
    } else {
      body.replaceChildren(empty(`You are ${model.status.you.name}, a ${model.status.you.role}: submitting records takes the role writer or operator.`, h("p", { class: "muted" }, "An operator adds a user with such a role: ", command("jenny user add NAME --role writer"))));
    }
  }

  return {
    start: draw,
    stop: () => (clearTimeout(watching), (watching = null)),
    changed(what) {
      if (what === "status") draw();
      if ((what === "blocks" || (what === "link" && ["live", "polling"].includes(model.link))) && ids.length) {
        clearTimeout(watching);
        watching = null;
        watch();
      }
    },
  };
}
