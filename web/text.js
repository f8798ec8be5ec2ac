// The text of a record, cut into parts that are safe to show: what is invisible or turns the
// direction of writing is named. Pure.

/** Longest text that is shown at once, and its most lines; more is folded. */
export const FOLD_CHARACTERS = 600;
export const FOLD_LINES = 4;

const JOINERS = "\u200c\u200d";
const HIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]/gu;
const WRITTEN = /^(?:\p{L}|\p{M}|\p{Extended_Pictographic}|\p{Emoji_Modifier}|\ufe0f)/u;
const FLAG = /\u{1f3f4}[\u{e0020}-\u{e007e}]+\u{e007f}/gu;

export const codePoint = (character) =>
  `U+${character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`;

/** Whether a joiner between these does what writing needs it for. */
const joins = (before, after) => WRITTEN.test(before) && WRITTEN.test(after);

/** The character that ends before a place of a text. */
const characterBefore = (text, at) => Array.from(text.slice(Math.max(0, at - 2), at)).at(-1) ?? "";

/** The parts of a text in order: `{ text }` to be shown as it is, `{ hidden }` to be named. */
export function parts(text) {
  const found = [];
  const flags = [...text.matchAll(FLAG)].map((flag) => [flag.index, flag.index + flag[0].length]);
  let from = 0;
  for (const match of text.matchAll(HIDDEN)) {
    const [at, character] = [match.index, match[0]];
    const end = at + character.length;
    const isJoiner = JOINERS.includes(character) && joins(characterBefore(text, at), text.slice(end, end + 2));
    if (isJoiner || flags.some(([start, end]) => at > start && at < end)) continue;
    if (at > from) found.push({ text: text.slice(from, at) });
    found.push({ hidden: character });
    from = end;
  }
  if (from < text.length) found.push({ text: text.slice(from) });
  return found;
}

/** As `parts`, with blanks at the ends and every line end marked. */
export function exactParts(text) {
  const mark = (part) => {
    if (part.hidden !== undefined) return [part];
    return part.text.split(/(\n|\t|^ +| +$| +(?=\n)|(?<=\n) +)/).filter((piece) => piece !== "").map((piece) => {
      if (piece === "\n") return { mark: "⏎\n" };
      if (piece === "\t") return { mark: "→\t" };
      return /^ +$/.test(piece) ? { mark: "·".repeat(piece.length) } : { text: piece };
    });
  };
  return parts(text).flatMap(mark);
}

/** The beginning of a text, whole code points, and whether that is all of it. */
export function fold(text) {
  let end = Math.min(text.length, FOLD_CHARACTERS);
  let line = -1;
  for (let lines = 0; lines < FOLD_LINES; lines++) {
    line = text.indexOf("\n", line + 1);
    if (line < 0 || line >= end) break;
    if (lines === FOLD_LINES - 1) end = line;
  }
  const last = text.charCodeAt(end - 1);
  if (end < text.length && last >= 0xd800 && last < 0xdc00) end -= 1;
  return { start: text.slice(0, end), isWhole: end >= text.length };
}

const MAX_LEVELS = 64;

/**
 * JSON with line breaks and indents between its tokens, which stay as they are; `null` of a text
 * that is no JSON object or array, or is nested too deep.
 */
export function layOut(text) {
  if (!/^\s*[[{]/.test(text)) return null;
  try {
    JSON.parse(text);
  } catch {
    return null;
  }
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g);
  let [out, level, deepest] = ["", 0, 0];
  const line = () => `\n${"  ".repeat(level)}`;
  tokens.forEach((token, at) => {
    if (token === "{" || token === "[") {
      level += 1;
      deepest = Math.max(deepest, level);
      out += token;
      if (!/[}\]]/.test(tokens[at + 1])) out += line();
    } else if (token === "}" || token === "]") {
      level -= 1;
      out += (/[[{]/.test(tokens[at - 1]) && tokens[at - 1].length === 1 ? "" : line()) + token;
    } else if (token === ",") out += `,${line()}`;
    else out += token === ":" ? ": " : token;
  });
  return deepest > MAX_LEVELS ? null : out;
}
