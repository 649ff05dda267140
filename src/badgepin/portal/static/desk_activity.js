// What happened in the store, the newest first.
import { button, fill, h } from "./desk_dom.js";

// the audit log's own words for what the directory does, by their beginning
const DIRECTORY = { "add user": "eventAdded", "delete user": "eventDeleted", "disable account": "eventDisabled", "update user": "eventUpdated", "revoke sign in": "eventSignedOutEverywhere" };

/** @type {(desk: import("./desk.js").Desk, main: HTMLElement, rest: string[]) => Promise<void>} */
export async function showActivity(desk, main) {
  const { say } = desk;
  const list = h("ul", { class: "events", "aria-label": say("activityTitle") });
  const more = h("div", {});
  const load = async (/** @type {string} */ path) => {
    const page = await desk.api.get(path);
    list.append(...page.value.map((/** @type {any} */ event) => eventRow(desk, event, true)));
    const next = page["@odata.nextLink"];
    fill(more, next && button(say("showMore"), () => desk.attempt(() => load(next))));
  };
  const show = async (/** @type {boolean} */ onlyAlerts) => {
    for (const chip of chips) chip.setAttribute("aria-pressed", String((chip.id === "only-alerts") === onlyAlerts));
    fill(list);
    await load(`/badgepin/activity?$top=40${onlyAlerts ? "&onlyAlerts=true" : ""}${desk.unit() ? `&unitId=${desk.unit()}` : ""}`);
    if (!list.childElementCount) fill(list, h("li", { class: "quiet" }, say(onlyAlerts ? "noAlerts" : "nothingYet")));
  };
  const chips = [
    button(say("filterAll"), () => desk.attempt(() => show(false)), { class: "chip", "aria-pressed": "true" }),
    button(say("filterAlerts"), () => desk.attempt(() => show(true)), { class: "chip", "aria-pressed": "false", id: "only-alerts" }),
  ];
  fill(main, h("h1", { tabindex: "-1" }, say("activityTitle")), h("div", { class: "chips", role: "group", "aria-label": say("filters") }, ...chips), list, more);
  await show(false);
}

/**
 * One event in a sentence.
 * @param {import("./desk.js").Desk} desk
 * @param {any} event
 * @param {boolean} withPerson
 */
export function eventRow({ say, time, base }, event, withPerson) {
  const refused = event.result !== "success" || event.isAlert;
  const sentence = say(wordOf(event));
  const actor = event.actorId && event.actorId !== event.userId && event.actorDisplayName ? say("by", { name: event.actorDisplayName }) : "";
  return h(
    "li",
    { class: refused ? "event bad" : "event" },
    h("time", { datetime: event.activityDateTime, class: "quiet" }, time.short(event.activityDateTime)),
    h("span", {}, withPerson && h("a", { href: `${base}/person/${event.userId}` }, h("bdi", {}, event.userDisplayName ?? event.userPrincipalName ?? "")), withPerson ? " · " : "", sentence, event.denial ? ` – ${say(`denial_${event.denial}`)}` : "", actor ? h("span", { class: "quiet" }, ` ${actor}`) : ""),
  );
}

/** @param {any} event */
function wordOf(event) {
  const text = event.activity.toLowerCase();
  if (text.startsWith("sign-in")) return event.result === "success" ? "eventSignedIn" : "eventRefused";
  if (text.includes("signed out")) return "eventSignedOut";
  if (text.includes("unlocked")) return "eventUnlocked";
  if (text.includes("blocked")) return "eventBlocked";
  if (text.includes("failed to change")) return "eventWrongPin";
  if (text.includes("dual control")) return "eventDualControl";
  if (text.includes("repeated unlock")) return "eventUnlockedOften";
  if (text.includes("took over")) return "eventTookOver";
  const what = /temporary qr code/i.test(event.reason ?? "") ? "Temporary" : /standard qr code/i.test(event.reason ?? "") ? "Badge" : /pin/i.test(event.reason ?? "") && !/method/i.test(event.reason ?? "") ? "Pin" : "Method";
  if (text.includes("registered")) return `event${what}Issued`;
  if (text.includes("deleted")) return `event${what}Revoked`;
  if (text.includes("updated security")) return `event${what}Changed`;
  const known = Object.entries(DIRECTORY).find(([start]) => text.startsWith(start));
  return known ? known[1] : "eventOther";
}

/**
 * What somebody should look at, as a note above everything else.
 * @param {import("./desk.js").Desk} desk
 * @param {any} event an alert
 */
export function alertNote({ say, time }, event) {
  const by = event.actorDisplayName ? ` ${say("by", { name: event.actorDisplayName })}` : "";
  return h("div", { class: "problem", role: "note" }, h("p", {}, h("strong", {}, say("alert")), ` ${say(wordOf(event))}${by} · ${time.short(event.activityDateTime)}`));
}
