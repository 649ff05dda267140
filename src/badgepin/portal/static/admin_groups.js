// Groups: their members and owners.
import { asked, beginsWith, confirmed, isThereAlready, pageHead, picked, reference, row, searchedList } from "./admin_parts.js";
import { rename, section } from "./admin_stores.js";
import { Refused } from "./desk_api.js";
import { button, fill, h, toast } from "./desk_dom.js";

/** @typedef {import("./desk.js").Desk} Desk */

/** @type {(desk: Desk, main: HTMLElement, rest: string[]) => Promise<void>} */
export async function show(desk, main, [id]) {
  await (id ? showOne(desk, main, id) : showAll(desk, main));
}

/** @type {(desk: Desk, main: HTMLElement) => Promise<void>} */
async function showAll(desk, main) {
  const { say, me } = desk;
  const list = searchedList(desk, {
    label: say("groupsTitle"),
    path: (text) => `/groups?${new URLSearchParams({ $top: "50", $orderby: "displayName", $count: "true", ...(text && { $filter: beginsWith(text, "displayName") }) })}`,
    row: (group) => row({ name: group.displayName, detail: group.description ?? "", href: `${desk.base}/groups/${group.id}`, state: group.isAssignableToRole ? ["warn", say("groupForRoles")] : null }),
    empty: (text) => h("p", { class: "quiet" }, say(text ? "nothingFound" : "groupsEmpty", { text })),
  });
  const add = me.may.includes("writeGroups") && button(say("groupAdd"), () => addGroup(desk), { class: "main", id: "add" });
  fill(main, pageHead({ title: say("groupsTitle"), help: say("groupsHelp"), act: add }), ...list.parts);
  await list.load();
}

/** @type {(desk: Desk) => Promise<void>} */
async function addGroup(desk) {
  const { say, api, me } = desk;
  const wanted = await asked(
    desk,
    say("groupAdd"),
    {
      name: { label: say("name"), required: true },
      description: { label: say("descriptionOptional"), longest: 1024 },
      ...(me.may.includes("writeRoleGroups") && { roles: { label: say("groupForRoles"), help: say("groupForRolesHelp"), check: true } }),
    },
    say("create"),
  );
  if (!wanted) return;
  await desk.attempt(async () => {
    const body = { displayName: wanted.name, description: wanted.description || null, mailEnabled: false, securityEnabled: true, mailNickname: `group-${crypto.randomUUID().slice(0, 8)}`, ...(wanted.roles && { isAssignableToRole: true }) };
    const made = await api.send("POST", "/groups", body);
    toast(say("created", { name: made.displayName }));
    await desk.go(`/groups/${made.id}`);
  });
}

/** @type {(desk: Desk, main: HTMLElement, id: string) => Promise<void>} */
async function showOne(desk, main, id) {
  const { say, api, me, base } = desk;
  const path = `/groups/${encodeURIComponent(id)}`;
  const group = await api.get(path);
  const mayWrite = me.may.includes(group.isAssignableToRole ? "writeRoleGroups" : "writeGroups");
  const owners = await api.all(`${path}/owners`);
  const line = (/** @type {any} */ one, /** @type {string} */ relation) => {
    const isPerson = Boolean(one.userPrincipalName);
    const href = isPerson ? me.seesPeople && `${base}/person/${one.id}` : `${base}/groups/${one.id}`;
    return row({ name: one.displayName, detail: one.userPrincipalName ?? say("group"), href: href || undefined, act: mayWrite && removal(desk, path, group, one, relation) });
  };
  const members = searchedList(desk, { label: say("members"), search: false, path: () => `${path}/members?$top=50`, row: (one) => line(one, "members"), empty: () => h("p", { class: "quiet" }, say("groupNoMembers")) });
  fill(
    main,
    pageHead({ title: group.displayName, help: group.description ?? "", back: [`${base}/groups`, say("groupsTitle")] }),
    group.isAssignableToRole && h("p", { class: "problem note" }, say("groupForRolesHelp")),
    section(say("members"), "", mayWrite && button(say("memberAdd"), () => add(desk, path, "members"), { id: "add-member" }), ...members.parts),
    section(say("owners"), say("ownersHelp"), mayWrite && button(say("ownerAdd"), () => add(desk, path, "owners"), { id: "add-owner" }), owners.length ? h("ul", { class: "people" }, ...owners.map((/** @type {any} */ one) => line(one, "owners"))) : h("p", { class: "quiet" }, say("ownersNone"))),
    mayWrite && h("div", { class: "actions" }, button(say("rename"), () => rename(desk, path, group), { id: "rename" }), button(say("groupDelete"), () => remove(desk, path, group), { class: "danger", id: "delete" })),
  );
  await members.load();
}

/** @type {(desk: Desk, path: string, relation: string) => Promise<void>} */
async function add(desk, path, relation) {
  const { say, api } = desk;
  const one = await picked(desk, say(relation === "members" ? "memberAdd" : "ownerAdd"), relation === "members" ? ["user", "group"] : ["user"]);
  if (!one) return;
  await desk.attempt(async () => {
    try {
      await api.send("POST", `${path}/${relation}/$ref`, reference(one.id));
      toast(say("added", { name: one.displayName }));
    } catch (error) {
      if (!(error instanceof Refused && isThereAlready(error))) throw error;
      toast(say("memberAlready", { name: one.displayName }), "bad");
    }
  });
  await desk.refresh();
}

/** @type {(desk: Desk, path: string, group: any, one: any, relation: string) => any} */
function removal(desk, path, group, one, relation) {
  const { say } = desk;
  return button(say("remove"), async () => {
    if (!(await confirmed(desk, say("memberRemoveTitle", { name: one.displayName, group: group.displayName }), [say("groupMemberRemoveHelp")], say("remove")))) return;
    if (await desk.attempt(() => desk.api.send("DELETE", `${path}/${relation}/${one.id}/$ref`))) toast(say("removed", { name: one.displayName }));
    await desk.refresh();
  }, { "aria-label": `${say("remove")}: ${one.displayName}` });
}

/** @type {(desk: Desk, path: string, group: any) => Promise<void>} */
async function remove(desk, path, group) {
  const { say, api } = desk;
  if (!(await confirmed(desk, say("groupDeleteTitle", { name: group.displayName }), [say("groupDeleteHelp")], say("groupDelete")))) return;
  if (!(await desk.attempt(() => api.send("DELETE", path)))) return desk.refresh();
  toast(say("deleted", { name: group.displayName }));
  await desk.go("/groups");
}
