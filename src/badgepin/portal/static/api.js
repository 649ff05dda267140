// The four messages of the sign-in protocol. A lost connection is an answer too.
const PATIENCE = 15000;
const AGAIN = 6;

/** @typedef {{code: string, message?: string, handle?: string, retry_at?: string, tries_left?: number, reasons?: string[]}} Refusal */

/**
 * Post one message; a busy server is asked again.
 * @param {string} base
 * @param {string} step
 * @param {object} body
 * @param {string} language
 * @returns {Promise<{ok: true, answer: any} | {ok: false, refusal: Refusal}>}
 */
export async function post(base, step, body, language) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const response = await fetch(`${base}/${step}`, {
        method: "POST",
        headers: { "Content-Type": "application/json", "Accept-Language": language },
        body: JSON.stringify(body),
        credentials: "same-origin",
        redirect: "error",
        signal: AbortSignal.timeout(PATIENCE),
      });
      const answer = await response.json();
      if (response.ok) return { ok: true, answer };
      const refusal = /** @type {Refusal} */ (answer.error);
      if (refusal.code !== "busy" || attempt === AGAIN) return { ok: false, refusal };
    } catch {
      return { ok: false, refusal: { code: "networkDown", handle: "NET1" } };
    }
    await new Promise((resolve) => setTimeout(resolve, 500 * attempt));
  }
}
