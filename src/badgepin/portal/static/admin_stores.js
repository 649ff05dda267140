// Stores: who works in each, who looks after it, and how its badges are.
import { asked, beginsWith, confirmed, isThereAlready, pageHead, picked, reference, row, searchedList } from "./admin_parts.js";
import { Refused } from "./desk_api.js";
import { button, fill, h, toast } from "./desk_dom.js";

const BADGE_MANAGER = "b1d9e4f0-6c2a-4f0e-9a75-3e8c51d70b2f";
const UNITS = "/directory/administrativeUnits";

/** @typedef {import("./desk.js").Desk} Desk */

/** @type {(desk: Desk, main: HTMLElement, rest: string[]) => Promise<void>} */
export async function show(desk, main, [id]) {
  await (id ? showOne(desk, main, id) : showAll(desk, main));
}

/** @type {(desk: Desk, main: HTMLElement) => Promise<void>} */
async function showAll(desk, main) {
  const { say, me } = desk;
  const health = await healthOf(desk);
  const list = searchedList(desk, {
    label: say("storesTitle"),
    path: (text) => `${UNITS}?${new URLSearchParams({ $top: "50", $orderby: "displayName", $count: "true", ...(text && { $filter: beginsWith(text, "displayName") }) })}`,
    row: (unit) => row({ name: unit.displayName, detail: peopleWords(desk, health.get(unit.id)) || unit.description, href: `${desk.base}/stores/${unit.id}`, state: stateOf(desk, health.get(unit.id)) }),
    empty: (text) => h("p", { class: "quiet" }, say(text ? "nothingFound" : "storesEmpty", { text })),
  });
  const add = me.may.includes("writeStores") && button(say("storeAdd"), () => addStore(desk), { class: "main", id: "add" });
  fill(main, pageHead({ title: say("storesTitle"), help: say("storesHelp"), act: add }), ...list.parts);
  await list.load();
}

/** The numbers of every store, where its person may see them. @type {(desk: Desk) => Promise<Map<string, any>>} */
async function healthOf({ api }) {
  try {
    const all = await api.all("/badgepin/reports/expiringCodes?days=30", 5000);
    return new Map(all.map((/** @type {any} */ one) => [one.unitId, one]));
  } catch (error) {
    if (error instanceof Refused && error.status === 403) return new Map();
    throw error;
  }
}

/** @type {(desk: Desk, numbers: any) => string} */
function peopleWords({ say }, numbers) {
  return numbers ? say("storePeople", { people: numbers.peopleCount, without: numbers.peopleCount - numbers.badgeHolderCount }) : "";
}

/** @type {(desk: Desk, numbers: any) => [string, string] | null} */
function stateOf({ say }, numbers) {
  if (!numbers) return null;
  if (numbers.endedCount) return ["bad", say("storeEnded", { count: numbers.endedCount })];
  if (numbers.within30DaysCount) return ["warn", say("storeSoon", { count: numbers.within30DaysCount })];
  return numbers.peopleCount ? ["good", say("storeGood")] : ["none", say("storeNobody")];
}

/** @type {(desk: Desk) => Promise<void>} */
async function addStore(desk) {
  const { say, api } = desk;
  const wanted = await asked(desk, say("storeAdd"), { name: { label: say("name"), required: true }, description: { label: say("descriptionOptional"), longest: 1024 } }, say("create"));
  if (!wanted) return;
  await desk.attempt(async () => {
    const made = await api.send("POST", UNITS, { displayName: wanted.name, description: wanted.description || null });
    toast(say("created", { name: made.displayName }));
    await desk.learnAgain();
    await desk.go(`/stores/${made.id}`);
  });
}

/** @type {(desk: Desk, main: HTMLElement, id: string) => Promise<void>} */
async function showOne(desk, main, id) {
  const { say, api, me, base } = desk;
  const path = `${UNITS}/${encodeURIComponent(id)}`;
  const [unit, health] = await Promise.all([api.get(path), healthOf(desk)]);
  const numbers = health.get(unit.id);
  const [managers, roles] = await Promise.all([api.all(`${path}/scopedRoleMembers`), api.all("/roleManagement/directory/roleDefinitions?$top=999")]);
  const roleNames = new Map(roles.map((/** @type {any} */ role) => [role.id, role.displayName]));
  const mayWrite = me.may.includes("writeStores"), mayAssign = me.may.includes("writeRoles");
  const members = searchedList(desk, {
    label: say("people"),
    search: false,
    path: () => `${path}/members?$top=50`,
    row: (one) => row({ name: one.displayName, detail: one.userPrincipalName ?? say("group"), href: one.userPrincipalName && me.seesPeople ? `${base}/person/${one.id}` : undefined, act: mayWrite && removeMember(desk, path, unit, one) }),
    empty: () => h("p", { class: "quiet" }, say("storeNoMembers")),
  });
  fill(
    main,
    pageHead({ title: unit.displayName, help: unit.description ?? "", back: [`${base}/stores`, say("storesTitle")] }),
    numbers && healthPanel(desk, numbers, unit),
    section(say("managers"), say("managersHelp"), mayAssign && button(say("managerAdd"), () => addManager(desk, path, unit), { id: "add-manager" }), managers.length ? h("ul", { class: "people" }, ...managers.map((/** @type {any} */ held) => managerRow(desk, path, held, roleNames, mayAssign))) : h("p", { class: "quiet" }, say("managersNone"))),
    section(say("people"), "", mayWrite && button(say("memberAdd"), () => addMember(desk, path), { id: "add-member" }), ...members.parts),
    mayWrite && h("div", { class: "actions" }, button(say("rename"), () => rename(desk, path, unit), { id: "rename" }), button(say("storeDelete"), () => remove(desk, path, unit), { class: "danger", id: "delete" })),
  );
  await members.load();
}

/** @type {(title: string, help: string, act: any, ...inside: any[]) => any} */
export function section(title, help, act, ...inside) {
  return h("section", { class: "panel" }, h("div", { class: "panel-head" }, h("h2", {}, h("bdi", {}, title)), act), help && h("p", { class: "quiet" }, h("bdi", {}, help)), ...inside);
}

/** @type {(desk: Desk, numbers: any, unit: any) => any} */
function healthPanel({ say, base }, numbers, unit) {
  const tile = (/** @type {number} */ count, /** @type {string} */ word, kind = "") => h("div", { class: `tile ${count ? kind : ""}` }, h("strong", {}, String(count)), h("span", {}, say(word)));
  // both pages then show this store alone
  const choose = () => sessionStorage.setItem("badgepin-unit", unit.id);
  const people = h("a", { href: `${base}/people`, onclick: choose }, say("storeOpenPeople"));
  return h(
    "section",
    { class: "panel" },
    h("h2", {}, say("badgeHealth")),
    h("div", { class: "tiles" }, tile(numbers.peopleCount, "people"), tile(numbers.peopleCount - numbers.badgeHolderCount, "withoutBadge", "warn"), tile(numbers.endedCount, "countEnded", "bad"), tile(numbers.within30DaysCount, "next30", "warn")),
    h("p", {}, people, " · ", h("a", { href: `${base}/expiring`, onclick: choose }, say("expiringTitle"))),
  );
}

/** @type {(desk: Desk, path: string, held: any, roleNames: Map<string, string>, mayAssign: boolean) => any} */
function managerRow(desk, path, held, roleNames, mayAssign) {
  const { say } = desk;
  const name = held.roleMemberInfo.displayName;
  const role = roleNames.get(held.roleId) ?? held.roleId;
  const act = mayAssign && button(say("remove"), async () => {
    if (!(await confirmed(desk, say("managerRemoveTitle", { name }), [say("managerRemoveHelp", { role })], say("remove")))) return;
    if (await desk.attempt(() => desk.api.send("DELETE", `${path}/scopedRoleMembers/${held.id}`))) toast(say("removed", { name }));
    await desk.refresh();
  }, { "aria-label": `${say("remove")}: ${name}` });
  return row({ name, detail: [role, held.roleMemberInfo.userPrincipalName].filter(Boolean).join(" · "), act });
}

/** @type {(desk: Desk, path: string, unit: any) => Promise<void>} */
async function addManager(desk, path, unit) {
  const { say, api } = desk;
  const person = await picked(desk, say("managerAdd"), ["user"]);
  if (!person) return;
  if (!(await confirmed(desk, say("managerAddTitle", { name: person.displayName }), [say("managerAddHelp", { store: unit.displayName })], say("managerAdd"), { danger: false }))) return;
  const done = await desk.attempt(async () => {
    try {
      await api.send("POST", `${path}/scopedRoleMembers`, { roleId: BADGE_MANAGER, roleMemberInfo: { id: person.id } });
    } catch (error) {
      if (!(error instanceof Refused && isThereAlready(error))) throw error;
      toast(say("managerAlready", { name: person.displayName }), "bad");
    }
  });
  await desk.refresh();
  if (done && canInvite(desk)) toast(say("managerNowInvite", { name: person.displayName }));
}

/** @type {(desk: Desk) => boolean} */
export function canInvite({ me }) {
  return me.may.includes("inviteEverybody") || me.may.includes("inviteManagers");
}

/** @type {(desk: Desk, path: string) => Promise<void>} */
async function addMember(desk, path) {
  const { say, api } = desk;
  const one = await picked(desk, say("memberAdd"), ["user"]);
  if (!one) return;
  await desk.attempt(async () => {
    try {
      await api.send("POST", `${path}/members/$ref`, reference(one.id));
      toast(say("added", { name: one.displayName }));
    } catch (error) {
      if (!(error instanceof Refused && isThereAlready(error))) throw error;
      toast(say("memberAlready", { name: one.displayName }), "bad");
    }
  });
  await desk.refresh();
}

/** @type {(desk: Desk, path: string, unit: any, one: any) => any} */
function removeMember(desk, path, unit, one) {
  const { say } = desk;
  return button(say("remove"), async () => {
    if (!(await confirmed(desk, say("memberRemoveTitle", { name: one.displayName, group: unit.displayName }), [say("storeMemberRemoveHelp")], say("remove")))) return;
    if (await desk.attempt(() => desk.api.send("DELETE", `${path}/members/${one.id}/$ref`))) toast(say("removed", { name: one.displayName }));
    await desk.refresh();
  }, { "aria-label": `${say("remove")}: ${one.displayName}` });
}

/** @type {(desk: Desk, path: string, unit: any) => Promise<void>} */
export async function rename(desk, path, unit) {
  const { say, api } = desk;
  const wanted = await asked(desk, say("rename"), { name: { label: say("name"), value: unit.displayName, required: true }, description: { label: say("descriptionOptional"), value: unit.description ?? "", longest: 1024 } }, say("save"));
  if (!wanted) return;
  if (await desk.attempt(() => api.send("PATCH", path, { displayName: wanted.name, description: wanted.description || null }))) toast(say("changesSaved"));
  await desk.learnAgain();
  await desk.refresh();
}

/** @type {(desk: Desk, path: string, unit: any) => Promise<void>} */
async function remove(desk, path, unit) {
  const { say, api } = desk;
  if (!(await confirmed(desk, say("storeDeleteTitle", { name: unit.displayName }), [say("storeDeleteHelp")], say("storeDelete")))) return;
  if (!(await desk.attempt(() => api.send("DELETE", path)))) return desk.refresh();
  toast(say("deleted", { name: unit.displayName }));
  await desk.learnAgain();
  await desk.go("/stores");
}
