// Overview: whether the node is alive and on the right chain, its tip, and how busy it is.

import * as api from "../api.js";
import { COLUMNS, blockRow } from "../block_rows.js";
import { chart } from "../chart.js";
import { card, chip, empty, facts, failure, h, keyed, link, loading, number, redraw, state, table, time } from "../dom.js";
import * as format from "../format.js";
import { isStale, mayWrite, model, retryNow, stopped, tip } from "../model.js";
import * as prefs from "../prefs.js";
import { CHARTS } from "../series.js";

const LATEST = 10;
const WINDOWS = [90, 360, 2160];

const SYNC = {
  alone: ["neutral", "No peer to compare with"],
  current: ["ok", "Up to date with its peers"],
  behind: ["warn", "Behind a peer"],
  headers: ["running", "Downloading headers"],
  blocks: ["running", "Downloading blocks"],
  split: ["warn", "Split from a peer"],
  "deep-fork": ["bad", "A deep branch waits"],
};

/** The interval of a chain in seconds, 0 while it is not known. */
const targetOf = (chain) => (chain?.spec.target_block_time_ms ?? 0) / 1000;

function tipCard() {
  const body = h("div", { class: "tip" });
  const place = card("Tip", body);
  return {
    element: place,
    update() {
      const shown = tip();
      if (!shown) return;
      const work = model.status?.tip.hash === shown.hash ? `${format.large(model.status.tip.totalWork)} attempts` : "being read";
      const key = JSON.stringify([shown.hash, shown.bits, work, isStale() && model.statusAt, prefs.get("zone")]);
      if (body.dataset.shown === key) return;
      body.dataset.shown = key;
      redraw(body,
        h("p", { class: "display" }, link(`block/${shown.hash}`, number(shown.height))),
        h("p", { class: "tip-line" }, chip("block", shown.hash), " ", time(shown.timestamp)),
        isStale() ? h("p", { class: "muted last-known" }, `Last known, ${format.clock(model.statusAt, prefs.get("zone"))}`) : "",
        facts([
          ["Records in it", shown.recordCount === undefined ? "being read" : number(shown.recordCount)],
          ["Work of the chain", work],
          shown.bits && ["Attempts for a block", `about ${format.large(format.attempts(shown.bits))}`],
        ]));
    },
  };
}

const checks = (index, check) => [
  ["Index", index.lag ? `${format.count(index.lag, "block")} behind` : "complete"],
  ["Stored blocks", check.state === "done" ? "all checked" : `being checked, at ${format.number(check.height)}`],
];

function nodeCard() {
  const body = h("div", { class: "node" });
  const place = card("Node", body);
  return {
    element: place,
    update() {
      const { status } = model;
      if (!status) return;
      const { pool, mining, sync, links, check, index, clock } = status;
      const waiting = pool.records ? [number(pool.records), `, the oldest for ${format.duration(1000 * (pool.oldestWaitSeconds ?? 0))}`] : "none";
      const rate = mining.hashRate === null ? "no block yet" : `${format.large(mining.hashRate)} hashes a second`;
      const key = JSON.stringify([pool, mining, sync.state, links, check, index.lag, clock.state, stopped()]);
      if (body.dataset.shown === key) return;
      body.dataset.shown = key;
      if (stopped()) {
        redraw(body, facts([
          ["State", state("neutral", "Stopped: no peers, nothing is mined")],
          ["Directory", h("bdi", {}, stopped().directory)],
          ["Read", [time(stopped().readAt, { always: "exact" }), " (", time(stopped().readAt, { always: "age" }), ")"]],
          ["Pending records", pool.records ? [number(pool.records), ` (${format.bytes(pool.bytes)})`] : "none"],
          ...checks(index, check),
        ]));
        return;
      }
      redraw(body, facts([
        ["Chain", state(...(SYNC[sync.state] ?? ["neutral", sync.state]))],
        ["Peers", links ? link("network", format.count(links, "link")) : link("network", "no link")],
        ["Pending records", [waiting, pool.records ? ` (${format.bytes(pool.bytes)})` : ""]],
        ["Mining", mining.enabled ? rate : "only on request"],
        ...checks(index, check),
        clock.state !== "ok" && ["Clock", state("bad", clock.state === "jumped" ? "has jumped" : "is behind the tip")],
      ]));
    },
  };
}

export function overview({ body, title, go, onEnd }) {
  title("Overview");
  const waiting = loading("the node's state", retryNow);
  const [first, second] = [tipCard(), nodeCard()];
  const rows = table(`The ${LATEST} latest blocks`, COLUMNS, []);
  const list = rows.querySelector("tbody");
  const open = async (height) => {
    const header = await api.get(`v1/blocks/${height}/header`);
    go(`block/${header.hash}`);
  };
  let [charts, shownWindow, points, drawing, target] = [[], WINDOWS[1], null, null, 0];
  const figures = h("div", { class: "charts" });
  const failed = h("p", { class: "muted", role: "status" });
  const windows = h("fieldset", { class: "windows" }, h("legend", {}, "Blocks in the charts"), WINDOWS.map((blocks) => {
    const input = h("input", { type: "radio", name: "window", value: blocks, checked: blocks === shownWindow });
    input.addEventListener("change", () => {
      shownWindow = blocks;
      points = null;
      draw();
    });
    return h("label", {}, input, format.number(blocks));
  }));
  const content = h("div", {}, h("div", { class: "columns" }, first.element, second.element),
    h("section", { class: "card" }, h("h2", {}, "Latest blocks"), rows, h("p", {}, link("blocks", "All blocks"))),
    h("section", {}, h("div", { class: "heading-line" }, h("h2", {}, "The last blocks in charts"), windows), failed, figures));

  /** Charts are drawn anew at most once in 5 s, however fast blocks come. */
  function draw() {
    if (drawing) return;
    drawing = setTimeout(async () => {
      drawing = null;
      const top = tip();
      if (!top || model.link === "paused") return;
      try {
        const from = Math.max(Math.min(1, top.height), top.height - shownWindow + 1);
        ({ points } = await api.get(`v1/series?from=${from}&to=${top.height}&points=360`));
        target = targetOf(model.chain);
        await Promise.all(charts.map((one) => one.update(points, target)));
        failed.textContent = "";
      } catch (error) {
        if (model.link === "live") failed.textContent = `The charts cannot be drawn: ${error.title ?? error.message}.`;
      }
    }, points ? 5000 : 0);
  }

  function show() {
    if (!model.status) {
      if (model.error) body.replaceChildren(failure(model.error, retryNow));
      else if (!waiting.isConnected) body.replaceChildren(waiting);
      return;
    }
    if (!content.isConnected) body.replaceChildren(content);
    first.update();
    second.update();
    const shown = model.blocks.slice(0, LATEST);
    keyed(list, shown, ({ hash }) => hash, (header) => blockRow(header, model.blocks.find(({ hash }) => hash === header.previousHash)));
    const isFresh = tip()?.height === 0 && mayWrite();
    if (isFresh && !content.querySelector(".empty")) content.querySelector("table").after(empty("The chain has only its first block.", h("p", {}, link("submit", "Submit the first record"))));
    if (!isFresh) content.querySelector(".empty")?.remove();
  }

  return {
    start() {
      charts = CHARTS.map((one) => chart(one, open));
      figures.replaceChildren(...charts.map(({ element }) => element));
      points = null;
      onEnd(() => {
        charts.forEach((one) => one.end());
        clearTimeout(drawing);
        drawing = null;
      });
      show();
      draw();
    },
    changed(what) {
      show();
      // The chain's target may be known only now.
      if (what === "blocks" || (what === "status" && (!points || target !== targetOf(model.chain)))) draw();
    },
  };
}
