// Rows of blocks, as Overview and Blocks show them.

import { chip, h, link, number, row, time } from "./dom.js";
import * as format from "./format.js";

export const COLUMNS = [
  { name: "Height", lead: true }, { name: "Age", lead: true }, { name: "Hash", wide: true },
  { name: "Records", end: true }, { name: "Seconds", end: true }, { name: "Attempts", end: true },
];

/** A longer interval is a pause of the chain: its tenths say nothing, and need much room. */
const LONGEST_INTERVAL = 100_000;

const interval = (seconds) => (seconds < LONGEST_INTERVAL ? format.tenths(seconds) : format.large(seconds));

/** The row of a header; `parent` is that of the block below it, if it is known. */
export function blockRow(header, parent) {
  const seconds = parent ? interval((header.timestamp - parent.timestamp) / 1000) : header.height === 0 ? "first block" : "not loaded";
  return row(COLUMNS, [
    link(`block/${header.hash}`, number(header.height), { class: "height" }),
    time(header.timestamp),
    chip("block", header.hash),
    number(header.recordCount),
    seconds,
    h("span", {}, format.large(format.attempts(header.bits), { padded: true })),
  ]);
}
