// A receipt being verified: the verdict, the steps with their numbers, and what they mean.

import { card, chip, command, copyButton, h, icon, inline, number, row, state, table, time } from "./dom.js";
import { hasWebCrypto } from "./hash.js";
import { verify } from "./proof.js";
import { recordText } from "./record_text.js";

const SYMBOLS = { ok: "ok", bad: "bad", open: "warn", skipped: "neutral" };
const WORDS = { ok: "holds", bad: "fails", open: "open", skipped: "not checked" };

/** Two hashes one below the other: equal digits are muted, and the first that differs is marked. */
function comparison([[firstName, first], [secondName, second]]) {
  const at = Array.from(first).findIndex((digit, place) => digit !== second[place]);
  const end = at < 0 ? first.length : at;
  const group = (digits, from) => {
    const place = Math.min(Math.max(end - from, 0), digits.length);
    return h("span", { class: "group" }, h("span", { class: "muted" }, digits.slice(0, place)),
      place < digits.length && from + place === at ? h("strong", { class: "differs" }, digits[place]) : digits.slice(place, place + 1), digits.slice(place + 1));
  };
  const cut = (text, size) => text.match(new RegExp(`.{1,${size}}`, "g")) ?? [];
  const nested = (text, from, [[name, size], ...inner]) => cut(text, size).map((part, at) =>
    (inner.length ? h("span", { class: name }, nested(part, from + size * at, inner)) : group(part, from + size * at)));
  const marked = (text) => h("span", { class: "digits" }, nested(text, 0, [["half", 32], ["pair", 16], ["group", 8]]));
  const line = (name, text) => h("div", { class: "is-wide" }, h("dt", {}, name), h("dd", {}, marked(text)));
  return h("dl", { class: "facts" }, line(firstName, first), line(secondName, second));
}

const LEVELS = [{ name: "Level" }, { name: "Beside it" }, { name: "Hash beside it", wide: true }, { name: "Hash of both", wide: true }];

const digits = (hash, full = false) => chip("hash", hash, { full });

function numbers({ levels, hashes, values }) {
  const parts = [];
  if (values) parts.push(comparison(values));
  if (hashes) {
    parts.push(h("dl", { class: "facts" }, hashes.map(([name, hash]) =>
      h("div", {}, h("dt", {}, name), h("dd", {}, digits(hash, true))))));
  }
  if (levels?.length) {
    parts.push(table("The path, from the leaf up", LEVELS, levels.map(({ level, side, sibling, result }) =>
      row(LEVELS, [String(level), side, digits(sibling), digits(result)])), { compact: true }));
  }
  return parts.length ? h("details", {}, h("summary", {}, "Show the numbers"), h("div", { class: "numbers" }, parts)) : null;
}

const stepView = (step) => h("li", { class: `step is-${SYMBOLS[step.state]}` },
  icon(SYMBOLS[step.state]),
  h("div", {}, h("h3", {}, step.title, h("span", { class: "aside" }, `: ${WORDS[step.state]}`)), h("p", {}, inline(step.text)), numbers(step)));

function verdict({ verdict: outcome, receipt, reason, steps }) {
  const place = receipt && `This text is record ${receipt.recordIndex.toLocaleString("en")} of block ${receipt.header.height.toLocaleString("en")}`;
  const words = {
    verified: ["ok", "Verified", `${place}, and ${steps.at(-1)?.outcome ?? "that block is part of the history of the tip you gave"}.`],
    unanchored: ["warn", "Sound, not anchored", "The receipt is consistent, but nothing here says that its tip is real: anyone could have mined it. Compare the tip hash with one that you trust."],
    failed: ["bad", "Does not verify", reason],
    unreadable: ["neutral", "Could not be checked", `This is not a receipt: ${reason}.`],
  };
  const [kind, word, sentence] = words[outcome];
  const { values } = steps.find((step) => step.state === "bad") ?? {};
  return h("div", { class: `verdict is-${kind}`, "data-verdict": outcome }, h("h2", {}, state(kind, word)), h("p", {}, inline(sentence)), values ? comparison(values) : null);
}

/** How the code that checks came here. */
function line() {
  if (location.protocol === "https:") return "by TLS";
  return hasWebCrypto() ? "by plain HTTP from this machine" : "over an open line, by plain HTTP from another machine: use TLS or an SSH tunnel";
}

const SHOWN = {
  verified: "This exact text existed when the tip was made, at the latest. The time of a block is its miner's claim, and may be up to 2 minutes off.",
  unanchored: "Nothing yet. If the tip is one that you trust, it shows that this exact text existed when the tip was made, at the latest.",
  failed: "Nothing: a receipt that does not verify proves nothing about the text, whichever step fails. Get it again from the node that made it.",
};

const meaning = (outcome, file) => card("What this shows",
  h("p", {}, SHOWN[outcome]),
  outcome === "failed" ? null : h("p", {}, "It does not show who wrote the text, or that it is true, or the work of the blocks between."),
  h("p", {}, `The code that checked it came from this node, ${line()}. For an independent check, run this on a machine that you trust, where TIP is the hash of a block that you trust:`),
  toRun(`jenny receipt verify ${file} --tip TIP`));

const toRun = (text) => h("p", { class: "command" }, command(text), copyButton(text, "the command"));

const subject = ({ record, header, tip, chainId }) => card("What the receipt says",
  recordText(record),
  h("dl", { class: "facts" }, [
    ["Block", [number(Number(header.height)), " ", chip("block", header.hash)]],
    ["Block time", time(Number(header.timestamp), { always: "exact" })],
    ["Tip", [number(Number(tip.height)), " ", chip("block", tip.hash)]],
    ["Chain id", chip("chain", chainId)],
  ].map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value)))));

/**
 * Verifies a receipt into `place`, which shows nothing else from then on. `anchor` is that of
 * `verify`, and `file` what the receipt is called in the command. Returns the result.
 */
export async function showProof(place, data, anchor, file = "FILE") {
  const run = Symbol("run");
  place.run = run;
  const list = h("ol", { class: "steps" });
  const progress = h("p", { class: "muted", role: "status" }, "Checking 1 of 7");
  place.replaceChildren(progress, list);
  const result = await verify(data, anchor, (step, at) => {
    if (place.run !== run) return;
    list.append(stepView(step));
    progress.textContent = at < 6 ? `Checking ${at + 2} of 7` : "Checked";
  });
  // Another one was begun meanwhile.
  if (place.run !== run) return result;
  const { receipt } = result;
  place.replaceChildren(verdict(result), ...(receipt ? [h("div", { class: "columns" }, list, h("div", { class: "stack" }, subject(receipt), meaning(result.verdict, file)))] : []));
  return result;
}
