// Network: with whom the node speaks, whom it knows, and what was reorganised.

import * as api from "../api.js";
import { card, chip, empty, h, loading, number, row, state, table, time } from "../dom.js";
import * as format from "../format.js";
import { isOperator, model, stopped } from "../model.js";

const EVERY = 5_000;

/** Rows of a list until the reader asks for all of them. */
const SHOWN = 50;

/** Reorgs that are read at a time. */
const PAGE_REORGS = 20;

const ACTION = { name: "Action", end: true };
const LINKS = [{ name: "Address", first: true }, { name: "Tip", first: true }, { name: "Round trip", end: true }, { name: "Traffic", end: true }, { name: "Since" }];
const KNOWN = [{ name: "Address", first: true }, { name: "State", first: true }, { name: "Last success" }, { name: "Failures", end: true }, { name: "Next try" }];
const BANS = [{ name: "Address", first: true }, { name: "Until" }, { name: "Reason" }];

const ORIGINS = { named: "named by the operator", remembered: "added or reached earlier", learned: "named by another peer" };

export function network(context) {
  const { body, query, title } = context;
  title("Network");
  const asked = Number(query.get("reorg")) || null;
  const note = h("p", { role: "status", class: "notice", tabindex: "-1" });
  const [links, known, bans, reorgs] = ["Links", "Known peers", "Bans", "Reorgs"].map((name) => {
    const place = h("div", {});
    return { place, element: card(name, place) };
  });
  const form = h("form", { class: "jump" }, h("label", { for: "peer" }, "Add a peer"), h("input", { id: "peer", class: "mono", autocomplete: "off", placeholder: "ws://192.0.2.1:7545", size: "28" }), h("button", { class: "button", type: "submit", "data-write": true }, "Add and dial"));
  let timer = null;
  /** The reorgs that were read, newest first, and the elements that show them. */
  const past = { list: [], next: null, views: new Map() };

  /** Runs what an operator asked for, and says what came of it. Returns whether that was done. */
  async function act(work, done) {
    note.textContent = "Working …";
    try {
      await work();
      note.textContent = done;
      await load({ isForced: true });
      // The button that was pressed is gone.
      if (document.activeElement === document.body) note.focus();
      return true;
    } catch (error) {
      note.textContent = `${error.title}. ${error.detail}`;
      return false;
    }
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const input = form.querySelector("input");
    const address = input.value.trim();
    if (address) act(() => api.send("POST", "v1/peers", { address }), `${address} was added and is linked.`).then((isDone) => isDone && (input.value = ""));
  });

  const button = (word, about, work, done) => h("button", { class: "button is-small", type: "button", "aria-label": `${word} ${about}`, "data-write": true, onclick: () => act(work, done) }, word);

  /** What is said of the thing above it in a cell. */
  const beside = (...parts) => h("span", { class: "beside muted" }, parts);

  function linkRow({ address, direction, agent, tip, rttMillis, receivedBytes, sentBytes, since }, isEditable) {
    const host = address.replace(/:\d+$/, "").replace(/^\[|\]$/g, "");
    const cells = [
      [h("code", {}, address), beside(`${direction}, `, agent === null ? "agent not told" : h("bdi", {}, agent))],
      tip === null ? "not told" : [number(tip.height), " ", tip.hash ? chip("block", tip.hash) : ""],
      rttMillis === null ? "not measured" : `${format.short(rttMillis)} ms`,
      `${format.bytes(receivedBytes)} in, ${format.bytes(sentBytes)} out`, time(since),
    ];
    const ban = isEditable ? [button("Ban", host, () => api.send("POST", "v1/bans", { address: host, reason: "by the operator" }), `${host} is banned for a day.`)] : [];
    return row(isEditable ? [...LINKS, ACTION] : LINKS, [...cells, ...ban]);
  }

  function knownRow({ address, origin, linked, lastSuccess, failures, lastError, nextTry }, isEditable) {
    const cells = [
      [h("code", {}, address), beside(ORIGINS[origin] ?? origin)],
      linked ? state("ok", "linked") : [state(failures ? "warn" : "neutral", "not linked"), lastError ? beside(lastError) : ""],
      lastSuccess === null ? "never" : time(lastSuccess), number(failures), nextTry === null ? "not planned" : inFuture(nextTry),
    ];
    const remove = isEditable ? [button("Remove", address, () => api.send("DELETE", `v1/peers/${encodeURIComponent(address)}`), `${address} was removed.`)] : [];
    return row(isEditable ? [...KNOWN, ACTION] : KNOWN, [...cells, ...remove]);
  }

  const inFuture = (millis) => {
    const left = millis - api.now();
    return left <= 0 ? "now" : `in ${format.duration(left)}`;
  };

  function banRow({ address, until, reason }, isEditable) {
    const end = isEditable ? [button("End", `the ban of ${address}`, () => api.send("DELETE", `v1/bans/${encodeURIComponent(address)}`), `The ban of ${address} has ended.`)] : [];
    return row(isEditable ? [...BANS, ACTION] : BANS, [h("code", {}, address), time(until, { always: "exact" }), h("bdi", {}, reason), ...end]);
  }

  function reorgView({ number: which, time: when, fork, depth, displaced, newTip }) {
    const fates = h("div", {});
    const details = h("details", { open: which === asked }, h("summary", {}, "Displaced blocks and their records"),
      h("p", { class: "muted small" }, "Displaced blocks"),
      displaced.length ? h("ul", { class: "hits" }, displaced.map(({ height, hash }) => h("li", {}, "Block ", number(height), " ", chip("block", hash)))) : h("p", { class: "muted" }, "The blocks are not stored any more."), h("p", { class: "muted small" }, "Their records"), fates);
    const show = async () => {
      if (fates.firstChild) return;
      fates.replaceChildren(loading("the records", () => (fates.replaceChildren(), show())));
      try {
        const { records, next } = await api.get(`v1/reorgs/${which}/records?limit=50`);
        fates.replaceChildren(records.length ? h("ul", { class: "hits" }, records.map(({ id, state: where, height }) =>
          h("li", {}, "Record ", chip("record", id), " ", where === "pending" ? state("running", "pending again") : ["now in block ", number(height)])))
          : h("p", { class: "muted" }, "No record of this node's clients was in them."), next ? h("p", { class: "muted" }, "Only the first 50 records are listed; the API has all of them.") : "");
      } catch (error) {
        fates.replaceChildren(h("p", {}, `${error.title}.`));
      }
    };
    details.addEventListener("toggle", () => details.open && show());
    if (details.open) show();
    return h("li", { class: "reorg" }, h("p", {}, time(when, { always: "exact" }), ` (`, time(when, { always: "age" }), `): ${format.count(depth, "block")} displaced above block `, number(fork), "; the new tip was ", number(newTip.height), " ", chip("block", newTip.hash)), details);
  }

  /** The element of a reorg: what the reader has opened in it stays open. */
  function viewOf(reorg) {
    const key = JSON.stringify(reorg);
    if (!past.views.has(key)) past.views.set(key, reorgView(reorg));
    return past.views.get(key);
  }

  /** Keeps the latest reorgs, and older ones that the reader asked for. */
  function takeReorgs({ reorgs: latest, next }) {
    const [lowest, highest] = [latest.at(-1)?.number, latest[0]?.number ?? 0];
    const older = past.list.filter(({ number: which }) => which < lowest);
    // Those of another database, or with some missing between, are read again when they are asked for.
    const fits = older.length && past.list[0].number <= highest && older[0].number === lowest - 1;
    Object.assign(past, fits ? { list: [...latest, ...older] } : { list: latest, next });
  }

  async function showOlder({ target }) {
    target.disabled = true;
    try {
      const { reorgs: older, next } = await api.get(`v1/reorgs?limit=${PAGE_REORGS}&before=${past.next}`, { signal: context.signal });
      Object.assign(past, { list: [...past.list, ...older], next });
      drawReorgs({ isForced: true });
      viewOf(older[0] ?? past.list.at(-1)).querySelector("summary").focus();
    } catch (error) {
      if (error.name !== "AbortError") note.textContent = `${error.title}. ${error.detail}`;
      target.disabled = false;
    }
  }

  function drawReorgs({ isForced = false } = {}) {
    const older = past.next ? h("p", { class: "buttons" }, h("button", { class: "button", type: "button", onclick: showOlder }, "Older reorgs")) : "";
    const content = () => h("div", {}, past.list.length ? h("ul", { class: "reorgs" }, past.list.map(viewOf)) : empty("The chain was never reorganised."), older);
    draw(reorgs, JSON.stringify([past.next, past.list]), content, isForced);
  }

  /** A table of the first rows, and of all of them once the reader asks for that. */
  function rowsOf(list, name, columns, all, view) {
    const shown = list.isWhole ? all : all.slice(0, SHOWN);
    const more = shown.length < all.length && h("button", { class: "button", type: "button", onclick: () => ((list.isWhole = true), load({ isForced: true })) }, `Show all ${format.number(all.length)}`);
    return [table(name, columns, shown.map(view), { broad: true }), more ? h("p", { class: "buttons" }, more) : null];
  }

  /** Draws a list anew unless somebody is at work in it. */
  function draw({ place }, key, content, isForced) {
    if (place.dataset.shown === key || (!isForced && place.contains(document.activeElement))) return;
    place.dataset.shown = key;
    place.replaceChildren(...[content()].flat().filter(Boolean));
  }

  async function load({ isForced = false } = {}) {
    clearTimeout(timer);
    if (!links.place.firstChild) for (const { place } of [links, known, bans, reorgs]) place.replaceChildren(loading("the list", () => load({ isForced: true })));
    if (!body.firstChild) body.append(note, links.element, known.element, bans.element, reorgs.element);
    try {
      const get = (path) => api.get(path, { signal: context.signal });
      const [live, peers, banned, latest] = await Promise.all([get("v1/peers"), get("v1/peers/known"), get("v1/bans"), get(`v1/reorgs?limit=${PAGE_REORGS}`)]);
      const isEditable = isOperator();
      if (isEditable && !form.isConnected) known.place.before(form);
      const action = isEditable ? [ACTION] : [];
      const list = (which, name, columns, all, view, none) =>
        draw(which, `${isEditable} ${Boolean(stopped())} ${which.isWhole} ${JSON.stringify(all)}`, () => (all.length ? rowsOf(which, name, [...columns, ...action], all, (one) => view(one, isEditable)) : none()), isForced);
      list(links, "Live links", LINKS, live, linkRow, () => empty(stopped() ? "No peer is linked: the node is stopped." : "No peer is linked. The node keeps its chain alone."));
      list(known, "Known peers", KNOWN, peers, knownRow, () => empty("No peer is known.", isEditable ? h("p", { class: "muted" }, "Add one above, or name it by --peer or in the peers file.") : null));
      list(bans, "Bans", BANS, banned, banRow, () => empty("No address is banned."));
      takeReorgs(latest);
      drawReorgs();
    } catch (error) {
      if (error.name === "AbortError") return;
      if (!links.place.dataset.shown) context.fail(error, () => (body.replaceChildren(), load()));
    }
    if (!context.signal.aborted && !stopped()) timer = setTimeout(() => (model.link === "paused" || document.hidden ? null : load()), EVERY);
  }

  return {
    start: load,
    stop: () => clearTimeout(timer),
    changed(what) {
      if (what === "peers" || (what === "link" && ["live", "polling", "stopped"].includes(model.link))) load();
    },
  };
}
