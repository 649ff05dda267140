// Signing in to the desk: one button, then on to the page that somebody wanted.
import { signIn } from "./desk_passkey.js";

const configuration = JSON.parse(document.getElementById("configuration")?.textContent ?? "{}");
const button = /** @type {HTMLButtonElement} */ (document.getElementById("sign-in"));
const message = /** @type {HTMLElement} */ (document.getElementById("message"));

button.addEventListener("click", async () => {
  button.disabled = true;
  message.hidden = true;
  try {
    const next = await signIn(configuration);
    document.body.dataset.step = "done";
    location.assign(wanted() ?? next);
  } catch (error) {
    message.textContent = /** @type {Error} */ (error).message;
    message.hidden = false;
    button.disabled = false;
    button.focus();
  }
});
// pressed before somebody listens, it would do nothing
button.disabled = false;
document.body.dataset.step = "ready";

/** The page of the desk that was asked for before signing in; nothing outside of the desk. */
function wanted() {
  const next = new URLSearchParams(location.search).get("next");
  if (!next || !URL.canParse(next, location.origin)) return null;
  const address = new URL(next, location.origin);
  const inside = address.pathname === configuration.base || address.pathname.startsWith(`${configuration.base}/`);
  return address.origin === location.origin && inside ? address.pathname + address.search : null;
}
