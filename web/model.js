// What the page knows of the node, and how it stays current: one stream for each visible tab,
// and polling where the node gives none.

import * as api from "./api.js";
import { version } from "./base.js";
import { follow } from "./events.js";

/** Latest blocks that are kept: what Overview and the first page of Blocks show. */
const KEPT_BLOCKS = 40;

const STATUS_EVERY = 10_000;
const POLL_EVERY = 5_000;
const CHECKS_EVERY = 2_000;
/** After this long out of sight the blocks are read anew instead of being replayed. */
const LONG_AWAY = 5 * 60_000;
const FIRST_WAIT = 1_000;
const LONGEST_WAIT = 5_000;
/** How long after a failure the node counts as reachable. */
const GRACE = 3_000;

const TYPES = ["block.connected", "block.disconnected", "peer.connected", "peer.disconnected", "sync.progress"];

const listeners = new Set();

/**
 * `link` is `starting`, `live`, `polling`, `reconnecting`, `offline`, `paused`, `stopped` for a view
 * of a stopped node, or `signed-out`;
 * `since` is when it became so, and `retryAt` when the next attempt is due.
 */
export const model = {
  status: null, statusAt: 0, chain: null, blocks: [], link: "starting", since: Date.now(), retryAt: 0,
  arrived: 0, isOutdated: false, error: null,
};

/**
 * Calls back with what changed: `status`, `blocks`, `peers` or `link`, and `reorg` after the blocks
 * if some that were on the main chain are not any more. Returns what ends that.
 */
export function listen(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

const tell = (what) => listeners.forEach((listener) => listener(what));

/** The tip that is shown: that of the blocks if they are known. */
export const tip = () => model.blocks[0] ?? model.status?.tip ?? null;

/** What a read-only view shows, `null` for a node that runs. */
export const stopped = () => model.status?.stopped ?? null;

export const role = () => model.status?.you?.role ?? null;
export const mayWrite = () => !stopped() && ["writer", "operator"].includes(role());
export const isOperator = () => !stopped() && role() === "operator";

/** Whether what is shown may be old. */
export const isStale = () => ["reconnecting", "offline", "signed-out"].includes(model.link) && model.statusAt > 0;

function setLink(link, retryAt = 0) {
  if (model.link !== link) model.since = Date.now();
  Object.assign(model, { link, retryAt });
  tell("link");
}

let position = null;
let run = null;
let failures = 0;
let hiddenAt = 0;
let isPaused = false;

async function readStatus(signal) {
  const status = await api.get("v1/status", { signal });
  Object.assign(model, { status, statusAt: Date.now(), error: null });
  if (status.explorer) model.isOutdated = status.explorer !== version;
  tell("status");
  if (!model.chain) {
    model.chain = await api.get("v1/chain", { signal });
    tell("status");
  }
}

async function readBlocks(signal) {
  const { headers } = await api.get(`v1/headers?order=desc&limit=${KEPT_BLOCKS}`, { signal });
  const [first] = headers;
  const [last] = model.blocks;
  if (first.hash === last?.hash) return;
  model.blocks = headers;
  tell("blocks");
  if (!last || headers.some(({ hash }) => hash === last.hash)) return;
  const main = await api.find(`v1/blocks/${last.height}/header`, { signal });
  if (main?.hash !== last.hash) tell("reorg");
}

function connect(header) {
  const [first] = model.blocks;
  if (first?.hash === header.hash) return true;
  if (first?.hash !== header.previousHash) return false;
  model.blocks = [header, ...model.blocks].slice(0, KEPT_BLOCKS);
  model.arrived += 1;
  return true;
}

function disconnect(header) {
  if (model.blocks[0]?.hash !== header.hash || model.blocks.length < 2) return false;
  model.blocks = model.blocks.slice(1);
  return true;
}

/** Reads the blocks anew; if that fails, the next attempt does, in place of a replay. */
const catchUp = (signal) => readBlocks(signal).catch(() => (position = null));

/** Applies the chain's events a frame at a time: thousands may come at once. */
function applier(signal) {
  const queue = [];
  let scheduled = false;
  const apply = async () => {
    scheduled = false;
    let [changed, isReorg] = [false, false];
    for (const { type, header } of queue.splice(0)) {
      const fits = type === "block.connected" ? connect(header) : disconnect(header);
      changed = true;
      isReorg ||= type === "block.disconnected";
      if (!fits) {
        queue.length = 0;
        await catchUp(signal);
        break;
      }
    }
    if (changed) tell("blocks");
    if (isReorg) tell("reorg");
  };
  return (type, header) => {
    queue.push({ type, header });
    if (!scheduled) {
      scheduled = true;
      setTimeout(apply, 16);
    }
  };
}

const sleep = (millis, signal) => new Promise((resolve) => {
  const timer = setTimeout(resolve, millis);
  signal.addEventListener("abort", () => (clearTimeout(timer), resolve()));
});

/** Reads the status now and then, beside the stream. */
async function pollStatus(signal) {
  while (!signal.aborted) {
    await sleep(STATUS_EVERY, signal);
    if (!signal.aborted) await readStatus(signal).catch(() => {});
  }
}

async function stream(signal) {
  const apply = applier(signal);
  return follow({
    types: TYPES, position, signal,
    onOpen: () => setLink("live"),
    onEvent: ({ type, data, id }) => {
      if (id) position = id;
      // The stream says where it begins: blocks may have come since they were read.
      if (type === "message" && id && id.split("-")[1] !== model.blocks[0]?.hash) catchUp(signal);
      if (type.startsWith("block.")) apply(type, JSON.parse(data));
      else if (type.startsWith("peer.")) tell("peers");
      else if (type === "sync.progress") readStatus(signal).catch(() => {});
    },
  });
}

async function poll(signal) {
  setLink("polling");
  for (let rounds = 0; !signal.aborted && rounds < 12; rounds++) {
    await sleep(POLL_EVERY, signal);
    if (signal.aborted) return;
    await readStatus(signal);
    if (model.status.tip.hash !== model.blocks[0]?.hash) await readBlocks(signal);
  }
}

/** A stopped node changes no more; only the view's own checks go on for a while. */
async function watchChecks(signal) {
  setLink("stopped");
  while (!signal.aborted && (model.status.index.lag || model.status.check.state !== "done")) {
    await sleep(CHECKS_EVERY, signal);
    if (!signal.aborted) await readStatus(signal);
  }
}

async function attempt(signal) {
  await readStatus(signal);
  failures = 0;
  if (!position || !model.blocks.length) await readBlocks(signal);
  if (stopped()) {
    await watchChecks(signal);
    return;
  }
  const polling = new AbortController();
  const stop = () => polling.abort();
  signal.addEventListener("abort", stop);
  try {
    pollStatus(polling.signal);
    const { status, retryAfter } = await stream(signal);
    if (status === 204) await poll(signal);
    else if (status === 410 || status === 400) position = null;
    else if (status === 403) await poll(signal);
    else if (status !== 200) await sleep(1000 * Math.max(retryAfter, 1), signal);
    // A stream that ended is followed on at once, and what it missed is asked for.
  } finally {
    stop();
  }
}

async function keepCurrent(signal) {
  while (!signal.aborted) {
    try {
      await attempt(signal);
      if (stopped()) return;
      if (!signal.aborted && model.link === "live") failures = Math.max(failures, 1);
    } catch (error) {
      if (signal.aborted) return;
      if (error.kind === "signed-out") return;
      model.error = error.kind === "problem" ? error : null;
      failures += 1;
    }
    if (signal.aborted) return;
    if (failures > 0) {
      const longest = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** (failures - 1));
      const wait = 500 + Math.random() * (longest - 500);
      const isGone = failures > 1 || Date.now() - model.since > GRACE;
      const was = model.link;
      setLink(isGone && was !== "live" && was !== "polling" ? "offline" : "reconnecting", Date.now() + wait);
      await sleep(wait, signal);
    }
  }
}

function begin() {
  run?.abort();
  run = new AbortController();
  keepCurrent(run.signal);
}

function end() {
  run?.abort();
  run = null;
}

/** Tries at once. */
export function retryNow() {
  if (!isPaused && model.link !== "signed-out") begin();
}

export function pause() {
  isPaused = true;
  end();
  setLink("paused");
}

export function resume() {
  isPaused = false;
  setLink("starting");
  begin();
}

function show() {
  if (isPaused || model.link === "signed-out") return;
  if (hiddenAt && Date.now() - hiddenAt > LONG_AWAY) position = null;
  hiddenAt = 0;
  begin();
}

function hide() {
  hiddenAt = Date.now();
  end();
}

/** Starts, and follows what the browser does with the tab. */
export function start() {
  api.onSignedOut(() => {
    end();
    setLink("signed-out");
  });
  document.addEventListener("visibilitychange", () => (document.hidden ? hide() : show()));
  addEventListener("pagehide", hide);
  addEventListener("pageshow", ({ persisted }) => persisted && show());
  addEventListener("online", retryNow);
  if (!document.hidden) begin();
}
