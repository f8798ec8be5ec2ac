// Blocks: the main chain page by page, newest first. The first page is live.

import * as api from "../api.js";
import { COLUMNS, blockRow } from "../block_rows.js";
import { h, keyed, link, loading, redraw, table } from "../dom.js";
import * as format from "../format.js";
import { model, tip } from "../model.js";
import { height as heightOf } from "../query.js";

const PAGE_BLOCKS = 25;

export function blocks(context) {
  const { body, query, title, go } = context;
  const from = query.has("from") ? heightOf(query.get("from")) : null;
  const isFirst = from === null;
  title("Blocks");
  const rows = table("Blocks, newest first", COLUMNS, []);
  const list = rows.querySelector("tbody");
  const pager = h("nav", { class: "pager", "aria-label": "Pages of blocks" });
  const jump = h("form", { class: "jump" }, h("label", { for: "jump" }, "Jump to height"), h("input", { id: "jump", inputmode: "numeric", size: "12", autocomplete: "off" }), h("button", { class: "button", type: "submit" }, "Go"), h("span", { class: "muted small", role: "status" }));
  const fresh = h("button", { class: "button new-rows", type: "button", hidden: true });
  if (isFirst) jump.append(fresh);
  let shown = [];

  jump.addEventListener("submit", (event) => {
    event.preventDefault();
    const wanted = heightOf(jump.querySelector("input").value.trim());
    const note = jump.querySelector("[role=status]");
    if (wanted === null) note.textContent = "Give a height in digits.";
    else if (tip() && wanted > tip().height) note.textContent = `The chain ends at ${format.number(tip().height)}.`;
    else go(`blocks?from=${wanted}`);
  });

  function draw(headers) {
    shown = headers;
    const byHash = new Map(headers.map((header) => [header.hash, header]));
    keyed(list, headers.slice(0, PAGE_BLOCKS), ({ hash }) => hash, (header) => blockRow(header, byHash.get(header.previousHash)));
    drawPager();
  }

  function drawPager() {
    const [first, last] = [shown[0], shown.slice(0, PAGE_BLOCKS).at(-1)];
    if (!first) return;
    const top = tip()?.height ?? first.height;
    const isNewest = first.height >= top;
    const newer = first.height + PAGE_BLOCKS;
    redraw(pager,
      isNewest ? h("span", { class: "muted" }, "These are the latest blocks") : link(newer >= top ? "blocks" : `blocks?from=${newer}`, "Newer", { rel: "prev" }),
      last.height === 0 ? h("span", { class: "muted" }, "The first block is on this page") : link(`blocks?from=${last.height - 1}`, "Older", { rel: "next" }));
  }

  /** Rows move by themselves only where nobody points at them. */
  const isAtRest = () => scrollY < 40 && !rows.matches(":hover") && !rows.contains(document.activeElement) && !rows.contains(getSelection()?.anchorNode ?? null);

  /** Shows new blocks, or how many there are. What a reorg has made wrong does not stay. */
  function arrived({ isReorg = false } = {}) {
    const newest = model.blocks.slice(0, PAGE_BLOCKS + 1);
    if (!newest.length) return;
    const count = newest[0].height - (shown[0]?.height ?? 0);
    // What was read for this page may be ahead of the stream.
    if (count < 0 && !isReorg) return;
    if (!shown.length || isReorg || isAtRest()) {
      fresh.hidden = true;
      draw(newest);
    } else if (count > 0) {
      fresh.textContent = format.count(count, "new block");
      fresh.hidden = false;
    }
  }

  fresh.addEventListener("click", () => {
    fresh.hidden = true;
    draw(model.blocks.slice(0, PAGE_BLOCKS + 1));
    list.querySelector("a")?.focus();
  });

  async function load() {
    if (!shown.length) body.replaceChildren(loading("blocks", load));
    try {
      const start = isFirst ? "" : `&from=${from}`;
      const { headers } = await api.get(`v1/headers?order=desc&limit=${PAGE_BLOCKS + 1}${start}`, { signal: context.signal });
      if (!rows.isConnected) body.replaceChildren(jump, rows, pager);
      draw(headers);
      if (isFirst) arrived();
    } catch (error) {
      context.fail(error, load);
    }
  }

  return {
    start({ isBack }) {
      if (isBack && shown.length) isFirst ? arrived() : load();
      else load();
    },
    changed(what) {
      if (!shown.length || !["blocks", "reorg"].includes(what)) return;
      if (isFirst) arrived({ isReorg: what === "reorg" });
      // Only a reorg changes what is below the tip.
      else if (what === "reorg") load();
      else drawPager();
    },
  };
}
