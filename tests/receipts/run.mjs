// Runs examples/verify_receipt.mjs on the vectors. `--first FILE` writes the first receipt to FILE
// and prints its tip.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";

import { verify } from "../../examples/verify_receipt.mjs";

const { sound, broken } = JSON.parse(readFileSync("tests/vectors/receipts.json", "utf8"));

const refuses = (data, tip) => {
  try {
    verify(data, tip);
  } catch {
    return true;
  }
  return false;
};

const isSame = (data, value) => {
  try {
    return isDeepStrictEqual(JSON.parse(data.toString()), value);
  } catch {
    return false;
  }
};

if (process.argv[2] === "--first") {
  writeFileSync(process.argv[3], sound[0].text);
  console.log(sound[0].tip);
  process.exit();
}

let changes = 0;
for (const { name, text, tip, recordId } of sound) {
  const data = Buffer.from(text);
  const told = verify(data, tip);
  assert.deepEqual([told.recordId, told.tip], [recordId, tip], name);
  assert.deepEqual(verify(data), told, name);
  assert(refuses(data, "0".repeat(64)), name);
  const value = JSON.parse(text);
  for (let at = 0; at < data.length; at += 1) {
    for (const change of [1, 32]) {
      const changed = Buffer.from(data);
      changed[at] ^= change;
      assert(refuses(changed) || isSame(changed, value), `${name}: byte ${at}: ${changed}`);
      changes += 1;
    }
  }
}
for (const { name, text } of broken) assert(refuses(Buffer.from(text)), name);
console.log(
  `verify_receipt.mjs: ${sound.length} sound receipts taken,`,
  `${broken.length} broken ones and ${changes} changes refused`,
);
