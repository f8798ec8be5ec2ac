// Charts over blocks: a canvas by uPlot, a sentence that says the same, and the last rows as a
// table.

import * as prefs from "./prefs.js";
import { files } from "./base.js";
import { h } from "./dom.js";
import * as format from "./format.js";
import { labels, timeLabels } from "./series.js";

const HEIGHT = 160;
const TABLE_ROWS = 20;

let library = null;
const load = () => (library ??= import(`${files}vendor/uPlot.js`).then((module) => module.default));

let probe = null;

/** A colour of the style sheet in the theme that is shown. */
const colour = (name) => () => {
  // The value of the property is both themes' colours: the computed one is this theme's.
  probe ??= document.body.appendChild(h("span", { class: "aside", "aria-hidden": "true" }));
  probe.style.color = `var(--${name})`;
  return getComputedStyle(probe).color;
};

const dots = { show: true, size: 4, fill: colour("accent"), stroke: colour("accent") };

/** The times between which all points are, and bars with their width. */
function span(drawn) {
  if (!drawn.length) return [Date.now() - 60_000, Date.now()];
  const [first, last] = [drawn[0].time - (drawn[0].width ?? 0), drawn.at(-1).time];
  return first === last ? [first - 30_000, last + 30_000] : [first, last];
}

/** The room that a label of time takes on an axis from `low` to `high`. */
function room(plot, axis, low, high) {
  const minutes = (high - low) / 60_000;
  if (minutes > 20 * 60) return 84;
  if (minutes > 5) return 48;
  return minutes > 0.1 ? 68 : 96;
}

/** How a shape is drawn; `count` is the number of its points. */
function shapeOf(shape, uPlot, count) {
  const line = { stroke: colour("accent"), width: 2, points: { ...dots, show: count < 3 } };
  if (shape === "dots") return { ...line, paths: () => null, points: dots };
  if (shape === "steps") return { ...line, paths: uPlot.paths.stepped({ align: 1 }) };
  return { ...line, width: 0, fill: colour("accent"), paths: uPlot.paths.bars({ size: [0.7, 24], align: -1 }), points: { show: false } };
}

/** What is drawn over the series: the target as a dashed line, and what is above the scale as triangles. */
function drawMarks(plot, drawn, [, top], target) {
  const { ctx, bbox } = plot;
  const dot = devicePixelRatio;
  ctx.save();
  if (target) {
    const y = Math.round(plot.valToPos(target, "y", true)) + 0.5;
    ctx.strokeStyle = colour("control")();
    ctx.lineWidth = dot;
    ctx.setLineDash([4 * dot, 4 * dot]);
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
  }
  ctx.fillStyle = colour("accent")();
  for (const { time, value } of drawn) {
    if (value === null || value <= top) continue;
    const x = plot.valToPos(time, "x", true);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x + 4 * dot, bbox.top + 7 * dot);
    ctx.lineTo(x - 4 * dot, bbox.top + 7 * dot);
    ctx.fill();
  }
  ctx.restore();
}

/** A figure for one of the charts. `update(points, target)` draws it; `end()` takes it away. */
export function chart({ name, shape, points: pointsOf, text, bounds: boundsOf, sentence }, onOpen) {
  const reading = h("p", { class: "reading muted small", "aria-live": "polite" });
  const canvas = h("div", { class: "plot", "aria-hidden": "true" });
  const place = h("div", { class: "plot-frame", tabindex: "0", role: "img", "aria-label": name }, canvas);
  const none = h("p", { class: "muted no-data", hidden: true }, "No blocks in this window");
  const summary = h("figcaption", {});
  const [heads, rows] = [h("tr", {}), h("tbody", {})];
  const details = h("details", {}, h("summary", {}, "Show as a table"),
    h("table", { class: "plain" }, h("caption", { class: "aside" }, `${name}, the last ${TABLE_ROWS} values`), h("thead", {}, heads), rows));
  const element = h("figure", { class: "card chart" }, h("h3", {}, name), summary, reading, h("div", { class: "plot-area" }, place, none), details);
  let [plot, drawn, bounds, aim, chosen, isSparse, ended] = [null, [], [0, 1], 0, null, false, false];

  const zone = () => prefs.get("zone");

  function table() {
    heads.replaceChildren(h("th", { scope: "col" }, shape === "bars" ? "Until" : "Height"), h("th", { scope: "col", class: "end" }, name));
    rows.replaceChildren(...drawn.slice(-TABLE_ROWS).reverse().map(({ time, height, value }) =>
      h("tr", {}, h("td", {}, shape === "bars" ? format.minute(time, zone()) : format.number(height)), h("td", { class: "end" }, value === null ? "none" : text(value)))));
  }

  const data = () => [drawn.map(({ time }) => time), drawn.map(({ value }) => (value === null || value > bounds[1] ? null : value))];

  function showReading(at) {
    chosen = at;
    const shown = drawn[at ?? drawn.length - 1];
    if (!shown || shown.value === null) {
      reading.textContent = "";
      return;
    }
    const what = shape === "bars" ? `Until ${format.clock(shown.time, zone())}` : `Block ${format.number(shown.height)}, ${format.clock(shown.time, zone())}`;
    reading.textContent = `${what}: ${text(shown.value)}`;
  }

  function options(uPlot) {
    const axis = { stroke: colour("muted"), grid: { stroke: colour("line"), width: 1 }, ticks: { show: false }, font: "12px system-ui, sans-serif" };
    return {
      width: Math.max(100, Math.floor(canvas.clientWidth)), height: HEIGHT, legend: { show: false }, ms: 1, padding: [8, () => room(null, null, ...span(drawn)) / 2 - 4, 0, 0],
      tzDate: (time) => (zone() === "utc" ? uPlot.tzDate(new Date(time), "Etc/UTC") : new Date(time)),
      cursor: { y: false, drag: { x: false, y: false }, points: { size: 8 } },
      scales: {
        x: { time: true, range: () => span(drawn) },
        y: { range: () => bounds },
      },
      axes: [
        { ...axis, values: (_, splits, __, ___, step) => timeLabels(splits, step, zone()), space: room, size: 28, gap: 6 },
        { ...axis, values: (_, splits) => labels(splits), space: 32, gap: 6, size: (_, texts) => 14 + 7 * Math.max(3, ...(texts ?? []).map(({ length }) => length)) },
      ],
      series: [{}, shapeOf(shape, uPlot, drawn.length)],
      hooks: {
        setCursor: [(self) => showReading(self.cursor.idx)],
        draw: [(self) => drawMarks(self, drawn, bounds, shape === "dots" ? aim : 0)],
      },
    };
  }

  async function draw() {
    const uPlot = await load();
    if (ended || !element.isConnected) return;
    plot?.destroy();
    isSparse = drawn.length < 3;
    plot = new uPlot(options(uPlot), data(), canvas);
  }

  const resize = new ResizeObserver(() => {
    if (plot && canvas.clientWidth) plot.setSize({ width: Math.max(100, Math.floor(canvas.clientWidth)), height: HEIGHT });
  });
  resize.observe(canvas);
  const scheme = matchMedia("(prefers-color-scheme: dark)");
  const recolour = () => plot?.redraw(false);
  scheme.addEventListener("change", recolour);
  const endPrefs = prefs.onChange((key) => {
    if (key === "theme") requestAnimationFrame(recolour);
    if (key !== "zone") return;
    table();
    showReading(chosen);
    plot?.redraw(false, true);
  });

  const openAt = (at) => drawn[at]?.height != null && onOpen(drawn[at].height);
  place.addEventListener("click", () => openAt(plot?.cursor.idx));
  place.addEventListener("keydown", (event) => {
    if (!plot || !drawn.length) return;
    if (event.key === "Enter") openAt(chosen);
    const step = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const at = Math.min(drawn.length - 1, Math.max(0, (chosen ?? drawn.length) + step));
    plot.setCursor({ left: plot.valToPos(drawn[at].time, "x"), top: 0 });
    // Several values may share a pixel.
    showReading(at);
  });

  return {
    element,
    async update(points, target) {
      drawn = pointsOf(points);
      aim = target;
      const values = drawn.map(({ value }) => value).filter((value) => value !== null);
      none.hidden = values.length > 0;
      summary.textContent = values.length ? sentence(values, points, target) : "Nothing to show yet.";
      place.setAttribute("aria-label", `${name}. ${summary.textContent} The arrow keys read single values.`);
      bounds = values.length ? boundsOf(values, target) : [0, 1];
      table();
      showReading(null);
      if (plot && isSparse === drawn.length < 3) plot.setData(data());
      else await draw();
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
