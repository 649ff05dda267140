// Taking up an invitation. Its secret stands behind the # of the address: no server sees it there, and it does not stay.
import { create, invited } from "./desk_passkey.js";

const configuration = JSON.parse(document.getElementById("configuration")?.textContent ?? "{}");
const button = /** @type {HTMLButtonElement} */ (document.getElementById("create"));
const message = /** @type {HTMLElement} */ (document.getElementById("message"));
const label = /** @type {HTMLInputElement} */ (document.getElementById("label"));
const secret = location.hash.slice(1);
history.replaceState(null, "", location.pathname);

/** @param {string} step */
function show(step) {
  document.body.dataset.step = step;
  for (const section of document.querySelectorAll("[data-for]")) {
    const element = /** @type {HTMLElement} */ (section);
    element.hidden = element.dataset.for !== step;
    if (!element.hidden) element.querySelector("h1")?.focus();
  }
}

/** @param {unknown} error */
function tell(error) {
  message.textContent = error ? /** @type {Error} */ (error).message : "";
  message.hidden = !error;
}

button.addEventListener("click", async () => {
  button.disabled = true;
  tell(null);
  try {
    await create(configuration, secret, label.value);
    show("created");
  } catch (error) {
    tell(error);
  }
  button.disabled = false;
});

try {
  const person = await invited(configuration, secret);
  /** @type {HTMLElement} */ (document.getElementById("person")).textContent = configuration.words.hello.replace("{name}", person);
  show("invited");
} catch (error) {
  tell(error);
  document.body.dataset.step = "refused";
}
