// A new badge while the old one still works: handed out, waiting for its first use, taken back or completed.
import { showCode } from "./desk_code.js";
import { button, h, sheet, toast } from "./desk_dom.js";

/** @param {any} person */
function placeOf(person) {
  return `/badgepin/people/${person.id}`;
}

/**
 * What the page says while a new badge waits for its first use.
 * @param {import("./desk.js").Desk} desk
 * @param {any} person
 */
export function replacementNote({ say }, person) {
  if (!person.replacementQRCode) return null;
  const [what, help] = isOnPaper(person) ? ["replacementWaits", "replacementHelp"] : ["problemNotActivated", "fixNotActivated"];
  return h("div", { class: "notice", role: "note", id: "replacement" }, h("p", {}, h("strong", {}, say(what))), h("p", {}, say(help)));
}

/**
 * Whether the new badge works: one of a batch waits for its paper.
 * @param {any} person
 */
function isOnPaper(person) {
  return person.replacementQRCode.state !== "notActivated";
}

/**
 * What can be done about a new badge that waits.
 * @param {import("./desk.js").Desk} desk
 * @param {any} person
 */
export function replacementActions(desk, person) {
  const { say } = desk;
  const revoke = button(say("revokeNewBadge"), () => revokeNewBadge(desk, person), { class: "danger", id: "revoke-new" });
  return isOnPaper(person) ? [button(say("endOldBadge"), () => endOldBadge(desk, person), { id: "end-old" }), revoke] : [revoke];
}

/** @type {(desk: import("./desk.js").Desk, person: any) => Promise<void>} */
export async function replaceBadge(desk, person) {
  const { say } = desk;
  const overlaps = desk.me.replacementOverlaps;
  const answer = await sheet(say("replaceBadgeTitle", { name: person.displayName }), (close) => [
    h("p", {}, say(overlaps ? "replaceBadgeHelp" : "replaceAtOnceHelp")),
    button(say("newBadge"), () => close("replace"), { class: overlaps ? "main" : "danger", id: "replace-now" }),
    overlaps && button(say("replaceAtOnce"), () => close("at once"), { id: "replace-at-once" }),
    button(say("cancel"), () => close("")),
  ]);
  if (!answer) return;
  await desk.attempt(async () => {
    const code = await desk.api.send("POST", `${placeOf(person)}/replacement`, { endsOldAtOnce: answer === "at once" });
    const pending = { method: placeOf(person), kind: "replacement", note: say("replacementHelp") };
    const settled = { method: `/users/${person.id}/authentication/qrCodePinMethod`, kind: "standardQRCode" };
    await showCode(desk, person, { code, ...(code.isPending ? pending : settled) });
  });
  await desk.refresh();
}

/** @type {(desk: import("./desk.js").Desk, person: any) => Promise<void>} */
async function endOldBadge(desk, person) {
  const { say } = desk;
  const answer = await sheet(say("endOldTitle", { name: person.displayName }), (close) => [
    h("p", {}, say("endOldHelp")),
    button(say("endOldBadge"), () => close("end"), { class: "danger", id: "end-old-now" }),
    button(say("cancel"), () => close("")),
  ]);
  if (answer !== "end") return;
  if (await desk.attempt(() => desk.api.send("POST", `${placeOf(person)}/replacement/complete`))) toast(say("oldBadgeEnded", { name: person.displayName }));
  await desk.refresh();
}

/** @type {(desk: import("./desk.js").Desk, person: any) => Promise<void>} */
async function revokeNewBadge(desk, person) {
  if (await desk.attempt(() => desk.api.send("DELETE", `${placeOf(person)}/replacement`))) toast(desk.say("newBadgeRevoked", { name: person.displayName }));
  await desk.refresh();
}
