// What the reader chose in the menu, kept in the browser where it lets us.

/** Every choice with its values, the default first. */
export const CHOICES = {
  theme: ["system", "light", "dark"],
  zone: ["local", "utc"],
  time: ["age", "exact"],
  hash: ["short", "full"],
  keys: ["on", "off"],
};

const kept = new Map();
const listeners = new Set();

export function get(key) {
  if (!kept.has(key)) {
    let value = null;
    try {
      value = localStorage.getItem(`jenny.${key}`);
    } catch {
      // The default counts.
    }
    kept.set(key, CHOICES[key].includes(value) ? value : CHOICES[key][0]);
  }
  return kept.get(key);
}

export function set(key, value) {
  kept.set(key, value);
  try {
    localStorage.setItem(`jenny.${key}`, value);
  } catch {
    // It counts until the page is closed.
  }
  const { dataset } = document.documentElement;
  if (key === "theme" || key === "hash") {
    if (value === CHOICES[key][0]) delete dataset[key];
    else dataset[key] = value;
  }
  for (const listener of listeners) listener(key, value);
}

/** Calls back when a choice changes. Returns what ends that. */
export function onChange(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
