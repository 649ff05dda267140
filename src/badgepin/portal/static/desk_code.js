// A code just made, full-screen: to be scanned from the phone or printed. It cannot be shown a second time.
import { button, fill, h, toast } from "./desk_dom.js";

/** @typedef {{code: any, method: string, kind: string, pin?: string, note?: string}} Made `kind` is what a DELETE below `method` revokes; `note` is what its giver should know. */

/**
 * Show it until it is closed. The PIN is shown apart from the badge, after it.
 * @param {import("./desk.js").Desk} desk
 * @param {any} person
 * @param {Made} made
 * @returns {Promise<void>}
 */
export function showCode(desk, person, made) {
  const { say, time } = desk;
  const isTemporary = made.kind === "temporaryQRCode";
  const picture = URL.createObjectURL(new Blob([Uint8Array.from(atob(made.code.image.binaryValue), (letter) => letter.charCodeAt(0))], { type: "image/svg+xml" }));
  return new Promise((resolve) => {
    const dialog = h("dialog", { class: "code-dialog", id: "code", "aria-labelledby": "code-title" });
    const left = h("span", { id: "countdown", "aria-hidden": "true" });
    const count = () => fill(left, time.countdown(made.code.expireDateTime));
    const ticking = setInterval(count, 1000);
    count();
    const revokeNow = button(say("revokeNow"), async () => {
      if (await desk.attempt(() => desk.api.send("DELETE", `${made.method}/${made.kind}`))) {
        toast(say(isTemporary ? "temporaryRevoked" : "badgeRevoked", { name: person.displayName }));
        dialog.close();
      }
    }, { class: "danger", id: "revoke-now" });
    const badge = h(
      "article",
      { class: "paper" },
      h("h2", { id: "code-title", tabindex: "-1" }, h("bdi", {}, person.displayName)),
      h("p", { class: "kind" }, say(isTemporary ? "temporaryBadge" : "badge"), person.unitDisplayNames.length ? ` · ${person.unitDisplayNames[0]}` : ""),
      h("img", { src: picture, alt: say("codeAlt", { name: person.displayName }), id: "code-picture" }),
      h("p", {}, h("code", { dir: "ltr" }, made.code.id.slice(0, 8)), " · ", say("endsAt", { time: time.short(made.code.expireDateTime), away: time.away(made.code.expireDateTime) })),
    );
    fill(
      dialog,
      badge,
      isTemporary && h("p", { class: "left" }, left),
      made.note && h("p", { class: "screen-only", id: "code-note" }, made.note),
      h("p", { class: "quiet screen-only" }, say("codeOnce")),
      h("div", { class: "actions screen-only" }, button(say(made.pin ? "thenPin" : "done"), () => (made.pin ? showPin() : dialog.close()), { class: "main", id: "code-done" }), revokeNow, ...printButtons(desk, made)),
    );
    const showPin = () => {
      URL.revokeObjectURL(picture);
      fill(
        dialog,
        h("article", { class: "paper" }, h("h2", { tabindex: "-1" }, say("pinTitle", { name: person.displayName })), h("p", { class: "big-pin", dir: "ltr", id: "first-pin" }, made.pin ?? ""), h("p", {}, say("pinOnce", { days: desk.me.temporaryPinDays }))),
        h("div", { class: "actions screen-only" }, button(say("print"), () => window.print()), button(say("done"), () => dialog.close(), { class: "main", id: "pin-done" })),
      );
      dialog.querySelector("h2")?.focus();
    };
    // Escape must not throw away what cannot be shown again
    dialog.addEventListener("cancel", (/** @type {Event} */ event) => event.preventDefault());
    dialog.addEventListener("close", () => {
      clearInterval(ticking);
      URL.revokeObjectURL(picture);
      dialog.remove();
      resolve();
    });
    document.body.append(dialog);
    dialog.showModal();
    dialog.querySelector("#code-title")?.focus();
  });
}

/**
 * On this page's printer, or as a file for a card or label printer.
 * @param {import("./desk.js").Desk} desk
 * @param {Made} made
 */
function printButtons(desk, made) {
  const { say } = desk;
  const isTemporary = made.kind === "temporaryQRCode";
  const layout = isTemporary ? "label-62x29" : "cr80";
  return [
    button(say("print"), () => window.print(), { id: "print" }),
    button(say(isTemporary ? "saveLabel" : "saveCard"), () => desk.attempt(() => save(desk, made, layout, "pdf")), { id: "save-pdf" }),
    button(say("saveZpl"), () => desk.attempt(() => save(desk, made, "label-62x29", "zpl")), { id: "save-zpl" }),
  ];
}

/**
 * @param {import("./desk.js").Desk} desk
 * @param {Made} made
 * @param {string} layout
 * @param {string} format
 */
async function save({ api, say, time }, made, layout, format) {
  const note = say("endsAt", { time: time.short(made.code.expireDateTime), away: "" }).replace(/\s*\(\)/, "");
  const body = { layout, format, temporaryWord: say("temporaryBadge"), badges: [{ text: atob(made.code.image.rawContent), note }] };
  await api.save(`${made.code.id.slice(0, 8)}.${format}`, "/badgepin/print", { verb: "POST", body });
  toast(say("saved"));
}
