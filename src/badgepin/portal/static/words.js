// The words on the page, in the language that the badge's holder likes.
const RIGHT_TO_LEFT = ["ar"];

export class Words {
  /**
   * @param {string} language
   * @param {Record<string, string>} table
   * @param {string} base where our own files are
   */
  constructor(language, table, base) {
    this.language = language;
    this.table = table;
    this.base = base;
  }

  /**
   * A sentence with its gaps filled; '' when there is none of that name.
   * @param {string} key
   * @param {Record<string, string | number>} [values]
   */
  say(key, values = {}) {
    let text = this.table[key] ?? "";
    for (const [name, value] of Object.entries(values)) text = text.replaceAll(`{${name}}`, String(value));
    return text;
  }

  /**
   * Change the language of everything on the page.
   * @param {string} language
   */
  async change(language) {
    if (language === this.language) return;
    // without a connection the page goes on in the language it has
    const response = await fetch(`${this.base}/words/${language}.json`).catch(() => null);
    if (!response?.ok) return;
    this.table = await response.json();
    this.language = language;
    document.documentElement.lang = language;
    document.documentElement.dir = RIGHT_TO_LEFT.includes(language) ? "rtl" : "ltr";
    for (const element of document.querySelectorAll("[data-word]")) element.textContent = this.say(/** @type {HTMLElement} */ (element).dataset.word ?? "");
    for (const element of document.querySelectorAll("[data-word-label]")) element.setAttribute("aria-label", this.say(/** @type {HTMLElement} */ (element).dataset.wordLabel ?? ""));
  }

  /**
   * Learn the sentences of a part that not every page has to carry; without a connection they stay unknown.
   * @param {string} part
   */
  async learn(part) {
    const response = await fetch(`${this.base}/words/${part}/${this.language}.json`).catch(() => null);
    if (response?.ok) this.table = { ...this.table, ...(await response.json()) };
  }

  /** @param {string} instant ISO 8601 */
  time(instant) {
    return new Intl.DateTimeFormat(this.language, { hour: "2-digit", minute: "2-digit", ...(isToday(instant) ? {} : { day: "numeric", month: "short" }) }).format(new Date(instant));
  }
}

/** @param {string} instant */
function isToday(instant) {
  return new Date(instant).toDateString() === new Date().toDateString();
}
