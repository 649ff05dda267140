// What the four characters on a refused screen mean.
import { button, fill, h } from "./desk_dom.js";

/** @type {(desk: import("./desk.js").Desk, main: HTMLElement, rest: string[]) => Promise<void>} */
export async function showHandle(desk, main) {
  const { say, time, api } = desk;
  const field = h("input", { id: "handle", maxlength: "4", autocomplete: "off", autocapitalize: "characters", spellcheck: "false", dir: "ltr", "aria-describedby": "handle-help" });
  const answer = h("div", { role: "status" });
  const ask = () =>
    desk.attempt(async () => {
      const handle = field.value.trim().toUpperCase();
      if (!handle) return field.focus();
      const found = await api.get(`/badgepin/handles/${encodeURIComponent(handle)}`).catch((/** @type {any} */ error) => (error.status === 404 || error.status === 400 ? null : Promise.reject(error)));
      if (!found) return fill(answer, h("p", { class: "problem" }, say("handleUnknown", { handle })));
      fill(
        answer,
        h(
          "div",
          { class: "panel", id: "explanation" },
          h("p", {}, h("strong", {}, found.denial ? say(`denial_${found.denial}`) : found.cause)),
          h("p", {}, found.cause),
          h("p", {}, found.fix),
          found.occurredDateTime && h("p", { class: "quiet" }, time.short(found.occurredDateTime)),
          found.userId && h("p", {}, h("a", { href: `${desk.base}/person/${found.userId}` }, found.userPrincipalName)),
        ),
      );
    });
  field.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => event.key === "Enter" && void ask());
  fill(
    main,
    h("h1", { tabindex: "-1" }, say("handleTitle")),
    h("p", { id: "handle-help", class: "quiet" }, say("handleHelp")),
    h("div", { class: "ask" }, h("label", {}, say("handleLabel"), field), button(say("explain"), ask, { class: "main", id: "explain" })),
    answer,
  );
}
