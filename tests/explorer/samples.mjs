// Records as an application would write them: what the pictures of the explorer show.

const two = (value) => String(value).padStart(2, "0");
const pick = (from, chance) => from[Math.floor(chance() * from.length)];
const digest = (chance) => Array.from({ length: 64 }, () => Math.floor(chance() * 16).toString(16)).join("");

const SITES = ["Turin-2", "Lyon-1", "Ghent-4", "Porto-1", "Graz-3"];
const GOODS = ["bearings 6204-2RS", "gear oil ISO 220", "sensor heads PT100", "flanges DN80", "relays 24 V DC", "filter mats G4"];
const PARTNERS = ["Norlund Logistics", "Officine Galli S.r.l.", "Hüttner & Söhne GmbH", "Transportes Vouga, Lda."];

const KINDS = [
  (at, chance, time) => JSON.stringify({
    sensor: `th-${two(1 + Math.floor(chance() * 24))}`, site: pick(SITES, chance), at: new Date(time).toISOString(),
    celsius: Number((3.5 + 2 * chance()).toFixed(2)), humidity: Number((61 + 8 * chance()).toFixed(1)), battery: Number((3.1 + 0.5 * chance()).toFixed(2)),
  }),
  (at, chance) => `delivery D-${70_000 + at}: ${12 * (1 + Math.floor(chance() * 40))} pcs ${pick(GOODS, chance)}, ${pick(PARTNERS, chance)} to ${pick(SITES, chance)}`,
  (at, chance) => `sha256 ${digest(chance)}  inspection-${4_000 + at}.pdf`,
  (at, chance) => JSON.stringify({ batch: `B${two(at % 100)}-${1_000 + at}`, step: pick(["mixed", "filled", "sealed", "released"], chance), line: 1 + Math.floor(chance() * 4), by: pick(["mk", "ao", "jt", "vs"], chance) }),
];

/** The records of an ordinary block: one to eight, now and then none, and sometimes a burst. */
export function ordinary(at, chance, time) {
  const burst = chance() < 0.03 ? 20 : 0;
  const many = Math.floor(-2.4 * Math.log(1 - chance())) + burst;
  return Array.from({ length: many }, (_, index) => pick(KINDS, chance)(16 * at + index, chance, time));
}

/** A record of which the pictures show everything. */
export const CERTIFICATE = JSON.stringify({
  certificate: "CAL-2026-01187", instrument: { type: "pressure transmitter", maker: "Hüttner", serial: "PT-4471-09", range: "0 to 16 bar" },
  reference: { standard: "DW-3", traceable: "DKD-K-05701", uncertainty: "0.012 %" },
  points: [{ set: 0, read: 0.002 }, { set: 4, read: 4.001 }, { set: 8, read: 7.998 }, { set: 12, read: 12.003 }, { set: 16, read: 16.004 }],
  result: "passed", next: "2027-11-26", file: "9f2c1e6f5a0b6bb0d1f1c0e45f3d7a98c62d1b7a60f0c4a8e0f2fd4b1a7c93de",
});

/** A block in which there is something of everything. */
export const MIXED = [
  CERTIFICATE,
  "delivery D-71904: 240 pcs bearings 6204-2RS, Norlund Logistics to Turin-2\nreceived complete, pallets 3 and 4 rewrapped\nsigned: A. Okafor",
  "校准证书 2026-0412：温度传感器 TH-07，合格，有效期至 2027 年 11 月",
  "شهادة معايرة ٤٤٧١: جهاز قياس الضغط، النتيجة مطابقة",
  "Акт поверки № 218: термометр ТН-12, годен до 26.11.2027",
  "invoice 4471 \u202e0005\u202c EUR, account FR76\u200b3000 4028\u0000",
  `log of night shift, line 2\n${Array.from({ length: 40 }, (_, at) => `${two(22 + Math.floor(at / 12) - (at >= 24 ? 24 : 0))}:${two((at % 12) * 5)} temperature ${(4 + (at % 7) / 10).toFixed(1)} °C, door ${at % 9 ? "closed" : "open"}`).join("\n")}`,
  JSON.stringify({ sensor: "th-07", site: "Turin-2", celsius: 4.12, counter: 123 }).replace("123", "12345678901234567890"),
];

/** What was only on the branch that lost, what both branches have, and what waits. */
export const LOST = "delivery D-71911: 96 pcs flanges DN80, Officine Galli S.r.l. to Ghent-4";
export const MOVED = '{"batch":"B17-2271","step":"released","line":3,"by":"ao"}';
