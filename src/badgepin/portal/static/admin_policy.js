// The policy of badge + PIN: what a change means is said in words before it is saved, and it can be undone.
import { confirmed, labelled, pageHead, picked } from "./admin_parts.js";
import { section } from "./admin_stores.js";
import { Refused } from "./desk_api.js";
import { button, fill, h, toast } from "./desk_dom.js";

/** @typedef {import("./desk.js").Desk} Desk */
/** @typedef {{id: string, targetType: string, isRegistrationRequired?: boolean}} Target */
/** @typedef {{state: string, pinLength: number, standardQRCodeLifetimeInDays: number, includeTargets: Target[], excludeTargets: Target[]}} Policy */

const PATH = "/policies/authenticationMethodsPolicy/authenticationMethodConfigurations/QRCodePin";
const ALL = "all_users";
const SHORTEST = 8, LONGEST = 20, MOST_DAYS = 395;

/** What was in force before the newest change made here, as long as the page is not reloaded. @type {Policy | null} */
let before = null;

/** @type {(desk: Desk, main: HTMLElement, rest: string[]) => Promise<void>} */
export async function show(desk, main) {
  const { say, api, me } = desk;
  const kept = read(await api.get(PATH));
  /** @type {Policy} */
  const draft = structuredClone(kept);
  const names = await namesOf(desk, kept);
  const mayWrite = me.may.includes("writePolicy");
  const changes = h("div", { id: "changes", "aria-live": "polite" });
  const editor = h("div", {});
  const redraw = () => {
    fill(editor, ...targetsOf(desk, draft, names, mayWrite, redraw));
    fill(changes, ...changesOf(desk, kept, draft, names, () => save(desk, kept, draft), () => desk.refresh()));
  };
  const changed = () => fill(changes, ...changesOf(desk, kept, draft, names, () => save(desk, kept, draft), () => desk.refresh()));
  fill(
    main,
    pageHead({ title: say("policyTitle"), help: say("policyHelp") }),
    mayWrite && before && !isSame(before, kept) && undoNote(desk, kept),
    section(say("policyMethod"), "", null, h("div", { class: "form" }, ...numbersOf(desk, draft, mayWrite, changed))),
    editor,
    changes,
  );
  redraw();
}

/** @type {(found: any) => Policy} */
function read({ state, pinLength, standardQRCodeLifetimeInDays, includeTargets, excludeTargets }) {
  const target = (/** @type {any} */ { id, targetType, isRegistrationRequired }) => ({ id, targetType, ...(isRegistrationRequired !== undefined && { isRegistrationRequired }) });
  return { state, pinLength, standardQRCodeLifetimeInDays, includeTargets: includeTargets.map(target), excludeTargets: excludeTargets.map(target) };
}

/** @type {(one: Policy, other: Policy) => boolean} */
function isSame(one, other) {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** What targets are called; one that was deleted meanwhile is said to be gone. @type {(desk: Desk, policy: Policy) => Promise<Map<string, string>>} */
async function namesOf({ api, say }, policy) {
  const targets = [...policy.includeTargets, ...policy.excludeTargets].filter((target) => target.id !== ALL);
  const names = new Map([[ALL, say("everybody")]]);
  await Promise.all(
    ["user", "group"].map(async (kind) => {
      const ids = targets.filter((target) => target.targetType === kind).map((target) => target.id);
      if (!ids.length) return;
      const found = await api.all(`/${kind}s?${new URLSearchParams({ $select: "id,displayName", $filter: `id in (${ids.map((id) => `'${id}'`).join(",")})` })}`);
      for (const one of found) names.set(one.id, one.displayName);
    }),
  );
  for (const target of targets) if (!names.has(target.id)) names.set(target.id, say("targetGone"));
  return names;
}

/** @type {(desk: Desk, draft: Policy, mayWrite: boolean, changed: () => void) => any[]} */
function numbersOf({ say }, draft, mayWrite, changed) {
  const state = h("input", { type: "checkbox", id: "state", checked: draft.state === "enabled", disabled: !mayWrite, "aria-describedby": "help-state" });
  state.addEventListener("change", () => {
    draft.state = state.checked ? "enabled" : "disabled";
    changed();
  });
  const number = (/** @type {"pinLength" | "standardQRCodeLifetimeInDays"} */ name, /** @type {number} */ least, /** @type {number} */ most) => {
    const input = h("input", { type: "number", id: name, min: least, max: most, value: draft[name], disabled: !mayWrite, inputmode: "numeric", "aria-describedby": `help-${name}` });
    input.addEventListener("input", () => {
      const value = Number(input.value);
      const fits = Number.isInteger(value) && value >= least && value <= most;
      input.setAttribute("aria-invalid", String(!fits));
      if (!fits) return;
      draft[name] = value;
      changed();
    });
    return input;
  };
  return [
    labelled({ label: say("policyState"), help: say("policyStateHelp"), check: true }, state),
    labelled({ label: say("policyPinLength"), help: say("policyPinLengthHelp", { least: SHORTEST, most: LONGEST }) }, number("pinLength", SHORTEST, LONGEST)),
    labelled({ label: say("policyDays"), help: say("policyDaysHelp", { most: MOST_DAYS }) }, number("standardQRCodeLifetimeInDays", 1, MOST_DAYS)),
  ];
}

/** @type {(desk: Desk, draft: Policy, names: Map<string, string>, mayWrite: boolean, redraw: () => void) => any[]} */
function targetsOf(desk, draft, names, mayWrite, redraw) {
  const { say } = desk;
  const list = (/** @type {"includeTargets" | "excludeTargets"} */ which, /** @type {string} */ title, /** @type {string} */ help, /** @type {string} */ none) => {
    const chips = draft[which].map((target) =>
      h("li", { class: "target" }, h("bdi", {}, names.get(target.id) ?? target.id), " ", h("span", { class: "quiet" }, target.id === ALL ? "" : say(target.targetType === "user" ? "person" : "group")), mayWrite && h("button", { type: "button", class: "small", "aria-label": `${say("remove")}: ${names.get(target.id)}`, onclick: () => {
        draft[which] = draft[which].filter((one) => one !== target);
        redraw();
      } }, "×")),
    );
    const add = async () => {
      const one = await picked(desk, title, ["user", "group"]);
      if (!one || draft[which].some((target) => target.id === one.id)) return;
      names.set(one.id, one.displayName);
      draft[which] = [...draft[which], { id: one.id, targetType: one.kind, ...(which === "includeTargets" && { isRegistrationRequired: false }) }];
      redraw();
    };
    const everybody = () => {
      draft[which] = [{ id: ALL, targetType: "group", isRegistrationRequired: false }];
      redraw();
    };
    const hasAll = draft[which].some((target) => target.id === ALL);
    const acts = mayWrite && h("div", { class: "actions" }, button(say("targetAdd"), add, { id: `add-${which}` }), which === "includeTargets" && !hasAll && button(say("everybody"), everybody));
    return section(title, help, null, chips.length ? h("ul", { class: "targets" }, ...chips) : h("p", { class: "quiet" }, none), acts);
  };
  return [list("includeTargets", say("policyInclude"), say("policyIncludeHelp"), say("policyIncludeNone")), list("excludeTargets", say("policyExclude"), say("policyExcludeHelp"), say("policyExcludeNone"))];
}

/** What the change means, in sentences. @type {(desk: Desk, kept: Policy, draft: Policy, names: Map<string, string>) => string[]} */
function consequences({ say }, kept, draft, names) {
  const lines = [];
  if (kept.state !== draft.state) lines.push(say(draft.state === "enabled" ? "meansOn" : "meansOff"));
  if (kept.pinLength !== draft.pinLength) lines.push(say("meansPin", { count: draft.pinLength }));
  if (kept.standardQRCodeLifetimeInDays !== draft.standardQRCodeLifetimeInDays) lines.push(say("meansDays", { count: draft.standardQRCodeLifetimeInDays }));
  const compare = (/** @type {"includeTargets" | "excludeTargets"} */ which, /** @type {string} */ added, /** @type {string} */ removed) => {
    const has = (/** @type {Policy} */ policy, /** @type {string} */ id) => policy[which].some((target) => target.id === id);
    for (const { id } of draft[which]) if (!has(kept, id)) lines.push(say(added, { name: names.get(id) ?? id }));
    for (const { id } of kept[which]) if (!has(draft, id)) lines.push(say(removed, { name: names.get(id) ?? id }));
  };
  compare("includeTargets", "meansIncluded", "meansNotIncluded");
  compare("excludeTargets", "meansExcluded", "meansNotExcluded");
  if (!draft.includeTargets.length && kept.includeTargets.length) lines.push(say("meansNobody"));
  return lines;
}

/** @type {(desk: Desk, kept: Policy, draft: Policy, names: Map<string, string>, keep: () => Promise<void>, drop: () => Promise<void>) => any[]} */
function changesOf(desk, kept, draft, names, keep, drop) {
  const { say } = desk;
  if (isSame(kept, draft)) return [];
  const lines = consequences(desk, kept, draft, names);
  return [
    h(
      "section",
      { class: "panel changes" },
      h("h2", {}, say("policyChanges")),
      h("ul", {}, ...lines.map((line) => h("li", {}, line))),
      h("p", { class: "quiet" }, say("policyAtOnce")),
      h("div", { class: "actions" }, button(say("save"), keep, { class: "main", id: "save" }), button(say("discard"), drop, { id: "discard" })),
    ),
  ];
}

/** @type {(desk: Desk, kept: Policy, draft: Policy) => Promise<void>} */
async function save(desk, kept, draft) {
  const { say, api } = desk;
  const turnsOff = kept.state === "enabled" && (draft.state === "disabled" || !draft.includeTargets.length || draft.excludeTargets.some((target) => target.id === ALL));
  if (turnsOff && !(await confirmed(desk, say("policyOffTitle"), [say("meansOff")], say("save")))) return;
  const done = await desk.attempt(async () => {
    // who looked at an older policy would undo what somebody else just did
    if (!isSame(read(await api.get(PATH)), kept)) throw new Refused(409, "policyChanged", say("policyStale"));
    await api.send("PATCH", PATH, { "@odata.type": "#microsoft.graph.qrCodePinAuthenticationMethodConfiguration", ...draft });
  });
  if (done) {
    before = kept;
    toast(say("changesSaved"));
  }
  await desk.refresh();
}

/** @type {(desk: Desk, kept: Policy) => any} */
function undoNote(desk, kept) {
  const { say, api } = desk;
  const undo = button(say("undo"), async () => {
    const older = /** @type {Policy} */ (before);
    const done = await desk.attempt(async () => {
      if (!isSame(read(await api.get(PATH)), kept)) throw new Refused(409, "policyChanged", say("policyStale"));
      await api.send("PATCH", PATH, { "@odata.type": "#microsoft.graph.qrCodePinAuthenticationMethodConfiguration", ...older });
    });
    if (done) {
      before = null;
      toast(say("undone"));
    }
    await desk.refresh();
  }, { id: "undo" });
  return h("div", { class: "panel note undo", role: "status" }, h("p", {}, say("policySaved")), undo);
}
