// The badge's signature over the server's challenge. The seed is wiped here and never leaves the page.
const PKCS8 = Uint8Array.from("302e020100300506032b657004220420".match(/../g) ?? [], (pair) => parseInt(pair, 16));

/**
 * Sign the challenge with a badge's seed, which is wiped.
 * @param {Uint8Array} seed
 * @param {string[]} fields origin, challenge, code id, purpose, device id
 * @returns {Promise<string>} base64url without padding
 */
export async function signChallenge(seed, fields) {
  const message = messageOf(fields);
  try {
    return base64url(await withWebCrypto(seed, message).catch(() => withNoble(seed, message)));
  } finally {
    seed.fill(0);
  }
}

/**
 * Every field with its length in four bytes before it.
 * @param {string[]} fields
 */
export function messageOf(fields) {
  const encoder = new TextEncoder();
  const parts = [encoder.encode("badgepin/v1\0")];
  for (const field of fields) {
    const raw = encoder.encode(field);
    const length = new Uint8Array(4);
    new DataView(length.buffer).setUint32(0, raw.length);
    parts.push(length, raw);
  }
  const message = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let place = 0;
  for (const part of parts) {
    message.set(part, place);
    place += part.length;
  }
  return message;
}

/**
 * @param {Uint8Array} seed
 * @param {Uint8Array} message
 */
async function withWebCrypto(seed, message) {
  const der = new Uint8Array(48);
  der.set(PKCS8);
  der.set(seed, PKCS8.length);
  try {
    const key = await crypto.subtle.importKey("pkcs8", der, { name: "Ed25519" }, false, ["sign"]);
    return new Uint8Array(await crypto.subtle.sign("Ed25519", key, message));
  } finally {
    der.fill(0);
  }
}

/**
 * For browsers without Ed25519: an audited library, loaded only then.
 * @param {Uint8Array} seed
 * @param {Uint8Array} message
 */
async function withNoble(seed, message) {
  const { ed25519 } = await import("./vendor/noble-ed25519.js");
  return ed25519.sign(message, seed);
}

/** @param {Uint8Array} raw */
function base64url(raw) {
  return btoa(String.fromCharCode(...raw)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
