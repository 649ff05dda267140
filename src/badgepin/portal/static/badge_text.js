// What a badge says: which code it is, and the secret seed of its key. The same rules as the server's badge_text.
const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const BODY = 77;
const LENGTH = 87;
const MS_QRPIN = /^ms-qrpin:v1\|[^|]{1,113}\|([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\|([0-9a-f]{64})$/i;
const MS_QRPIN_ANY = /^ms-qrpin:/i;

/** @typedef {{qrId: string, seed: Uint8Array}} Badge */
/** @typedef {{problem: "notABadge" | "damagedBadge" | "otherSystem"}} Unreadable */

/**
 * Read either form of a badge's text.
 * @param {string} given
 * @returns {Promise<Badge | Unreadable>}
 */
export async function readBadgeText(given) {
  const text = given.trim();
  const found = MS_QRPIN.exec(text);
  if (found) return { qrId: found[1].toLowerCase(), seed: fromHex(found[2]) };
  if (MS_QRPIN_ANY.test(text)) return { problem: "otherSystem" };
  const upper = text.toUpperCase();
  if (!/^[\x20-\x7e]*$/.test(text) || !["BP1", "BPI", "BPL"].includes(upper.slice(0, 3))) return { problem: "notABadge" };
  return readBp1(upper);
}

/**
 * @param {string} text
 * @returns {Promise<Badge | Unreadable>}
 */
async function readBp1(text) {
  const values = [...text.slice(3)].map((letter) => ALPHABET.indexOf({ I: "1", L: "1", O: "0" }[letter] ?? letter));
  if (text.length !== LENGTH || values.includes(-1)) return { problem: "damagedBadge" };
  const body = values.slice(0, BODY).map((value) => ALPHABET[value]).join("");
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(`BP1${body}`)));
  const check = values.slice(BODY);
  const packed = new Uint8Array(48);
  let buffer = 0;
  let bits = 0;
  let place = 0;
  for (const value of values.slice(0, BODY)) {
    buffer = (buffer << 5) | value;
    bits += 5;
    if (bits >= 8 && place < 48) {
      bits -= 8;
      packed[place++] = (buffer >> bits) & 255;
    }
    buffer &= (1 << bits) - 1;
  }
  const right = first35Bits(digest).every((value, index) => value === check[index]) && buffer === 0;
  const seed = packed.slice(16);
  const qrId = uuid(packed.subarray(0, 16));
  packed.fill(0);
  values.fill(0);
  if (right) return { qrId, seed };
  seed.fill(0);
  return { problem: "damagedBadge" };
}

/** @param {Uint8Array} digest */
function first35Bits(digest) {
  let number = 0n;
  for (const byte of digest.subarray(0, 5)) number = (number << 8n) | BigInt(byte);
  number >>= 5n;
  return Array.from({ length: 7 }, (_, index) => Number((number >> BigInt(5 * (6 - index))) & 31n));
}

/** @param {Uint8Array} raw */
function uuid(raw) {
  const hex = Array.from(raw, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

/** @param {string} hex */
function fromHex(hex) {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}
