// What somebody typed or pasted into the search box. Pure.

const SEPARATOR = "[,.'_ \\u00a0\\u2009\\u202f]";
const GROUPED = new RegExp(`^#?\\d{1,3}(?:${SEPARATOR}\\d{3})+$`);
const LONGEST_HEIGHT = 9_007_199_254_740_991;

/** The last part of the path, of what looks like a link; `null` of anything else. */
function lastPart(text) {
  if (!/^https?:\/\/\S+$/i.test(text)) return null;
  try {
    const url = new URL(text);
    const part = url.pathname.split("/").filter(Boolean).at(-1);
    const query = url.searchParams.get("q");
    return query ?? (part ? decodeURIComponent(part) : null);
  } catch {
    return null;
  }
}

/** A height, `null` of anything else. */
export function height(text) {
  const plain = GROUPED.test(text) ? text.replace(new RegExp(SEPARATOR, "g"), "") : text;
  const digits = /^#?(\d{1,16})$/.exec(plain)?.[1];
  // Digits that begin with a zero are the beginning of a hash.
  if (digits === undefined || (digits.length > 1 && digits[0] === "0")) return null;
  const value = Number(digits);
  return value <= LONGEST_HEIGHT ? value : null;
}

/** Lower-case digits of a hash, without what people put around them. */
function digits(text) {
  const bare = text.replace(/^["'`<(\[]+|["'`>)\],;.]+$/g, "").trim().toLowerCase().replace(/^0x/, "");
  const ends = /^([0-9a-f]+)(?:…|\.{2,3})([0-9a-f]+)$/.exec(bare);
  if (ends) return { head: ends[1], tail: ends[2] };
  return /^[0-9a-f]+$/.test(bare) ? { head: bare, tail: "" } : null;
}

/**
 * What a text may be, besides the exact text of a record:
 * `{ height, hash, pattern, isShort }`, each `null` or false if it is not that.
 */
export function recognise(text) {
  const trimmed = text.trim();
  const name = lastPart(trimmed) ?? trimmed;
  const found = { height: height(name), hash: null, pattern: null, isShort: false };
  const hex = digits(name);
  if (hex) {
    const all = hex.head + hex.tail;
    const counted = all.replace(/^0+/, "").length;
    if (!hex.tail && hex.head.length === 64) found.hash = hex.head;
    else if (all.length > 64) return found;
    else if (counted >= 4) found.pattern = hex.tail ? `${hex.head}..${hex.tail}` : hex.head;
    else found.isShort = found.height === null;
  }
  return found;
}

/** What a text looks like, for a hint beside the box; empty if there is nothing to say. */
export function hint(text) {
  if (text === "") return "";
  const found = recognise(text);
  if (found.height !== null) return "looks like a height";
  if (found.hash) return "looks like a hash or a record id";
  if (found.pattern) return "looks like digits of a hash";
  return "is looked up as the exact text of a record";
}

/** Ways in which a record may differ from a text at its end: one line end more or less. */
export function variants(text) {
  const all = [{ text, note: "" }];
  if (text.endsWith("\n")) all.push({ text: text.slice(0, -1), note: "without the line break at the end" });
  else all.push({ text: `${text}\n`, note: "with a line break at the end" });
  const trimmed = text.trim();
  if (trimmed !== text && trimmed !== all[1].text && trimmed !== "") {
    all.push({ text: trimmed, note: "without the blanks around it" });
  }
  return all;
}
