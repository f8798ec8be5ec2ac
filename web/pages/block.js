// A block: its header, what each part of it commits to, its place in the chain, and its records.

import * as api from "../api.js";
import { card, chip, empty, h, link, loading, number, tag, time } from "../dom.js";
import * as format from "../format.js";
import { model, tip } from "../model.js";
import { height as heightOf } from "../query.js";
import { recordText } from "../record_text.js";

const PAGE_RECORDS = 50;

/** What is known of a hash or height: its header, and whether it is on the main chain. */
async function find(name, signal) {
  const header = await api.find(`v1/blocks/${name}/header`, { signal, cache: "default" });
  if (!header) return null;
  const main = await api.find(`v1/blocks/${header.height}/header`, { signal });
  if (main?.hash === header.hash) return { header, standing: null };
  const held = await api.find(`v1/blocks/${header.height}/${header.hash}`, { signal });
  return { header, standing: { onMainChain: false, replacedBy: held?.replacedBy ?? main?.hash ?? null, displaced: held?.displaced ?? null } };
}

/** A large number in short, and in full. */
const attempts = (value) => (value < 1000n ? String(value) : `${format.large(value)} (${format.number(value)})`);

const HEADER = [
  ["Height", ({ height }) => number(height), "How many blocks are below it."],
  ["Hash", ({ hash }) => chip("block", hash, { full: true, mark: true }), "Names this block. It covers all other lines of this table but the difficulty."],
  ["Previous block", ({ previousHash, height }) => (height === 0 ? "none, this is the first one" : chip("block", previousHash, { full: true, mark: true })), "Commits to every block below it."],
  ["Record root", ({ merkleRoot }) => chip("merkle", merkleRoot, { full: true, mark: true }), "Commits to every record of this block, in order."],
  ["History root", ({ historyRoot }) => chip("history", historyRoot, { full: true, mark: true }), "Commits to the hashes of all blocks before it, for short proofs."],
  ["Records", ({ recordCount }) => number(recordCount), "How many records the record root covers."],
  ["Time", ({ timestamp }) => [time(timestamp, { always: "exact" }), " (", time(timestamp, { always: "age" }), ")"], "When the miner says it was mined."],
  ["Target", ({ bits }) => [h("code", {}, bits), `, about ${attempts(format.attempts(bits))} attempts`], "The hash is at most this: the proof of work."],
  ["Difficulty", ({ difficulty }) => format.short(difficulty), "How much harder the target is than the chain's easiest one. Not hashed."],
  ["Nonce", ({ nonce }) => h("code", {}, String(nonce)), "What the miner varied to meet the target."],
  ["Version", ({ version }) => number(version), "The layout of the header."],
];

function headerTable(header) {
  const rows = HEADER.map(([name, value, meaning]) => h("tr", { role: "row" },
    h("th", { scope: "row", role: "rowheader" }, name), h("td", { role: "cell" }, value(header)), h("td", { role: "cell", class: "meaning" }, meaning)));
  return h("table", { class: "header-table", role: "table" }, h("caption", { class: "aside" }, "The header, and what each part of it commits to"), h("tbody", { role: "rowgroup" }, rows));
}

function displacedBanner({ replacedBy, displaced }) {
  const when = displaced ? [" A reorg took it off the main chain at ", time(displaced.time, { always: "exact" }), `: it disconnected ${format.count(displaced.depth, "block")} above block ${format.number(displaced.fork)}.`] : " It was never on the main chain, or that was too long ago to say.";
  const instead = replacedBy ? [" The main chain has ", chip("block", replacedBy), " at this height."] : " The main chain ends below this height.";
  const records = displaced ? [" ", link(`network?reorg=${displaced.number}`, "What became of its records")] : "";
  return h("div", { class: "banner is-warn", role: "status" }, tag("warn", "displaced"), h("p", {}, "This block is not on the main chain.", when, instead, records));
}

export function block(context) {
  const { body, query, title } = context;
  const item = context.item.toLowerCase();
  const asked = /^[1-9]\d{0,8}$/.test(query.get("page") ?? "") ? Number(query.get("page")) : 1;
  const isHeight = /^\d+$/.test(item) && heightOf(item) !== null;
  let [shown, standing, confirmations, place, isMissing, isReading] = [null, null, null, null, false, false];
  title(isHeight ? `Block ${format.number(Number(item))}` : "Block");

  function showConfirmations() {
    if (!shown || standing || !tip()) return;
    const count = tip().height - shown.height + 1;
    confirmations.replaceChildren(count > 0 ? format.count(count, "confirmation") : "above the tip that is shown");
  }

  const beside = h("nav", { class: "pager", "aria-label": "Neighbours" });

  function showNeighbours() {
    const { height, previousHash } = shown;
    const below = height === 0 ? h("span", { class: "muted" }, "The first block") : link(`block/${previousHash}`, `Previous, ${format.number(height - 1)}`, { rel: "prev" });
    const top = tip()?.height ?? height;
    const next = standing ? null : height >= top ? h("span", { class: "muted" }, "The latest block") : link(`block/${height + 1}`, `Next, ${format.number(height + 1)}`, { rel: "next" });
    if (next?.tagName === "A") {
      api.find(`v1/blocks/${height + 1}/header`, { signal: context.signal }).then((header) => header && (next.href = link(`block/${header.hash}`, "").href)).catch(() => {});
    }
    beside.replaceChildren(...[below, next].filter(Boolean));
  }

  async function records() {
    if (shown.recordCount === 0) {
      place.replaceChildren(empty("This block has no records."));
      return;
    }
    place.replaceChildren(loading("records", records));
    const pages = Math.ceil(shown.recordCount / PAGE_RECORDS);
    const page = Math.min(asked, pages);
    const first = (page - 1) * PAGE_RECORDS;
    try {
      const list = await api.get(`v1/blocks/${shown.hash}/records?from=${first}&limit=${PAGE_RECORDS}`, { signal: context.signal, cache: "default" });
      const last = first + list.length;
      const to = (number, word, rel) => link(`block/${shown.hash}${number > 1 ? `?page=${number}` : ""}`, word, { rel });
      const pager = pages > 1 ? h("nav", { class: "pager", "aria-label": "Pages of records" },
        page > 1 ? to(page - 1, "Earlier records", "prev") : h("span", { class: "muted" }, "The first records"),
        h("span", { class: "muted" }, `Page ${format.number(page)} of ${format.number(pages)}`),
        page < pages ? to(page + 1, "Later records", "next") : h("span", { class: "muted" }, "The last records")) : null;
      place.replaceChildren(
        h("p", { class: "muted record-range" }, `Records ${format.number(first)} to ${format.number(last - 1)} of ${format.number(shown.recordCount)}, counted from 0.`),
        ...list.map(({ id, index, data }) => h("article", { class: "record" },
          h("h3", {}, `Record ${format.number(index)} `, chip("record", id), h("span", { class: "size" }, format.bytes(new TextEncoder().encode(data).length))), recordText(data))),
        pager ?? "");
    } catch (error) {
      if (error.name !== "AbortError") place.replaceChildren(empty(`The records cannot be shown: ${error.title ?? error.message}.`, h("p", {}, h("button", { class: "button", type: "button", onclick: records }, "Try again"))));
    }
  }

  function draw() {
    title(`Block ${format.number(shown.height)}`, ["Block ", number(shown.height)].reduce((all, part) => (all.append(part), all), h("span", {})));
    confirmations = h("p", { class: "confirmations" });
    place = h("div", {});
    body.replaceChildren(...[
      h("div", { class: "lead" }, standing ? h("p", { class: "muted" }, "Not on the main chain") : confirmations, beside),
      standing ? displacedBanner(standing) : null,
      isHeight ? h("p", { class: "muted" }, `The block at this height is now the one below. `, link(`block/${shown.hash}`, "Permanent link to it")) : null,
      card("Header", headerTable(shown), h("details", {}, h("summary", {}, "Raw JSON"), h("pre", {}, JSON.stringify(shown, null, 2)))),
      card("Records", place),
    ].filter(Boolean));
    showNeighbours();
    showConfirmations();
    records();
  }

  /** What names no block: the node need not be asked. */
  function refuse() {
    title("There is no such block");
    body.replaceChildren(empty("An address names a block by its height, or by its hash of 64 hexadecimal digits.", h("p", {}, link("blocks", "Go to the latest blocks"))));
  }

  async function load() {
    if (!isHeight && !/^[0-9a-f]{64}$/.test(item)) {
      refuse();
      return;
    }
    if (!shown && !isMissing) body.replaceChildren(loading("the block", load));
    isReading = true;
    try {
      const found = await find(item, context.signal);
      isMissing = !found;
      if (!found) {
        title(isHeight ? `Block ${format.number(Number(item))}` : "There is no such block");
        const top = tip() ?? (await api.get("v1/status", { signal: context.signal })).tip;
        body.replaceChildren(empty(isHeight ? `There is no block at this height: the chain ends at ${format.number(top.height)}.` : "No stored block has this hash. Blocks off the main chain are removed after a while.", h("p", {}, link("blocks", "Go to the latest blocks"))));
        return;
      }
      const isSame = shown?.hash === found.header.hash && Boolean(standing) === Boolean(found.standing) && standing?.replacedBy === found.standing?.replacedBy;
      ({ header: shown, standing } = found);
      if (!isSame) draw();
    } catch (error) {
      context.fail(error, load);
    } finally {
      isReading = false;
    }
  }


  return {
    start: load,
    changed(what) {
      if (what === "reorg" && shown) load();
      if (what !== "blocks") return;
      if (isMissing && !isReading) load();
      else if (shown) {
        if (!beside.querySelector("[rel=next]")) showNeighbours();
        showConfirmations();
      }
    },
  };
}
