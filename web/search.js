// Finds what somebody typed: a height, a hash, digits of one, or the exact text of a record.

import * as api from "./api.js";
import * as format from "./format.js";
import { recordId } from "./hash.js";
import { recognise, variants } from "./query.js";

const nothing = () => ({ blocks: [], records: [], partial: false });

/** Looks for a record with one of these texts, and says what was tried if there is none. */
async function findText(found, texts) {
  for (const { text, note } of texts) {
    const id = await recordId(text);
    const { records } = await api.get(`v1/search?q=${id}`);
    found.records.push(...records.map((record) => ({ ...record, note, isText: true })));
    if (records.length) return;
    if (!note) found.tried.push(`The exact text of a record, whose id would be ${id}.`);
  }
  if (texts.length > 1) found.tried.push("The same text with and without a line break at its end.");
}

/**
 * Looks a text up in every way that it may be meant. Returns `{ blocks, records, partial, tried }`:
 * what was found, and sentences about what was tried.
 */
export async function search(text) {
  const wanted = recognise(text);
  const found = { ...nothing(), tried: [] };
  const take = ({ blocks, records, partial }) => {
    found.blocks.push(...blocks);
    found.records.push(...records);
    found.partial ||= partial;
  };
  if (wanted.height !== null) {
    const { tip } = await api.get("v1/status");
    if (wanted.height <= tip.height) {
      take(await api.get(`v1/search?q=${wanted.height}`));
      // Digits of a hash are not meant by a height that exists.
      Object.assign(found, { blocks: found.blocks.slice(0, 1), records: [], partial: false });
    } else found.tried.push(`Height ${format.number(wanted.height)}: the chain ends at ${format.number(tip.height)}.`);
  }
  const digits = wanted.hash ?? wanted.pattern;
  if (digits && !found.blocks.length) {
    take(await api.get(`v1/search?q=${digits}`));
    found.tried.push(wanted.hash ? "The hash of a block, and the id of a record." : "Blocks and records whose hash begins so.");
  } else if (wanted.isShort) {
    found.tried.push("Digits of a hash: fewer than 4 without the zeros at its beginning are too few.");
  }
  // A number or a hash may also be the text of a record: many records are hashes of files.
  const isFound = found.blocks.length + found.records.length > 0;
  await findText(found, isFound ? variants(text).slice(0, 1) : variants(text));
  return found;
}

/** The page of the only hit, `null` if there are more or none. */
export function onlyPage({ blocks, records, partial }) {
  // A record that has another text than was typed is shown with what differs.
  if (partial || blocks.length + records.length !== 1 || records[0]?.note) return null;
  return blocks.length ? `block/${blocks[0].hash}` : `record/${records[0].id}`;
}

/** What the address of the search page says: never the text of a record. */
export async function queryOf(text) {
  const { height, hash, pattern } = recognise(text);
  if (height !== null || hash || pattern) return text.trim();
  return recordId(text);
}
