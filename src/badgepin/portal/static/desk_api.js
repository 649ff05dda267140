// The desk talks to the API that scripts use, with the session of this browser instead of a token.
import { prove } from "./desk_passkey.js";

const PATIENCE = 30000;
// thousands of badges, or years of a log, on a slow line
export const A_LONG_FILE = 600000;

/** A refusal of the API, in its words. */
export class Refused extends Error {
  /**
   * @param {number} status
   * @param {string} code
   * @param {string} message
   */
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export class Api {
  /** @param {{base: string, token: string, language: string}} configuration `base` is the desk's address */
  constructor(configuration) {
    this.configuration = configuration;
    this.page = 0;
  }

  /** Another page begins: what the page before it still reads never arrives there. */
  turnPage() {
    this.page += 1;
  }

  /** @param {string} path */
  async get(path) {
    const { page } = this;
    const answer = await this.send("GET", path).catch((error) => error);
    // the page that asked was left meanwhile: nothing after this may happen on it
    if (page !== this.page) return new Promise(() => {});
    if (answer instanceof Error) throw answer;
    return answer;
  }

  /**
   * Everything that a list holds, page after page, up to `most`.
   * @param {string} path
   * @param {number} [most]
   */
  async all(path, most = 1000) {
    let page = await this.get(path);
    const items = [...page.value];
    while (page["@odata.nextLink"] && items.length < most) {
      page = await this.get(below(page["@odata.nextLink"]));
      items.push(...page.value);
    }
    return items;
  }

  /**
   * @param {string} verb
   * @param {string} path below the version, or a whole next link
   * @param {object} [body]
   * @param {Record<string, string>} [more] headers
   * @returns {Promise<any>}
   */
  async send(verb, path, body, more) {
    const response = await this.fetch(verb, path, body, PATIENCE, more);
    if (response.status === 204) return null;
    return response.headers.get("content-type")?.startsWith("text/") ? response.text() : response.json();
  }

  /**
   * @param {string} verb
   * @param {string} path
   * @param {object} [body]
   * @param {number} [patience] milliseconds
   * @param {Record<string, string>} [more] headers
   * @returns {Promise<Response>}
   */
  async fetch(verb, path, body, patience = PATIENCE, more = {}) {
    const response = await this.ask(verb, path, body, patience, more);
    if (response.ok) return response;
    const error = await refusalOf(response);
    if (error.status === 401) {
      location.assign(`${this.configuration.base}/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`);
      // the page is being left: nothing after this may happen
      return new Promise(() => {});
    }
    if (error.code !== "stepUpRequired") throw error;
    // somebody else may stand here by now: who they are is proven again, then the same is asked once more
    await prove(this.configuration);
    const again = await this.ask(verb, path, body, patience, more);
    if (again.ok) return again;
    throw await refusalOf(again);
  }

  /**
   * Save what is answered as a file of this computer; answers its content.
   * @param {string} name
   * @param {string} path
   * @param {{verb?: string, body?: object, patience?: number, more?: Record<string, string>}} [asked] `patience` in milliseconds
   * @returns {Promise<ArrayBuffer>}
   */
  async save(name, path, { verb = "GET", body, patience, more } = {}) {
    const response = await this.fetch(verb, path, body, patience, more);
    // a line that breaks in the middle of a file is a line that broke
    const content = await response.arrayBuffer().catch(() => Promise.reject(new Refused(0, "networkDown", "")));
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([content], { type: response.headers.get("content-type") ?? "" }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
    return content;
  }

  /**
   * @param {string} verb
   * @param {string} path
   * @param {object | undefined} body
   * @param {number} patience
   * @param {Record<string, string>} more headers
   */
  async ask(verb, path, body, patience, more) {
    const headers = { ...more, "x-badgepin-desk": this.configuration.token, "Accept-Language": this.configuration.language, ConsistencyLevel: "eventual" };
    try {
      return await fetch(`/v1.0${below(path)}`, {
        method: verb,
        headers: body === undefined ? headers : { ...headers, "Content-Type": "application/json" },
        body: body === undefined ? undefined : JSON.stringify(body),
        credentials: "same-origin",
        redirect: "error",
        signal: AbortSignal.timeout(patience),
      });
    } catch {
      throw new Refused(0, "networkDown", "");
    }
  }
}

/** @param {string} link */
function below(link) {
  if (link.startsWith("/")) return link;
  const address = new URL(link);
  return address.pathname.replace(/^\/(v1\.0|beta)/, "") + address.search;
}

/** @param {Response} response */
async function refusalOf(response) {
  const { error } = await response.json().catch(() => ({ error: { code: "unavailable", message: "" } }));
  return new Refused(response.status, error.code, error.message);
}
