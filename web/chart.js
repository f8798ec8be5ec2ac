// Charts over blocks: a canvas by uPlot, a sentence that says the same, and the last rows as a
// table.

import * as prefs from "./prefs.js";
import { files } from "./base.js";
import { h } from "./dom.js";
import * as format from "./format.js";

const HEIGHT = 160;

let library = null;
const load = () => (library ??= import(`${files}vendor/uPlot.js`).then((module) => module.default));

const colour = (name) => () => {
  // The value of the property is both themes' colours: the computed one is this theme's.
  probe ??= document.body.appendChild(h("span", { class: "aside", "aria-hidden": "true" }));
  probe.style.color = `var(--${name})`;
  return getComputedStyle(probe).color;
};
let probe = null;

/** Labels with as many digits as it takes that no two are equal. */
function labels(values) {
  for (let digits = 0; digits < 4; digits++) {
    const all = values.map((value) => new Intl.NumberFormat("en", { notation: Math.abs(values.at(-1)) >= 10_000 ? "compact" : "standard", maximumFractionDigits: digits }).format(value));
    if (new Set(all).size === all.length) return all;
  }
  return values.map((value) => String(value));
}

const quantile = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];

/** What each chart draws: its name, the value of a point, its scale, its shape and its sentence. */
export const CHARTS = [
  {
    name: "Seconds per block", shape: "points",
    // The first block may be years older than the second one.
    value: (point) => (point.height <= point.blocks ? null : point.secondsPerBlock),
    text: (value) => `${format.short(value)} s`,
    range(values, target) {
      const sorted = values.toSorted((a, b) => a - b);
      return [0, Math.max(3 * target, quantile(sorted, 0.99) * 1.1, 0.001)];
    },
    sentence(values, points, target) {
      const sorted = values.toSorted((a, b) => a - b);
      const aim = target ? `, target ${format.short(target)} s` : "";
      return `Median ${format.short(quantile(sorted, 0.5))} s, nine of ten under ${format.short(quantile(sorted, 0.9))} s${aim}.`;
    },
  },
  {
    name: "Difficulty", shape: "steps",
    value: (point) => Number(format.attempts(point.bits)),
    text: (value) => `about ${format.large(value)} attempts`,
    range(values) {
      const [low, high] = [Math.min(...values), Math.max(...values)];
      const room = Math.max((high - low) * 0.1, high * 0.05, 1);
      return [Math.max(0, low - room), high + room];
    },
    sentence(values) {
      const [first, last] = [values[0], values.at(-1)];
      const change = Math.round(100 * (last / first - 1));
      return `${format.large(last)} attempts a block, ${change > 0 ? "+" : ""}${change} % over these blocks.`;
    },
  },
  {
    name: "Records per block", shape: "bars",
    value: (point) => point.records / point.blocks,
    text: (value) => format.short(value),
    range: (values) => [0, Math.max(1, ...values) * 1.1],
    sentence(values, points) {
      const sum = points.reduce((total, point) => total + point.records, 0);
      const blocks = points.reduce((total, point) => total + point.blocks, 0);
      return `${format.count(sum, "record")} in ${format.count(blocks, "block")}.`;
    },
  },
];

/** A figure for one of the charts. `update(points, target)` draws it; `end()` takes it away. */
export function chart({ name, shape, value, text, range, sentence }, onOpen) {
  const reading = h("p", { class: "reading muted small" });
  const place = h("div", { class: "plot", "aria-hidden": "true" });
  const none = h("p", { class: "muted no-data", hidden: true }, "No blocks in this window");
  const summary = h("figcaption", {});
  const rows = h("tbody", {});
  const details = h("details", {}, h("summary", {}, "Show as a table"),
    h("table", { class: "plain" }, h("caption", { class: "aside" }, `${name}, the last 20 points`),
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Height"), h("th", { scope: "col", class: "end" }, name))), rows));
  const element = h("figure", { class: "card chart" }, h("h3", {}, name), summary, reading, h("div", { class: "plot-frame" }, place, none), details);
  let [plot, drawn, bounds, ended, read] = [null, [], [0, 1], false, null];

  const table = () => rows.replaceChildren(...drawn.slice(-20).reverse().map(({ point, y }) =>
    h("tr", {}, h("td", {}, format.number(point.height)), h("td", { class: "end" }, y === null ? "none" : text(y)))));

  function data() {
    const clipped = drawn.map(({ y }) => (y === null ? null : Math.min(y, bounds[1])));
    return [drawn.map(({ point }) => point.height), clipped];
  }

  function showReading(at) {
    read = at;
    const { point, y } = drawn[at ?? -1] ?? {};
    reading.textContent = point && y !== null ? `Block ${format.number(point.height)}, ${format.clock(point.timestamp, prefs.get("zone"))}: ${text(y)}` : "";
  }

  function options(uPlot) {
    const series = { stroke: colour("accent"), width: 2, points: { show: drawn.length < 3, size: 4, fill: colour("accent"), stroke: colour("accent") } };
    if (shape === "points") Object.assign(series, { paths: () => null, points: { show: true, size: 4, fill: colour("accent"), stroke: colour("accent") } });
    if (shape === "steps") series.paths = uPlot.paths.stepped({ align: 1 });
    if (shape === "bars") Object.assign(series, { paths: uPlot.paths.bars({ size: [0.7, 24] }), fill: colour("accent"), width: 0, points: { show: false } });
    const axis = { stroke: colour("muted"), grid: { stroke: colour("line"), width: 1 }, ticks: { show: false }, font: "12px system-ui" };
    return {
      width: Math.max(100, Math.floor(place.clientWidth)), height: HEIGHT, legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, points: { size: 8 } },
      scales: {
        x: { time: false, range: (_, low, high) => (low === null ? [0, 1] : [low - 1, high + 1]) },
        y: { range: () => bounds },
      },
      axes: [
        { ...axis, values: (self, splits) => splits.map((height) => (Number.isInteger(height) ? format.number(height) : "")), space: 80, size: 32 },
        { ...axis, values: (self, splits) => labels(splits), size: 56 },
      ],
      series: [{}, series],
      hooks: { setCursor: [(self) => showReading(self.cursor.idx)] },
    };
  }

  const resize = new ResizeObserver(() => {
    if (plot && place.clientWidth) plot.setSize({ width: Math.max(100, Math.floor(place.clientWidth)), height: HEIGHT });
  });
  resize.observe(place);
  const scheme = matchMedia("(prefers-color-scheme: dark)");
  const recolour = () => plot?.redraw(false);
  scheme.addEventListener("change", recolour);
  const endPrefs = prefs.onChange((key) => {
    if (key === "theme") requestAnimationFrame(recolour);
    if (key === "zone") showReading(read);
  });
  place.addEventListener("click", () => {
    const at = plot?.cursor.idx;
    if (at !== null && at !== undefined && drawn[at]) onOpen(drawn[at].point.height);
  });

  return {
    element,
    async update(points, target) {
      drawn = points.map((point) => ({ point, y: value(point) }));
      const values = drawn.map(({ y }) => y).filter((y) => y !== null);
      none.hidden = values.length > 0;
      summary.textContent = values.length ? sentence(values, points, target) : "Nothing to show yet.";
      bounds = values.length ? range(values, target) : [0, 1];
      table();
      showReading(null);
      const uPlot = await load();
      if (ended || !element.isConnected) return;
      if (plot && (plot.data[0].length < 3) === (drawn.length < 3)) plot.setData(data());
      else {
        plot?.destroy();
        plot = new uPlot(options(uPlot), data(), place);
      }
    },
    end() {
      ended = true;
      plot?.destroy();
      plot = null;
      resize.disconnect();
      scheme.removeEventListener("change", recolour);
      endPrefs();
    },
  };
}
