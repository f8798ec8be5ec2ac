// Search: the hits when there are several, what was tried when there is none, and a box for texts
// of several lines.

import { chip, empty, failure, h, loading, number, state } from "../dom.js";
import { onlyPage, queryOf, search } from "../search.js";

/** What was typed last, and what was found: the address never has the text of a record. */
let last = null;

/** Keeps what the search box found for the page that shows it. */
export function remember(text, result, error = null) {
  last = { text, result, error };
}

const blockHit = ({ height, hash, onMainChain }) => h("li", {}, "Block ", number(height), " ", chip("block", hash), " ",
  onMainChain ? null : state("warn", "displaced"));

const recordHit = ({ id, state: where, height, note, isText }) => h("li", {}, "Record ", chip("record", id), " ",
  where === "pending" ? state("running", "pending") : ["in block ", number(height)], isText ? h("span", { class: "muted" }, note ? ` (the text ${note})` : " (exactly this text)") : null);

export function found(context) {
  const { body, query, title, go } = context;
  const asked = query.get("q") ?? "";
  title("Search");
  const results = h("div", { role: "status" });
  const text = h("textarea", { id: "exact", rows: "4", spellcheck: "false" });
  const file = h("input", { id: "exact-file", type: "file" });
  const note = h("p", { class: "muted", role: "status" });
  const form = h("form", { class: "card" }, h("h2", {}, "Search by the exact text of a record"),
    h("p", {}, "Every blank and line break counts. The text is hashed in this page, and only its hash is sent."),
    h("p", { class: "field" }, h("label", { for: "exact" }, "Height, hash, or text of several lines")), text,
    h("p", { class: "field" }, h("label", { for: "exact-file" }, "Or a file with the text")), file,
    h("p", { class: "buttons" }, h("button", { class: "button is-primary", type: "submit" }, "Search")), note);

  function show({ text: typed, result, error }) {
    text.value = typed;
    if (error) {
      results.replaceChildren(failure(error, () => run(typed)));
      return;
    }
    const { blocks, records, partial, tried } = result;
    if (!blocks.length && !records.length) {
      results.replaceChildren(h("div", { class: "card" }, h("h2", {}, state("neutral", "Nothing was found")),
        h("p", {}, "for ", h("bdi", { class: "quoted" }, typed.length > 200 ? `${typed.slice(0, 200)} …` : typed)),
        h("p", {}, "Tried:"), h("ul", { class: "tried" }, tried.map((sentence) => h("li", {}, sentence)))));
      return;
    }
    results.replaceChildren(h("div", { class: "card" },
      blocks.length ? [h("h2", {}, "Blocks"), h("ul", { class: "hits" }, blocks.map(blockHit))] : null,
      records.length ? [h("h2", {}, "Records"), h("ul", { class: "hits" }, records.map(recordHit))] : null,
      partial ? h("p", { class: "muted" }, "There may be more than these: at most 20 are listed. Type more digits.") : null));
  }

  async function run(typed) {
    if (typed.trim() === "") return;
    results.replaceChildren(loading("what was found", () => run(typed)));
    try {
      const result = await search(typed);
      remember(typed, result);
      const only = onlyPage(result);
      if (only) go(only);
      else {
        show(last);
        context.replace(`search?q=${encodeURIComponent(await queryOf(typed))}`);
      }
    } catch (error) {
      results.replaceChildren(failure(error, () => run(typed)));
    }
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    run(text.value);
  });
  file.addEventListener("change", async () => {
    const [chosen] = file.files;
    if (!chosen) return;
    if (chosen.size > 1 << 20) note.textContent = "The file is larger than any record.";
    else {
      try {
        run(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(await chosen.arrayBuffer()));
      } catch {
        note.textContent = "The file is not UTF-8 text, so no record has it.";
      }
    }
  });
  body.append(results, form);
  return {
    async start({ isBack }) {
      if (isBack && results.firstChild) return;
      const isRemembered = last && (await queryOf(last.text)) === asked;
      if (isRemembered) show(last);
      else if (asked) run(asked);
      else results.replaceChildren(empty("Type a height, a hash, the first digits of one, or the exact text of a record."));
    },
  };
}
