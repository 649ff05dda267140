// Making elements. Text is only ever set as text, so nothing that a person is called can become markup.

/** @typedef {Node | string | null | undefined | false} Child */

/**
 * An element with attributes and children; `on…` attributes are listeners, false and null are left out.
 * @param {string} tag
 * @param {Record<string, any>} [attributes]
 * @param {...Child} children
 * @returns {any}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  fill(element, ...children);
  return element;
}

/**
 * @param {Element} element
 * @param {...Child} children
 */
export function fill(element, ...children) {
  element.replaceChildren(...children.flatMap((child) => (child || child === "" ? [/** @type {Node} */ (child)] : [])));
}

/**
 * A button that cannot be pressed twice: it waits until its work is done.
 * @param {string} text
 * @param {() => unknown} work
 * @param {Record<string, any>} [attributes]
 */
export function button(text, work, attributes = {}) {
  const made = h("button", { type: "button", ...attributes }, text);
  made.addEventListener("click", async () => {
    if (made.disabled) return;
    made.disabled = true;
    made.setAttribute("aria-busy", "true");
    try {
      await work();
    } finally {
      made.disabled = false;
      made.removeAttribute("aria-busy");
    }
  });
  return made;
}

/**
 * A sheet over the page; answers what it was closed with. Escape and the backdrop close it with '', unless it is firm.
 * @param {string} title
 * @param {(close: (answer: string) => void) => Child[]} content
 * @param {{firm?: boolean}} [options]
 * @returns {Promise<string>}
 */
export function sheet(title, content, { firm = false } = {}) {
  return new Promise((resolve) => {
    const dialog = h("dialog", { class: "sheet-dialog", "aria-labelledby": "sheet-title" });
    const close = (/** @type {string} */ answer) => dialog.close(answer);
    fill(dialog, h("h2", { id: "sheet-title", tabindex: "-1" }, title), ...content(close));
    // a second Escape is no longer a cancel that can be prevented: Chromium is told before
    if (firm) dialog.setAttribute("closedby", "none");
    if (firm) dialog.addEventListener("cancel", (/** @type {Event} */ event) => event.preventDefault());
    else dialog.addEventListener("click", (/** @type {Event} */ event) => event.target === dialog && dialog.close(""));
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue);
    });
    document.body.append(dialog);
    dialog.showModal();
    dialog.querySelector("#sheet-title")?.focus();
  });
}

/**
 * Say something to everybody, aloud too.
 * @param {string} text
 * @param {"good" | "bad"} [kind]
 */
export function toast(text, kind = "good") {
  const place = document.getElementById("toasts");
  const made = h("p", { class: `toast ${kind}` }, text);
  place?.append(made);
  setTimeout(() => made.remove(), kind === "bad" ? 12000 : 5000);
}
