// Requests to the node. A 401 ends them all until the page is loaded again: more wrong ones would
// only fill the node's throttle.

import { root } from "./base.js";
import { sentence } from "./format.js";

/** Longest wait for a response. */
const TIMEOUT = 20_000;

/** A request that failed: `kind` is `offline`, `signed-out` or `problem`. */
export class RequestError extends Error {
  constructor(kind, fields) {
    super(fields.title);
    Object.assign(this, { kind, detail: "", status: 0, requestId: "", retryAfter: 0, ...fields });
  }
}

const signedOut = new EventTarget();
let isSignedOut = false;

/** The node's clock less this browser's, in milliseconds; `null` before the first response. */
export const skew = { millis: null };

/** The node's time as far as it is known. */
export const now = () => Date.now() + (Math.abs(skew.millis ?? 0) > 1500 ? skew.millis : 0);

export function onSignedOut(listener) {
  signedOut.addEventListener("signed-out", listener);
}

function noteClock(response, sent) {
  const date = Date.parse(response.headers.get("date") ?? "");
  // The header has whole seconds, and was written between the request and now.
  if (Number.isFinite(date)) skew.millis = date + 500 - (sent + Date.now()) / 2;
}

async function problem(response) {
  let body = {};
  try {
    body = await response.json();
  } catch {
    // A proxy in between wrote it.
  }
  const retryAfter = Number(response.headers.get("retry-after")) || 0;
  const title = body.title ?? `The node responded with status ${response.status}`;
  return new RequestError("problem", {
    title, detail: sentence(body.detail ?? ""), status: response.status, requestId: body.requestId ?? "", retryAfter,
    type: body.type ?? "", field: body.field ?? "",
  });
}

/** Sends a request. Resolves with a response of any status but 401; throws a RequestError. */
export async function request(path, { signal, headers = {}, timeout = TIMEOUT, ...init } = {}) {
  if (isSignedOut) throw new RequestError("signed-out", { title: "Signed out" });
  const limit = timeout ? AbortSignal.timeout(timeout) : null;
  const signals = [signal, limit].filter(Boolean);
  const sent = Date.now();
  let response;
  try {
    response = await fetch(location.origin + root + path, {
      cache: "no-store", credentials: "same-origin", ...init,
      // Tells the node that no dialog should open, also where browsers do not send Sec-Fetch-Mode.
      headers: { "X-Requested-With": "XMLHttpRequest", ...headers },
      signal: signals.length ? AbortSignal.any(signals) : undefined,
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new RequestError("offline", { title: "The node cannot be reached" });
  }
  noteClock(response, sent);
  if (response.status === 401) {
    isSignedOut = true;
    signedOut.dispatchEvent(new Event("signed-out"));
    throw new RequestError("signed-out", { title: "Signed out" });
  }
  return response;
}

/** As `request`, and throws for a status that is no success. */
async function successful(path, init) {
  const response = await request(path, init);
  if (!response.ok) throw await problem(response);
  return response;
}

async function reading(read) {
  try {
    return await read();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new RequestError("offline", { title: "The response was cut off" });
  }
}

/** The JSON of a GET. */
export async function get(path, init) {
  const response = await successful(path, init);
  return reading(() => response.json());
}

/** The JSON of a GET, `null` if there is no such thing. */
export async function find(path, init) {
  const response = await request(path, init);
  if (response.status === 404) return null;
  if (!response.ok) throw await problem(response);
  return reading(() => response.json());
}

/** The text of a GET, as it came. */
export async function text(path, init) {
  const response = await successful(path, init);
  return reading(() => response.text());
}

/** Sends JSON, or nothing. Returns JSON, `null` if there is none. */
export async function send(method, path, body) {
  const init = { method };
  if (body !== undefined) Object.assign(init, { body: JSON.stringify(body), headers: { "Content-Type": "application/json" } });
  const response = await successful(path, init);
  return response.status === 204 ? null : reading(() => response.json());
}
