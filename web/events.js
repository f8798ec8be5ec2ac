// The node's events, read from a stream: a browser's own EventSource gives up at any status but
// 200, and cannot be told where to continue.

import { request } from "./api.js";

/** Longest line, and longest text that is not yet a line. */
const MAX_LINE = 2 * 2 ** 20;

/** The node sends something at least every 15 s; after this long without it the link is gone. */
const SILENCE = 35_000;

/** Reads `text/event-stream`, however it is cut into chunks. */
export class EventParser {
  #decoder = new TextDecoder();
  #rest = "";
  #event = { type: "message", data: [], id: null };
  #sawReturn = false;

  /** Takes some bytes. Returns the events that are complete, `{ type, data, id }`. */
  feed(bytes) {
    const events = [];
    let text = this.#decoder.decode(bytes, { stream: true });
    // A return and a newline of one line end may come in two chunks.
    if (this.#sawReturn && text.startsWith("\n")) text = text.slice(1);
    if (text !== "") this.#sawReturn = text.endsWith("\r");
    const lines = (this.#rest + text).split(/\r\n|\r|\n/);
    this.#rest = lines.pop();
    for (const line of lines) this.#line(line, events);
    if (this.#rest.length > MAX_LINE) throw new Error("a line of the stream is too long");
    return events;
  }

  #line(line, events) {
    const event = this.#event;
    if (line === "") {
      if (event.data.length || event.id !== null) events.push({ ...event, data: event.data.join("\n") });
      this.#event = { type: "message", data: [], id: null };
      return;
    }
    const [, field, value] = /^([^:]*):? ?(.*)$/s.exec(line);
    if (field === "event") event.type = value;
    else if (field === "id") event.id = value;
    else if (field === "data") event.data.push(value);
  }
}

/**
 * Follows the node's events after a position until `signal` aborts or the stream ends.
 * `onOpen` is called with the first bytes, `onEvent` for every event. Returns the status of
 * what ended it: 200 when the stream ended, else the status of the response.
 */
export async function follow({ types, position, signal, onOpen, onEvent }) {
  const silence = new AbortController();
  let timer = setTimeout(() => silence.abort(), SILENCE);
  const alive = () => {
    clearTimeout(timer);
    timer = setTimeout(() => silence.abort(), SILENCE);
  };
  try {
    const response = await request(`v1/events?types=${types.join(",")}`, {
      signal: AbortSignal.any([signal, silence.signal]),
      headers: { Accept: "text/event-stream", ...(position ? { "Last-Event-ID": position } : {}) },
      timeout: 0,
    });
    if (response.status !== 200) {
      return { status: response.status, retryAfter: Number(response.headers.get("retry-after")) || 0 };
    }
    const reader = response.body.getReader();
    const parser = new EventParser();
    onOpen();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return { status: 200, retryAfter: 0 };
      alive();
      for (const event of parser.feed(value)) onEvent(event);
    }
  } finally {
    clearTimeout(timer);
  }
}
