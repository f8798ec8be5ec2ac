// Numbers, sizes, times and hashes as text. Pure: no document, no clock.

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

/** 12345 as 12,345. */
export const number = (value) => whole.format(value);

/** With three significant digits: 7.12, 31.4, 1,234; `padded` keeps zeros at the end, for columns. */
export function short(value, { padded = false } = {}) {
  if (!Number.isFinite(value)) return "unknown";
  if (Math.abs(value) >= 100) return whole.format(value);
  return new Intl.NumberFormat("en", { maximumSignificantDigits: 3, minimumSignificantDigits: padded ? 3 : 1 }).format(value);
}

const oneDigit = new Intl.NumberFormat("en", { minimumFractionDigits: 1, maximumFractionDigits: 1 });

/** With one digit after the point, for columns: 7.1, 31.0. */
export const tenths = (value) => oneDigit.format(value);

/** A count by its noun: 1 block, 2 blocks. */
export const count = (value, noun, plural = `${noun}s`) => `${number(value)} ${value === 1 ? noun : plural}`;

/** A text of the node as a sentence: it may begin with a small letter and have no full stop. */
export const sentence = (text) => text.replace(/^[a-z]+(?=[ ,])/, (word) => word[0].toUpperCase() + word.slice(1)).replace(/([^.!?])$/, "$1.");

/** Bytes in KiB, MiB or GiB. */
export function bytes(value) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) [value, unit] = [value / 1024, unit + 1];
  return `${unit === 0 ? number(value) : short(value)} ${units[unit]}`;
}

/** A large number with a decimal prefix: 65.5 k, 84.2 M. */
export function large(value, { padded = false } = {}) {
  const prefixes = ["", " k", " M", " G", " T", " P", " E", " Z", " Y"];
  let prefix = 0;
  let number = Number(value);
  while (number >= 999.5 && prefix < prefixes.length - 1) [number, prefix] = [number / 1000, prefix + 1];
  return short(number, { padded: padded && prefix > 0 }) + prefixes[prefix];
}

/** Milliseconds as 0.4 s, 12 s, 3 min, 2 hr 5 min, 3 days. */
export function duration(millis) {
  const seconds = millis / 1000;
  if (seconds < 10) return `${short(seconds)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 ? `${hours} hr ${minutes % 60} min` : `${hours} hr`;
  return count(Math.floor(hours / 24), "day");
}

/** How long ago a time was; `null` when its date says more. */
export function age(time, now) {
  const millis = now - time;
  if (millis < -5000) return `${number(Math.round(-millis / 1000))} s ahead of this node's clock`;
  if (millis < 1000) return "now";
  if (millis < 60_000) return `${Math.floor(millis / 1000)} sec ago`;
  if (millis > 48 * 3_600_000) return null;
  return `${duration(millis)} ago`;
}

const formats = new Map();

function parts(time, zone) {
  if (!formats.has(zone)) {
    formats.set(zone, new Intl.DateTimeFormat("en-GB", {
      timeZone: zone === "utc" ? "UTC" : undefined, hourCycle: "h23", timeZoneName: "longOffset",
      year: "numeric", month: "2-digit", day: "2-digit",
      hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3,
    }));
  }
  return Object.fromEntries(formats.get(zone).formatToParts(time).map(({ type, value }) => [type, value]));
}

/** 2026-11-27 07:31:04.512 +01:00, or with Z in UTC. */
export function exact(time, zone) {
  const part = parts(time, zone);
  const offset = part.timeZoneName.replace("GMT", "") || "+00:00";
  const clock = `${part.hour}:${part.minute}:${part.second}.${part.fractionalSecond}`;
  return `${part.year}-${part.month}-${part.day} ${clock} ${zone === "utc" ? "Z" : offset}`;
}

/** 2026-11-27 07:31. */
export function minute(time, zone) {
  const part = parts(time, zone);
  return `${part.year}-${part.month}-${part.day} ${part.hour}:${part.minute}`;
}

/** 07:31:04. */
export function clock(time, zone) {
  const part = parts(time, zone);
  return `${part.hour}:${part.minute}:${part.second}`;
}

/** How many hashes a target takes on average, by its compact form; a big integer, 0 of none. */
export function attempts(bits) {
  const compact = parseInt(bits, 16);
  const [exponent, mantissa] = [compact >>> 24, BigInt(compact & 0x7fffff)];
  const target = exponent >= 3 ? mantissa << BigInt(8 * (exponent - 3)) : mantissa >> BigInt(8 * (3 - exponent));
  return target === 0n ? 0n : (1n << 256n) / (target + 1n);
}
