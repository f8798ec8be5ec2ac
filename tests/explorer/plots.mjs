// What the charts draw, without a browser.
import assert from "node:assert/strict";
import { test } from "node:test";

import { CHARTS, labels, timeLabels } from "../../web/series.js";
import { SERIES_START as START, series as blocks } from "./chain.mjs";

const [seconds, difficulty, records] = CHARTS;
const drawn = (chart, points, target = 10) => {
  const all = chart.points(points);
  const values = all.map(({ value }) => value).filter((value) => value !== null);
  return { all, values, bounds: values.length ? chart.bounds(values, target) : null, sentence: values.length ? chart.sentence(values, points, target) : null };
};

test("no two labels of an axis are equal", () => {
  for (const values of [[0, 20, 40], [0, 0.5, 1], [84.1e6, 84.15e6, 84.2e6], [9.999e8, 1e9, 1.001e9], [0, 1e-3, 2e-3], [65_537, 65_538], [1e30, 2e30]]) {
    const all = labels(values);
    assert.equal(new Set(all).size, all.length, all.join());
    assert.ok(all.every((label) => !/NaN|undefined|Infinity/.test(label)), all.join());
  }
  assert.deepEqual(labels([84e6, 84.5e6]), ["84.0 M", "84.5 M"]);
  assert.deepEqual(labels([0, 20]), ["0", "20"]);
});

test("labels of times say as much as it takes", () => {
  const times = (step, count = 4) => Array.from({ length: count }, (_, at) => START + at * step);
  assert.deepEqual(timeLabels(times(60_000), 60_000, "utc").slice(0, 2), ["06:00", "06:01"]);
  assert.deepEqual(timeLabels(times(5_000), 5_000, "utc").slice(0, 2), ["06:00:00", "06:00:05"]);
  assert.deepEqual(timeLabels(times(250), 250, "utc").slice(0, 2), ["06:00:00.000", "06:00:00.250"]);
  assert.deepEqual(timeLabels(times(12 * 3_600_000), 12 * 3_600_000, "utc").slice(0, 2), ["11-27 06:00", "11-27 18:00"]);
  assert.deepEqual(timeLabels(times(86_400_000), 86_400_000, "utc").slice(0, 2), ["2026-11-27", "2026-11-28"]);
});

test("no block, one and two are drawn", () => {
  for (const chart of CHARTS) {
    assert.deepEqual(chart.points([]), []);
    for (const count of [1, 2]) {
      const { values, bounds: [low, high] } = drawn(chart, blocks(Array(count).fill(7)));
      assert.ok(values.length >= 1 && values.every(Number.isFinite), chart.name);
      assert.ok(low < high && values.every((value) => value >= low && value <= high), chart.name);
    }
  }
  assert.equal(drawn(seconds, blocks([7, 8])).sentence, "Last 2 blocks: median 8 s, target 10 s.");
});

test("the first interval of a chain is left out, which may be years", () => {
  assert.deepEqual(seconds.points(blocks([1e8, 7], { from: 1 })).map(({ value }) => value), [null, 7]);
});

test("a long interval does not press the others to the ground", () => {
  const { bounds, values } = drawn(seconds, blocks([...Array(300).fill(9), 3 * 3600, ...Array(59).fill(11)]));
  assert.deepEqual(bounds, [0, 30]);
  assert.equal(Math.max(...values), 10_800);
  const bars = records.points(blocks([...Array(10).fill(9), 3 * 3600, ...Array(10).fill(11)]));
  assert.ok(bars.length <= 60);
  assert.equal(bars.filter(({ value }) => value === 0).length > 10, true);
});

test("equal values have a scale of their own", () => {
  const { bounds: [low, high], sentence } = drawn(difficulty, blocks(Array(360).fill(10)));
  assert.ok(low > 0 && low < 65_537 * 0.951 && high > 65_537 * 1.049);
  assert.equal(sentence, "A block takes about 65.5 k attempts, steady over these blocks.");
});

test("a huge difficulty is a number", () => {
  const { bounds, sentence } = drawn(difficulty, blocks([9, 9], { bits: "1a00ffff" }));
  assert.ok(bounds.every(Number.isFinite));
  assert.equal(sentence, "A block takes about 72.1 P attempts, steady over these blocks.");
});

test("bars are records a minute, and the newest one is a whole minute", () => {
  const points = blocks(Array(36).fill(10), { records: 3 });
  const bars = records.points(points);
  assert.equal(bars.length, 5);
  assert.ok(bars.every(({ value }) => value === 18), JSON.stringify(bars));
  assert.equal(bars.at(-1).time, points.at(-1).timestamp);
  assert.equal(drawn(records, points).sentence, "108 records in 36 blocks, 18.5 a minute on average.");
});

test("rates below one a minute have a scale of their own", () => {
  const { bounds: [low, high], values } = drawn(records, blocks(Array(300).fill(3600)));
  assert.equal(low, 0);
  assert.ok(Math.max(...values) > high / 2, `${Math.max(...values)} of ${high}`);
  assert.deepEqual(drawn(records, blocks([7, 7], { records: 0 })).bounds, [0, 1.1]);
});
