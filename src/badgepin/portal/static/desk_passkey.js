// Passkeys: what the server asks goes to the authenticator, what the authenticator answers goes to the server.
const PATIENCE = 15000;

/** A refusal, in a sentence for whoever reads the page. */
export class PasskeyRefused extends Error {
  /**
   * @param {string} code
   * @param {string} message
   */
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

/** @typedef {{base: string, language: string, words: Record<string, string>, token?: string}} Configuration */

/**
 * Prove again, with a passkey, that it is still the person who signed in.
 * @param {Configuration} configuration
 */
export async function prove(configuration) {
  const { options } = await post(configuration, "step-up/options", {});
  await post(configuration, "step-up", { credential: await get(configuration, options) });
}

/**
 * Sign in to the desk; answers where to go.
 * @param {Configuration} configuration
 * @returns {Promise<string>}
 */
export async function signIn(configuration) {
  const { options } = await post(configuration, "sign-in/options", {});
  const { next } = await post(configuration, "sign-in", { credential: await get(configuration, options) });
  return next;
}

/**
 * Whom an invitation is for.
 * @param {Configuration} configuration
 * @param {string} secret
 * @returns {Promise<string>}
 */
export async function invited(configuration, secret) {
  return (await post(configuration, "invitation/options", { secret })).person;
}

/**
 * Make a passkey and register it with an invitation.
 * @param {Configuration} configuration
 * @param {string} secret
 * @param {string} label
 */
export async function create(configuration, secret, label) {
  const { options } = await post(configuration, "invitation/options", { secret });
  const publicKey = { ...options, challenge: bytes(options.challenge), user: { ...options.user, id: bytes(options.user.id) }, excludeCredentials: options.excludeCredentials.map(described) };
  const made = await ask(configuration, () => navigator.credentials.create({ publicKey }));
  const response = /** @type {AuthenticatorAttestationResponse} */ (made.response);
  const credential = {
    ...named(made),
    response: {
      clientDataJSON: text(response.clientDataJSON),
      attestationObject: text(response.attestationObject),
      transports: response.getTransports?.() ?? [],
    },
  };
  await post(configuration, "invitation/register", { secret, label, credential });
}

/**
 * @param {Configuration} configuration
 * @param {any} options
 */
async function get(configuration, options) {
  const publicKey = { ...options, challenge: bytes(options.challenge), allowCredentials: options.allowCredentials.map(described) };
  const found = await ask(configuration, () => navigator.credentials.get({ publicKey }));
  const response = /** @type {AuthenticatorAssertionResponse} */ (found.response);
  return {
    ...named(found),
    response: {
      clientDataJSON: text(response.clientDataJSON),
      authenticatorData: text(response.authenticatorData),
      signature: text(response.signature),
      userHandle: response.userHandle ? text(response.userHandle) : null,
    },
  };
}

/**
 * @param {Configuration} configuration
 * @param {() => Promise<Credential | null>} question
 * @returns {Promise<PublicKeyCredential>}
 */
async function ask(configuration, question) {
  if (!window.PublicKeyCredential) throw refusal(configuration, "deskNoPasskeys");
  try {
    const answer = await question();
    if (answer) return /** @type {PublicKeyCredential} */ (answer);
  } catch (error) {
    const name = error instanceof DOMException ? error.name : "";
    if (name === "InvalidStateError") throw refusal(configuration, "deskKnownDevice");
    if (name === "SecurityError") throw refusal(configuration, "deskAddress");
  }
  throw refusal(configuration, "deskCancelled");
}

/**
 * @param {Configuration} configuration
 * @param {string} step
 * @param {object} body
 * @returns {Promise<any>}
 */
async function post(configuration, step, body) {
  /** @type {Record<string, string>} */
  const headers = { "Content-Type": "application/json", "Accept-Language": configuration.language };
  if (configuration.token) headers["x-badgepin-desk"] = configuration.token;
  let response;
  try {
    response = await fetch(`${configuration.base}/${step}`, {
      method: "POST",
      headers,
      body: JSON.stringify(body),
      credentials: "same-origin",
      redirect: "error",
      signal: AbortSignal.timeout(PATIENCE),
    });
  } catch {
    throw refusal(configuration, "networkDown");
  }
  const answer = await response.json().catch(() => ({}));
  if (response.ok) return answer;
  throw new PasskeyRefused(answer.error?.code ?? "unavailable", answer.error?.message ?? configuration.words.unavailable);
}

/**
 * @param {Configuration} configuration
 * @param {string} code
 */
function refusal(configuration, code) {
  return new PasskeyRefused(code, configuration.words[code]);
}

/** @param {PublicKeyCredential} credential */
function named(credential) {
  return { id: credential.id, rawId: text(credential.rawId), type: credential.type };
}

/** @param {{id: string}} descriptor */
function described(descriptor) {
  return { type: /** @type {const} */ ("public-key"), id: bytes(descriptor.id) };
}

/** @param {string} base64url */
function bytes(base64url) {
  return Uint8Array.from(atob(base64url.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
}

/** @param {ArrayBuffer} raw */
function text(raw) {
  return btoa(String.fromCharCode(...new Uint8Array(raw))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
