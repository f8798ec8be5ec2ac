// The banner: one sentence about what is wrong or under way, and more when they are asked for.

import * as api from "./api.js";
import { announce, h, icon, inline } from "./dom.js";
import * as format from "./format.js";
import { model, retryNow, stopped } from "./model.js";
import * as prefs from "./prefs.js";

/** What a view of a stopped node says of itself. */
function ofStopped({ directory, readAt, repairs }) {
  const when = format.exact(readAt, prefs.get("zone"));
  const repaired = { kind: "warn", sentence: `The copy had to be repaired to open it: ${repairs.join("; ")}.` };
  const view = { kind: "neutral", sentence: `Stopped node: this is what ${directory} held at ${when}. Nothing changes here; to add records, start the node with \`jenny run\`.` };
  return repairs.length ? [repaired, view] : [view];
}

const button = (word, onclick) => h("button", { class: "button", type: "button", onclick }, word);
const reload = () => location.reload();

/** What the node says of its chain and its peers. `topic` names a sentence whose numbers change. */
function ofSync({ state, at, target, remaining, blocksPerSecond, etaSeconds, depth, theirs, seconds }) {
  switch (state) {
    case "deep-fork":
      return [{ kind: "bad", topic: state, sentence: `A branch with more work waits for the operator: it forks ${format.count(depth, "block")} below the tip.` }];
    case "split":
      return [{ kind: "warn", topic: state, sentence: `A peer has been on another tip for ${format.duration(seconds * 1000)}: block ${format.number(theirs.height)} ending ${theirs.hash.slice(-8)}.` }];
    case "headers":
    case "blocks": {
      const left = etaSeconds === null ? "" : `, about ${format.duration(etaSeconds * 1000)} left`;
      const share = h("progress", { max: String(Math.max(1, target)), value: String(at), "aria-label": "Downloaded" });
      return [{ kind: "neutral", topic: state, action: share, sentence: `The node downloads ${state}: ${format.number(remaining)} remaining, ${format.short(blocksPerSecond)} blocks a second${left}.` }];
    }
    case "behind":
      return [{ kind: "warn", topic: state, sentence: `A peer has a chain that is ${format.count(remaining, "block")} longer, and nothing is downloaded now.` }];
    default:
      return [];
  }
}

/** All sentences, the most urgent first. */
function alerts() {
  const { status } = model;
  const zone = prefs.get("zone");
  const all = [];
  if (model.link === "signed-out") {
    all.push({ kind: "bad", sentence: "The node no longer accepts your name and password.", action: button("Sign in again", reload) });
  }
  if (model.link === "offline") {
    const seen = model.statusAt ? ` What is shown is what was last known, at ${format.clock(model.statusAt, zone)}.` : "";
    const what = model.error ? `The node cannot serve: ${model.error.title}.` : "The node cannot be reached.";
    all.push({ kind: "bad", sentence: `${what}${seen} The page tries again by itself.`, action: button("Try now", retryNow) });
  }
  if (!status) return all;
  if (stopped()) all.push(...ofStopped(stopped()));
  else if (status.refusing) all.push({ kind: "bad", topic: "refusing", sentence: format.sentence(`The node refuses new blocks: ${status.refusing}`) });
  all.push(...ofSync(status.sync));
  if (status.you.default) {
    all.push({ kind: "warn", sentence: "You are signed in with the default name and password, which everybody knows. They stop working when you add a user: `jenny user add NAME`" });
  }
  const skew = api.skew.millis ?? 0;
  if (Math.abs(skew) > 60_000) {
    all.push({ kind: "warn", topic: "skew", sentence: `This browser's clock is ${format.duration(Math.abs(skew))} ${skew < 0 ? "ahead of" : "behind"} the node's. Ages are shown by the node's clock.` });
  }
  if (model.isOutdated) all.push({ kind: "neutral", sentence: "The node was updated while this page was open.", action: button("Load the new page", reload) });
  return all;
}

const place = document.getElementById("banner");

/** What is shown: its structure, its sentences, and the elements that have them. */
let shown = { key: "[]", sentences: [], texts: [] };

/** The banner's elements: the first sentence, and the others in a fold. */
function draw([first, ...rest]) {
  const texts = [h("p", {}, inline(first.sentence)), ...rest.map(({ sentence }) => h("span", {}, inline(sentence)))];
  const items = rest.map(({ action }, at) => h("li", {}, texts[at + 1], action ? [" ", action] : null));
  const more = rest.length ? h("details", {}, h("summary", {}, `${rest.length} more`), h("ul", {}, items)) : null;
  // A sentence whose numbers change is said once, and not with each of them.
  const role = first.topic ? null : first.kind === "bad" ? "alert" : "status";
  place.replaceChildren(h("div", { class: `banner is-${first.kind}`, role }, icon(first.kind), texts[0], first.action, more));
  if (first.topic) announce(first.sentence);
  return texts;
}

/** Shows the most urgent sentence. What the reader has opened or is about to press stays while only numbers change. */
export function showBanner() {
  const all = alerts();
  const key = JSON.stringify(all.map(({ kind, topic, sentence }) => [kind, topic ?? sentence]));
  const sentences = all.map(({ sentence }) => sentence);
  if (key !== shown.key) {
    const texts = all.length ? draw(all) : [];
    if (!all.length) place.replaceChildren();
    shown = { key, sentences, texts };
    return;
  }
  sentences.forEach((sentence, at) => sentence === shown.sentences[at] || shown.texts[at].replaceChildren(...inline(sentence)));
  shown.sentences = sentences;
  const progress = place.querySelector("progress");
  const now = all.find(({ action }) => action?.tagName === "PROGRESS")?.action;
  if (progress && now) Object.assign(progress, { max: now.max, value: now.value });
}
