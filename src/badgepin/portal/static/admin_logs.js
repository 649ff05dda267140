// The two logs: what was done, and who signed in. Narrowed by time, person, activity and result; shown whole; taken along as a file.
import { pageHead, picked } from "./admin_parts.js";
import { A_LONG_FILE } from "./desk_api.js";
import { button, fill, h, sheet, toast } from "./desk_dom.js";

/** @typedef {import("./desk.js").Desk} Desk */
/** @typedef {{log: string, from: string, to: string, person: string, name: string, activity: string, result: string}} Wanted */

const LOGS = { audits: "/auditLogs/directoryAudits", signIns: "/auditLogs/signIns" };
const EXPORTS = { audits: "/badgepin/exports/directoryAudits", signIns: "/badgepin/exports/signIns" };
const PAUSE = 300;

/** @type {(desk: Desk, main: HTMLElement, rest: string[]) => Promise<void>} */
export async function show(desk, main) {
  const { say } = desk;
  const given = new URLSearchParams(location.search);
  const wanted = /** @type {Wanted} */ (Object.fromEntries(["log", "from", "to", "person", "activity", "result"].map((name) => [name, given.get(name) ?? ""])));
  if (!(wanted.log in LOGS)) wanted.log = "audits";
  // the address holds an id and no name: addresses are kept by browsers and written to logs
  if (wanted.person) wanted.name = await nameOf(desk, wanted.person);
  const list = h("ul", { class: "events", "aria-label": say("logsTitle") });
  const status = h("div", { role: "status" });
  const more = h("div", {});
  let asked = 0;
  const load = async (/** @type {string} */ path, /** @type {boolean} */ begins) => {
    const mine = ++asked;
    const page = await desk.api.get(path);
    // the filter moved on while this was on its way
    if (mine !== asked) return;
    if (begins) list.replaceChildren();
    list.append(...page.value.map((/** @type {any} */ event) => (wanted.log === "audits" ? auditRow(desk, event) : signInRow(desk, event))));
    const next = page["@odata.nextLink"];
    fill(more, next && button(say("showMore"), () => desk.attempt(() => load(next, false))));
    fill(status, !list.childElementCount && h("p", { class: "quiet" }, say("logsEmpty")));
  };
  const reload = async () => {
    const kept = new URLSearchParams(Object.entries(wanted).filter(([name, value]) => value && name !== "name"));
    history.replaceState(null, "", `${desk.base}/logs?${kept}`);
    await desk.attempt(() => load(addressOf(/** @type {any} */ (LOGS)[wanted.log], wanted, { $top: "50" }), true));
  };
  fill(main, pageHead({ title: say("logsTitle"), help: say("logsHelp") }), tabs(desk, wanted), filters(desk, wanted, reload), exportsOf(desk, wanted), status, list, more);
  await load(addressOf(/** @type {any} */ (LOGS)[wanted.log], wanted, { $top: "50" }), true);
}

/**
 * What a person is called, or the id of whoever is gone.
 * @type {(desk: Desk, id: string) => Promise<string>}
 */
async function nameOf({ api }, id) {
  const person = await api.get(`/users/${encodeURIComponent(id)}?$select=displayName`).catch(() => null);
  return person?.displayName ?? id;
}

/** @type {(path: string, wanted: Wanted, options: Record<string, string>) => string} */
function addressOf(path, wanted, options) {
  const filter = filterOf(wanted);
  const found = new URLSearchParams({ ...options, ...(filter && { $filter: filter }) });
  return found.size ? `${path}?${found}` : path;
}

/** @param {Wanted} wanted */
function filterOf({ log, from, to, person, activity, result }) {
  const audits = log === "audits";
  const time = audits ? "activityDateTime" : "createdDateTime";
  const parts = [];
  if (from) parts.push(`${time} ge ${new Date(`${from}T00:00`).toISOString()}`);
  if (to) parts.push(`${time} lt ${new Date(new Date(`${to}T00:00`).getTime() + 86400000).toISOString()}`);
  if (person) parts.push(audits ? `(initiatedBy/user/id eq '${person}' or targetResources/any(t:t/id eq '${person}'))` : `userId eq '${person}'`);
  if (activity) parts.push(`contains(${audits ? "activityDisplayName" : "appDisplayName"},'${activity.replaceAll("'", "''")}')`);
  if (result) parts.push(audits ? `result eq '${result}'` : `status/errorCode ${result === "success" ? "eq" : "ne"} 0`);
  return parts.join(" and ");
}

/** @type {(desk: Desk, wanted: Wanted) => any} */
function tabs({ say, base }, wanted) {
  const link = (/** @type {string} */ log, /** @type {string} */ word) => h("a", { href: `${base}/logs?log=${log}`, class: "chip", "aria-current": wanted.log === log ? "page" : null }, say(word));
  return h("nav", { class: "chips", "aria-label": say("logsTitle") }, link("audits", "logAudits"), link("signIns", "logSignIns"));
}

/** @type {(desk: Desk, wanted: Wanted, reload: () => Promise<void>) => any} */
function filters(desk, wanted, reload) {
  const { say } = desk;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let waiting;
  const bound = (/** @type {keyof Wanted} */ name, /** @type {any} */ input) => {
    input.addEventListener("input", () => {
      wanted[name] = input.value.trim();
      clearTimeout(waiting);
      waiting = setTimeout(() => input.isConnected && void reload(), PAUSE);
    });
    return input;
  };
  const person = h("div", { class: "field" });
  const drawPerson = () =>
    fill(
      person,
      h("span", { id: "person-label" }, say("person")),
      h("div", { class: "row-start" }, button(wanted.name || say("anybody"), async () => {
        const one = await picked(desk, say("pickPerson"), ["user"]);
        if (one) await set(one.id, one.displayName);
      }, { id: "person", "aria-describedby": "person-label" }), wanted.person && button("×", () => set("", ""), { class: "small", "aria-label": `${say("remove")}: ${wanted.name}` })),
    );
  const set = async (/** @type {string} */ id, /** @type {string} */ name) => {
    wanted.person = id;
    wanted.name = name;
    drawPerson();
    await reload();
  };
  drawPerson();
  const option = (/** @type {string} */ value, /** @type {string} */ word) => h("option", { value, selected: wanted.result === value }, say(word));
  return h(
    "div",
    { class: "filters", role: "search" },
    h("label", {}, say("from"), bound("from", h("input", { type: "date", id: "from", value: wanted.from }))),
    h("label", {}, say("to"), bound("to", h("input", { type: "date", id: "to", value: wanted.to }))),
    person,
    h("label", {}, say(wanted.log === "audits" ? "logActivity" : "application"), bound("activity", h("input", { type: "search", id: "activity", value: wanted.activity, autocomplete: "off" }))),
    h("label", {}, say("result"), bound("result", h("select", { id: "result" }, option("", "resultAny"), option("success", "resultGood"), option("failure", "resultBad")))),
  );
}

/** @type {(desk: Desk, wanted: Wanted) => any} */
function exportsOf(desk, wanted) {
  const { say, api } = desk;
  const take = (/** @type {string} */ format) =>
    desk.attempt(async () => {
      const name = `${wanted.log === "audits" ? "directory-audits" : "sign-ins"}.${format}`;
      await api.save(name, addressOf(/** @type {any} */ (EXPORTS)[wanted.log], wanted, { $format: format }), { patience: A_LONG_FILE });
      toast(say("exported"));
    });
  return h("div", { class: "chips" }, button(say("exportCsv"), () => take("csv"), { class: "chip", id: "export-csv" }), button(say("exportJsonl"), () => take("jsonl"), { class: "chip", id: "export-jsonl" }));
}

/** @type {(desk: Desk, event: any) => any} */
function auditRow(desk, event) {
  const { say, time } = desk;
  const target = event.targetResources[0] ?? {};
  const actor = event.initiatedBy.user ?? event.initiatedBy.app ?? {};
  const facts = [
    [say("logTime"), time.exact(event.activityDateTime)],
    [say("logActivity"), event.activityDisplayName],
    [say("result"), say(event.result === "success" ? "resultGood" : "resultBad")],
    [say("logReason"), event.resultReason],
    [say("logActor"), [actor.displayName, actor.userPrincipalName ?? actor.appId].filter(Boolean).join(" · ")],
    [say("logAddress"), actor.ipAddress],
    [say("logTarget"), [target.displayName, target.userPrincipalName, target.type].filter(Boolean).join(" · ")],
    ...(target.modifiedProperties ?? []).map((/** @type {any} */ one) => [one.displayName, `${one.oldValue ?? "–"} → ${one.newValue ?? "–"}`]),
    ...event.additionalDetails.map((/** @type {any} */ one) => [one.key, one.value]),
    [say("logCorrelation"), event.correlationId],
    ["id", event.id],
  ];
  const name = target.displayName || target.userPrincipalName || "";
  const by = actor.displayName && actor.id !== target.id ? say("by", { name: actor.displayName }) : "";
  return line(desk, event.activityDateTime, event.result !== "success", event.activityDisplayName, [name, by].filter(Boolean).join(" · "), facts);
}

/** @type {(desk: Desk, event: any) => any} */
function signInRow(desk, event) {
  const { say, time } = desk;
  const failed = event.status.errorCode !== 0;
  const facts = [
    [say("logTime"), time.exact(event.createdDateTime)],
    [say("person"), [event.userDisplayName, event.userPrincipalName].filter(Boolean).join(" · ")],
    [say("application"), event.appDisplayName],
    [say("result"), failed ? event.status.failureReason : say("resultGood")],
    [say("logReason"), event.status.additionalDetails],
    ...event.authenticationDetails.map((/** @type {any} */ one) => [one.authenticationMethod, one.authenticationMethodDetail]),
    [say("logAddress"), event.ipAddress],
    [say("logAgent"), event.userAgent],
    [say("logCorrelation"), event.correlationId],
    ["id", event.id],
  ];
  return line(desk, event.createdDateTime, failed, event.userDisplayName ?? event.userPrincipalName ?? event.userId, [event.appDisplayName, failed ? event.status.failureReason : ""].filter(Boolean).join(" · "), facts);
}

/** @type {(desk: Desk, instant: string, bad: boolean, title: string, detail: string, facts: string[][]) => any} */
function line({ say, time }, instant, bad, title, detail, facts) {
  const open = () =>
    sheet(title, (close) => [
      h("dl", { class: "facts", tabindex: "0", role: "group", "aria-label": say("details") }, ...facts.filter(([, value]) => value).flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, h("bdi", {}, value))])),
      button(say("done"), () => close(""), { class: "main" }),
    ]);
  const inside = [h("time", { datetime: instant, class: "quiet" }, time.short(instant)), h("span", { class: "who" }, h("span", { class: "name" }, bad ? "✗ " : "", h("bdi", {}, title)), detail && h("span", { class: "quiet" }, detail))];
  return h("li", {}, h("button", { type: "button", class: bad ? "event-open bad" : "event-open", onclick: open }, ...inside));
}
