// What the charts draw: the values, scales, labels and sentences of a series of blocks. Pure.

import * as format from "./format.js";

const MINUTE = 60_000;

/** Most bars of a chart. */
const MAX_BARS = 60;

/** Minutes that a bar may cover. */
const BAR_MINUTES = [1, 2, 5, 10, 15, 30, 60, 120, 360, 720, 1440, 10_080];

/** The value below which a share of them is. */
export function quantile(values, share) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}

const PREFIXES = ["", " k", " M", " G", " T", " P", " E", " Z", " Y"];

/** Labels of an axis with one prefix and as many digits as it takes to tell its values apart. */
export function labels(values) {
  const step = values.length > 1 ? Math.abs(values[1] - values[0]) : 1;
  const largest = Math.max(...values.map(Math.abs));
  const prefix = largest < 10_000 ? 0 : Math.min(PREFIXES.length - 1, Math.floor(Math.log10(largest) / 3));
  const scaled = values.map((value) => value / 1000 ** prefix);
  const isExact = (digits) => scaled.every((value) => Math.abs(Number(value.toFixed(digits)) - value) < (0.05 * step) / 1000 ** prefix);
  const digits = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].find(isExact) ?? 10;
  const form = new Intl.NumberFormat("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return scaled.map((value) => form.format(value) + PREFIXES[prefix]);
}

/** Labels of times that are so far apart, in milliseconds: no finer than that, and days where they matter. */
export function timeLabels(times, step, zone) {
  const isLong = times.at(-1) - times[0] > 20 * 3_600_000;
  return times.map((time) => {
    if (step >= 86_400_000) return format.minute(time, zone).slice(0, 10);
    if (isLong) return format.minute(time, zone).slice(5);
    if (step >= MINUTE) return format.minute(time, zone).slice(11);
    return step >= 1000 ? format.clock(time, zone) : format.exact(time, zone).slice(11, 23);
  });
}

/** A point of a chart: its time, its value or `null`, and the block that it is about. */
const perBlock = (value) => (points) => points.map((point) => ({ time: point.timestamp, height: point.height, value: value(point) }));

/** Records a minute, in bars that end at the newest block and cover whole minutes. */
function perMinute(points) {
  if (!points.length) return [];
  const end = points.at(-1).timestamp;
  const span = end - points[0].timestamp;
  const minutes = BAR_MINUTES.find((minutes) => span / (minutes * MINUTE) <= MAX_BARS) ?? Math.ceil(span / MINUTE / MAX_BARS);
  const width = minutes * MINUTE;
  const bars = Array.from({ length: Math.max(1, Math.floor(span / width)) }, (_, at) => ({ time: end - at * width, width, height: null, value: 0 }));
  for (const { timestamp, height, records } of points) {
    const bar = bars[Math.floor((end - timestamp) / width)];
    if (!bar) continue;
    bar.value += records / minutes;
    bar.height = height;
  }
  return bars.reverse();
}

const sum = (points, key) => points.reduce((total, point) => total + point[key], 0);

/**
 * What each chart draws: its name and shape, its points, the bounds of its scale, the text of a
 * value, and a sentence that says what it shows. `target` is the interval of the chain in seconds.
 */
export const CHARTS = [
  {
    name: "Seconds per block", shape: "dots",
    // The first block may be years older than the second one.
    points: perBlock((point) => (point.height <= point.blocks ? null : point.secondsPerBlock)),
    text: (value) => `${format.short(value)} s`,
    bounds: (values, target) => [0, Math.max(3 * target, quantile(values, 0.99), 0.001)],
    sentence(values, points, target) {
      const aim = target ? `, target ${format.short(target)} s` : "";
      const shares = values.length < 10 ? "" : `, nine of ten within ${format.short(quantile(values, 0.9))} s`;
      return `Last ${format.count(sum(points, "blocks"), "block")}: median ${format.short(quantile(values, 0.5))} s${shares}${aim}.`;
    },
  },
  {
    name: "Difficulty", shape: "steps",
    points: perBlock((point) => Number(format.attempts(point.bits))),
    text: (value) => `${format.large(value)} attempts`,
    bounds(values) {
      const [low, high] = [Math.min(...values), Math.max(...values)];
      const room = Math.max((high - low) * 0.1, high * 0.05);
      return [low - room, high + room];
    },
    sentence(values) {
      const [first, last] = [values[0], values.at(-1)];
      const change = Math.round(100 * (last / first - 1));
      if (values.length < 2) return `A block takes about ${format.large(last)} attempts.`;
      const trend = change === 0 ? "steady over these blocks" : `${change > 0 ? "+" : "−"}${format.number(Math.abs(change))} % over these blocks`;
      return `A block takes about ${format.large(last)} attempts, ${trend}.`;
    },
  },
  {
    name: "Records per minute", shape: "bars",
    points: perMinute,
    text: (value) => `${format.short(value)} a minute`,
    // Rates below one a minute have a scale of their own.
    bounds: (values) => [0, (Math.max(...values) || 1) * 1.1],
    sentence(values, points) {
      const [records, blocks] = [sum(points, "records"), sum(points, "blocks")];
      const minutes = (points.at(-1).timestamp - points[0].timestamp) / MINUTE;
      const rate = minutes < 1 ? "" : `, ${format.short(records / minutes)} a minute on average`;
      return `${format.count(records, "record")} in ${format.count(blocks, "block")}${rate}.`;
    },
  },
];
