// Runs before the style sheet, so that the first frame has the chosen colours.
(() => {
  const keep = (key, values) => {
    try {
      const value = localStorage.getItem(`jenny.${key}`);
      if (values.includes(value)) document.documentElement.dataset[key] = value;
    } catch {
      // Without storage the system's colours are used.
    }
  };
  keep("theme", ["light", "dark"]);
  keep("hash", ["full"]);
})();
