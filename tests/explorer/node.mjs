// A node in a directory of its own, and requests to it.
import { spawn, spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** How long anything may take that ends: the machine may have other work. */
export const PATIENCE = 90_000;

/** Waits until `holds`, polling. */
export async function until(what, holds, patience = PATIENCE) {
  const end = Date.now() + patience;
  for (;;) {
    const value = await holds();
    if (value) return value;
    if (Date.now() > end) throw new Error(`never: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** A port that the system gives to nobody by itself: a node that starts again gets it again. */
async function quietPort() {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 20_000);
    const server = createServer();
    const isFree = await new Promise((resolve) => server.once("error", () => resolve(false)).listen(port, "127.0.0.1", () => resolve(true)));
    if (isFree) return new Promise((resolve) => server.close(() => resolve(port)));
  }
}

/** Nodes that are not removed yet. */
const nodes = new Set();

// However the checks end, no node stays behind.
process.on("exit", () => {
  for (const { process: running, directory } of nodes) {
    running?.kill("SIGKILL");
    rmSync(directory, { recursive: true, force: true });
  }
});

export class Node {
  /** On a new data directory, with the blocks of a chain of `chain.mjs` if one is given, or on a copy of a directory. */
  constructor(binary, original = null) {
    nodes.add(this);
    this.binary = binary;
    this.directory = mkdtempSync(join(tmpdir(), "jenny-explorer-"));
    this.data = join(this.directory, "data");
    this.port = 0;
    this.user = "jenny:1234";
    this.environment = {};
    if (typeof original === "string") cpSync(original, this.data, { recursive: true });
    else if (original) this.importChain(original);
    else this.command("init", "--chain", "dev");
  }

  /** A node that is stopped, with the chain that this one has now; it has to be stopped too. */
  copy() {
    return new Node(this.binary, this.data);
  }

  importChain(chain) {
    const file = join(this.directory, "blocks");
    writeFileSync(`${file}.json`, chain.spec);
    writeFileSync(file, chain.file());
    this.command("init", "--chain", `${file}.json`);
    this.command("import", file);
  }

  command(...args) {
    const { status, stderr } = spawnSync(this.binary, [...args, "--data-dir", this.data], { encoding: "utf8" });
    if (status !== 0) throw new Error(`jenny ${args.join(" ")}: ${stderr}`);
  }

  /** Adds a user, whose password is of no secret. */
  addUser(name, role) {
    const file = join(this.directory, "password");
    writeFileSync(file, "a-password-of-some-length");
    this.command("init", "--user", name, "--role", role, "--password-file", file);
    return `${name}:a-password-of-some-length`;
  }

  async start() {
    this.port ||= await quietPort();
    this.process = spawn(this.binary, ["run", "--data-dir", this.data, "--api-listen", `127.0.0.1:${this.port}`, "--p2p-listen", "127.0.0.1:0"], {
      env: { ...process.env, JENNY_STORE_MIN_FREE: "0", JENNY_LOG: "debug", ...this.environment }, stdio: ["ignore", "pipe", "pipe"],
    });
    this.ended = new Promise((resolve) => this.process.on("exit", resolve));
    let [out, log] = ["", ""];
    this.process.stdout.on("data", (data) => (out += data));
    this.process.stderr.on("data", (data) => (log += data));
    this.log = () => log;
    const ready = await until("ready", () => /^ready api=(\S+) p2p=(\S+)/m.exec(out) ?? (this.process.exitCode !== null && { failed: log }));
    if (ready.failed) throw new Error(ready.failed);
    [, this.url, this.peer] = ready;
  }

  async stop(signal = "SIGKILL") {
    if (this.process.exitCode === null) this.process.kill(signal);
    await this.ended;
  }

  /** Stops the process where it is, without a word to anybody, until `thaw`. */
  freeze() {
    this.process.kill("SIGSTOP");
  }

  thaw() {
    this.process.kill("SIGCONT");
  }

  async remove() {
    if (this.process) await this.stop();
    rmSync(this.directory, { recursive: true, force: true });
    nodes.delete(this);
  }

  async ask(path, init = {}) {
    const headers = { Authorization: `Basic ${Buffer.from(this.user).toString("base64")}`, "Content-Type": "application/json" };
    const response = await fetch(this.url + path, { headers, ...init });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return response.status === 204 ? null : response.json();
  }

  /** How many streams of events the node sends. */
  async streams() {
    const headers = { Authorization: `Basic ${Buffer.from(this.user).toString("base64")}` };
    const text = await (await fetch(`${this.url}/metrics`, { headers })).text();
    return Number(/^jenny_api_event_streams (\d+)$/m.exec(text)[1]);
  }

  /** Mines so many blocks, a few at a time. */
  async grow(blocks) {
    for (let left = blocks; left > 0; left -= 50) {
      await Promise.all(Array.from({ length: Math.min(left, 50) }, (_, at) => this.mine(`block ${left - at} of ${blocks}`)));
    }
  }

  /** Mines one block. Returns it. */
  mine(...records) {
    return this.ask("/mineBlock", { method: "POST", body: JSON.stringify({ data: records }) });
  }

  submit(...records) {
    return this.ask("/v1/records", { method: "POST", body: JSON.stringify({ data: records }) });
  }
}

export const vectors = JSON.parse(readFileSync(new URL("../vectors/receipts.json", import.meta.url), "utf8"));

/** The explorer over the directory of a stopped node. */
export class View {
  constructor(node) {
    Object.assign(this, { binary: node.binary, data: node.data, scratch: node.directory });
  }

  async start() {
    this.process = spawn(this.binary, ["explore", this.data, "--scratch", this.scratch], { stdio: ["ignore", "pipe", "pipe"] });
    this.ended = new Promise((resolve) => this.process.on("exit", resolve));
    let [out, log] = ["", ""];
    this.process.stdout.on("data", (data) => (out += data));
    this.process.stderr.on("data", (data) => (log += data));
    this.address = await until("the address is printed", () => /^http\S+$/m.exec(out)?.[0] ?? (this.process.exitCode !== null && " "));
    if (this.address === " ") throw new Error(log);
    const url = new URL(this.address);
    [this.url, this.user] = [url.origin, `${url.username}:${url.password}`];
  }

  /** Ends it as Ctrl-C does. Returns its exit code. */
  async stop() {
    this.process.kill("SIGINT");
    return this.ended;
  }
}
