// One person: what they hold, what is wrong in words, and what can be done about it.
import { alertNote, eventRow } from "./desk_activity.js";
import { showCode } from "./desk_code.js";
import { button, fill, h, sheet, toast } from "./desk_dom.js";
import { initials, statesOf } from "./desk_people.js";
import { replaceBadge, replacementActions, replacementNote } from "./desk_replacement.js";
import { shiftEnds } from "./desk_time.js";

const USUAL = "badgepin-shift-hours";

/** @type {(desk: import("./desk.js").Desk, main: HTMLElement, rest: string[]) => Promise<void>} */
export async function showPerson(desk, main, [id]) {
  const { say, api } = desk;
  const path = `/badgepin/people/${encodeURIComponent(id ?? "")}`;
  const person = await api.get(path);
  const method = `/users/${person.id}/authentication/qrCodePinMethod`;
  const problems = problemsOf(desk, person);
  const alerts = h("div", { id: "alerts" });
  const history = h("ul", { class: "events", "aria-label": say("activityTitle") });
  fill(
    main,
    h("p", {}, h("a", { href: `${desk.base}/people`, class: "back" }, say("backToPeople"))),
    h(
      "header",
      { class: "person-head" },
      h("span", { class: "initials large", "aria-hidden": "true" }, initials(person.displayName)),
      h("div", {}, h("h1", { tabindex: "-1" }, h("bdi", {}, person.displayName)), h("p", { class: "quiet" }, [person.jobTitle, person.unitDisplayNames.join(", "), person.employeeId].filter(Boolean).join(" · ") || person.userPrincipalName)),
    ),
    h("p", { class: "states" }, ...statesOf(desk, person)),
    alerts,
    replacementNote(desk, person),
    ...problems.map(([text, fix]) => h("div", { class: "problem", role: "note" }, h("p", {}, h("strong", {}, text)), fix && h("p", {}, fix))),
    person.isManageable ? h("div", { class: "actions" }, ...actionsOf(desk, person, method)) : h("p", { class: "problem" }, say("notYours")),
    h("section", { class: "panel" }, h("h2", {}, say("holds")), ...codesOf(desk, person)),
    h("section", { class: "panel" }, h("h2", {}, say("activityTitle")), history),
  );
  const events = await api.get(`${path}/activity?$top=8`);
  fill(history, ...events.value.map((/** @type {any} */ event) => eventRow(desk, event, false)));
  fill(alerts, ...events.value.filter((/** @type {any} */ event) => event.isAlert).map((/** @type {any} */ event) => alertNote(desk, event)));
  if (!events.value.length) fill(history, h("li", { class: "quiet" }, say("nothingYet")));
}

/**
 * What keeps this person from signing in, each with what helps.
 * @param {import("./desk.js").Desk} desk
 * @param {any} person
 * @returns {[string, string][]}
 */
function problemsOf({ say, time }, person) {
  /** @type {[string, string][]} */
  const found = [];
  const temporary = isActive(person.temporaryQRCode);
  if (person.cause && person.pinState !== "none") found.push([person.cause, person.fix ?? ""]);
  else if (person.cause && !person.accountEnabled) found.push([person.cause, person.fix ?? ""]);
  if (person.pinState === "disabled") found.push([say("problemPinDisabled"), say("fixPinDisabled")]);
  if (person.pinState === "expired") found.push([say("problemPinExpired"), say("fixPinExpired")]);
  if (person.pinState === "locked") {
    const until = person.pinLockedUntilDateTime;
    found.push([until ? say("problemLockedUntil", { time: time.hour(until), away: time.away(until) }) : say("problemLockedToday"), say("fixLocked")]);
  }
  if (person.badgeState === "expired" && !temporary) found.push([say("problemExpired", { time: time.short(person.standardQRCode.expireDateTime) }), say("fixExpired")]);
  if (person.badgeState === "notActivated") found.push([say("problemNotActivated"), say("fixNotActivated")]);
  return found;
}

/** @param {any} code */
function isActive(code) {
  return Boolean(code) && new Date(code.expireDateTime) > new Date();
}

/**
 * @param {import("./desk.js").Desk} desk
 * @param {any} person
 * @param {string} method
 */
function actionsOf(desk, person, method) {
  const { say } = desk;
  const hasMethod = person.pinState !== "none";
  const hasBadge = !["none", "expired"].includes(person.badgeState);
  const actions = [];
  if (hasMethod && isActive(person.temporaryQRCode)) actions.push(button(say("revokeTemporary"), () => revoke(desk, person, method, "temporaryQRCode"), { class: "danger" }));
  else if (hasMethod) actions.push(button(say("forgotBadge"), () => forgotBadge(desk, person, method), { class: "main", id: "forgot" }));
  if (!hasBadge) actions.push(button(say(hasMethod ? "newBadge" : "firstBadge"), () => newBadge(desk, person, method), { class: hasMethod ? "" : "main", id: "new-badge" }));
  else actions.push(button(say("lostBadge"), () => lostBadge(desk, person, method), { id: "lost" }));
  if (person.replacementQRCode) actions.push(...replacementActions(desk, person));
  else if (hasBadge) actions.push(button(say("replaceBadge"), () => replaceBadge(desk, person), { id: "replace" }));
  if (person.pinState === "locked") actions.push(button(say("unlock"), () => unlock(desk, person, method), { class: "main", id: "unlock" }));
  if (hasMethod) actions.push(button(say("resetPin"), () => resetPin(desk, person, method), { id: "reset-pin" }));
  return actions;
}

/**
 * @param {import("./desk.js").Desk} desk
 * @param {any} person
 */
function codesOf({ say, time }, person) {
  const line = (/** @type {string} */ word, /** @type {any} */ code) =>
    h("p", {}, h("strong", {}, say(word)), " ", h("code", { dir: "ltr" }, code.id.slice(0, 8)), " · ", say(isActive(code) ? "endsAt" : "ended", { time: time.short(code.expireDateTime), away: time.away(code.expireDateTime) }), code.lastUsedDateTime ? ` · ${say("lastUsed", { away: time.away(code.lastUsedDateTime) })}` : ` · ${say("neverUsed")}`);
  const lines = [];
  if (person.standardQRCode) lines.push(line("badge", person.standardQRCode));
  if (person.replacementQRCode) lines.push(line("newBadge", person.replacementQRCode));
  if (person.temporaryQRCode) lines.push(line("temporaryBadge", person.temporaryQRCode));
  lines.push(h("p", {}, h("strong", {}, say("pin")), " ", say(`pin_${person.pinState}`)));
  return lines;
}

/** Two taps: this sheet comes with the usual end of a shift chosen already. @type {(desk: import("./desk.js").Desk, person: any, method: string) => Promise<void>} */
async function forgotBadge(desk, person, method) {
  const { say, time } = desk;
  const ends = shiftEnds(new Date(), Number(localStorage.getItem(USUAL)) || 8);
  let chosen = ends[0];
  const answer = await sheet(say("forgotTitle", { name: person.displayName }), (close) => {
    const give = button(say("giveUntil", { time: time.hour(chosen.end) }), () => close("give"), { class: "main", id: "give" });
    const chips = ends
      .slice()
      .sort((one, other) => one.hours - other.hours)
      .map((end) => h("button", { type: "button", class: "chip", "aria-pressed": String(end === chosen), onclick: (/** @type {Event} */ event) => {
        chosen = end;
        for (const chip of chips) chip.setAttribute("aria-pressed", String(chip === event.currentTarget));
        give.textContent = say("giveUntil", { time: time.hour(chosen.end) });
      } }, time.hour(end.end)));
    return [h("p", { class: "quiet" }, say("forgotHelp")), h("div", { class: "chips", role: "group", "aria-label": say("endOfShift") }, ...chips), give, button(say("cancel"), () => close(""))];
  });
  if (answer !== "give") return;
  localStorage.setItem(USUAL, String(chosen.hours));
  await desk.attempt(async () => {
    const code = await desk.api.send("PATCH", `${method}/temporaryQRCode`, { expireDateTime: chosen.end.toISOString().replace(/\.\d+Z$/, "Z") });
    await showCode(desk, person, { code, method, kind: "temporaryQRCode" });
  });
  await desk.refresh();
}

/** @type {(desk: import("./desk.js").Desk, person: any, method: string) => Promise<void>} */
async function newBadge(desk, person, method) {
  const first = person.pinState === "none";
  await desk.attempt(async () => {
    if (first) {
      const made = await desk.api.send("PUT", method, { standardQRCode: {}, pin: {} });
      await showCode(desk, person, { code: made.standardQRCode, pin: made.pin.code, method, kind: "standardQRCode" });
    } else {
      const code = await desk.api.send("PATCH", `${method}/standardQRCode`, {});
      await showCode(desk, person, { code, method, kind: "standardQRCode" });
    }
  });
  await desk.refresh();
}

/** @type {(desk: import("./desk.js").Desk, person: any, method: string) => Promise<void>} */
async function lostBadge(desk, person, method) {
  const { say } = desk;
  const answer = await sheet(say("lostTitle", { name: person.displayName }), (close) => [
    h("p", {}, say(person.replacementQRCode ? "lostBothHelp" : "lostHelp")),
    button(say("revokeBadge"), () => close("revoke"), { class: "danger", id: "revoke-badge" }),
    button(say("cancel"), () => close("")),
  ]);
  if (answer !== "revoke") return;
  if (!(await desk.attempt(() => desk.api.send("DELETE", `${method}/standardQRCode`)))) return desk.refresh();
  toast(say("badgeRevoked", { name: person.displayName }));
  const next = await sheet(say("replaceTitle"), (close) => [
    h("p", {}, say("replaceHelp", { name: person.displayName })),
    button(say("newBadge"), () => close("badge"), { class: "main", id: "replace-badge" }),
    button(say("forgotBadge"), () => close("temporary")),
    button(say("later"), () => close("")),
  ]);
  if (next === "badge") return newBadge(desk, person, method);
  if (next === "temporary") return forgotBadge(desk, person, method);
  await desk.refresh();
}

/** @type {(desk: import("./desk.js").Desk, person: any, method: string, kind: string) => Promise<void>} */
async function revoke(desk, person, method, kind) {
  const done = await desk.attempt(() => desk.api.send("DELETE", `${method}/${kind}`));
  if (done) toast(desk.say("temporaryRevoked", { name: person.displayName }));
  await desk.refresh();
}

/** @type {(desk: import("./desk.js").Desk, person: any, method: string) => Promise<void>} */
async function unlock(desk, person, method) {
  const { say } = desk;
  const reason = h("input", { id: "reason", maxlength: "256", autocomplete: "off" });
  const answer = await sheet(say("unlockTitle", { name: person.displayName }), (close) => [
    h("p", {}, say("unlockHelp")),
    h("label", {}, say("unlockReason"), reason),
    button(say("unlock"), () => close("unlock"), { class: "main", id: "unlock-now" }),
    button(say("cancel"), () => close("")),
  ]);
  if (answer !== "unlock") return;
  if (await desk.attempt(() => desk.api.send("POST", `${method}/pin/unlock`, { reason: reason.value }))) toast(say("unlocked", { name: person.displayName }));
  await desk.refresh();
}

/** @type {(desk: import("./desk.js").Desk, person: any, method: string) => Promise<void>} */
async function resetPin(desk, person, method) {
  const { say } = desk;
  const answer = await sheet(say("resetTitle", { name: person.displayName }), (close) => [
    h("p", {}, say("resetHelp")),
    button(say("resetPin"), () => close("reset"), { class: "danger", id: "reset-now" }),
    button(say("cancel"), () => close("")),
  ]);
  if (answer !== "reset") return;
  await desk.attempt(async () => {
    const pin = await desk.api.send("PATCH", `${method}/pin`, {});
    await sheet(say("pinTitle", { name: person.displayName }), (close) => [
      h("p", { class: "big-pin", dir: "ltr", id: "new-pin" }, pin.code),
      h("p", {}, say("pinOnce", { days: desk.me.temporaryPinDays })),
      button(say("done"), () => close(""), { class: "main", id: "pin-done" }),
    ], { firm: true });
  });
  await desk.refresh();
}
