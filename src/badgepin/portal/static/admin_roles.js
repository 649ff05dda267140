// Roles: who holds which one, for everybody or in one store.
import { asked, confirmed, isThereAlready, pageHead, picked, row } from "./admin_parts.js";
import { section } from "./admin_stores.js";
import { Refused } from "./desk_api.js";
import { button, fill, h, toast } from "./desk_dom.js";

/** @typedef {import("./desk.js").Desk} Desk */
const ASSIGNMENTS = "/roleManagement/directory/roleAssignments";
const UNITS = "/administrativeUnits/";
const GLOBAL_ADMINISTRATOR = "62e90394-69f5-4237-9190-012177145e10";
// built-in roles that may be held in one store (the API refuses the others)
const IN_STORES = ["Authentication Administrator", "Privileged Authentication Administrator", "User Administrator", "Helpdesk Administrator", "Password Administrator", "Groups Administrator", "License Administrator", "Badge Manager"];

/** @type {(desk: Desk, main: HTMLElement, rest: string[]) => Promise<void>} */
export async function show(desk, main) {
  const { say, api, me } = desk;
  const [roles, held, units] = await Promise.all([
    api.all("/roleManagement/directory/roleDefinitions?$top=999"),
    api.all(`${ASSIGNMENTS}?$expand=principal&$top=999`, 2000),
    api.all("/directory/administrativeUnits?$top=999", 2000),
  ]);
  roles.sort((/** @type {any} */ one, /** @type {any} */ other) => one.displayName.localeCompare(other.displayName));
  const names = new Map(units.map((/** @type {any} */ unit) => [`${UNITS}${unit.id}`, unit.displayName]));
  const mayWrite = me.may.includes("writeRoles");
  const used = roles.filter((/** @type {any} */ role) => held.some((/** @type {any} */ one) => one.roleDefinitionId === role.id));
  const panels = used.map((/** @type {any} */ role) => rolePanel(desk, role, held.filter((/** @type {any} */ one) => one.roleDefinitionId === role.id), names, mayWrite));
  fill(
    main,
    pageHead({ title: say("rolesTitle"), help: say("rolesHelp"), act: mayWrite && button(say("roleAssign"), () => assign(desk, roles, units), { class: "main", id: "assign" }) }),
    ...panels,
    h("details", { class: "panel" }, h("summary", {}, say("rolesAll")), h("ul", { class: "people" }, ...roles.map((/** @type {any} */ role) => row({ name: role.displayName, detail: role.description })))),
  );
}

/** @type {(desk: Desk, role: any, held: any[], names: Map<string, string>, mayWrite: boolean) => any} */
function rolePanel(desk, role, held, names, mayWrite) {
  const { say } = desk;
  const isLast = role.id === GLOBAL_ADMINISTRATOR && held.length === 1;
  const lines = held.map((one) => {
    const name = one.principal?.displayName || one.principalId;
    const where = one.directoryScopeId === "/" ? say("everywhere") : names.get(one.directoryScopeId) ?? say("storeGone");
    const act = mayWrite && !isLast && button(say("remove"), () => take(desk, role, one, name), { "aria-label": `${say("remove")}: ${name}, ${role.displayName}` });
    return row({ name, detail: [where, one.principal?.userPrincipalName].filter(Boolean).join(" · "), act });
  });
  return section(role.displayName, role.description, null, h("ul", { class: "people" }, ...lines), isLast && h("p", { class: "quiet" }, say("roleLast")));
}

/** @type {(desk: Desk, role: any, one: any, name: string) => Promise<void>} */
async function take(desk, role, one, name) {
  const { say, api, me } = desk;
  const lines = [say("roleRemoveHelp"), one.principalId === me.id ? say("roleRemoveOwn") : ""].filter(Boolean);
  if (!(await confirmed(desk, say("roleRemoveTitle", { name, role: role.displayName }), lines, say("remove")))) return;
  if (await desk.attempt(() => api.send("DELETE", `${ASSIGNMENTS}/${one.id}`))) toast(say("removed", { name }));
  await desk.refresh();
}

/** @type {(desk: Desk, roles: any[], units: any[]) => Promise<void>} */
async function assign(desk, roles, units) {
  const { say, api } = desk;
  const who = await picked(desk, say("roleAssign"), ["user", "group"], "isAssignableToRole eq true");
  if (!who) return;
  const wanted = await asked(
    desk,
    say("roleAssignTitle", { name: who.displayName }),
    {
      role: { label: say("role"), value: roles.find((role) => role.displayName === "Badge Manager")?.id, choices: roles.map((role) => [role.id, role.displayName]) },
      scope: { label: say("where"), help: say("whereHelp", { roles: IN_STORES.join(", ") }), choices: [["/", say("everywhere")], ...units.map((unit) => /** @type {[string, string]} */ ([`${UNITS}${unit.id}`, unit.displayName]))] },
    },
    say("roleAssign"),
  );
  if (!wanted) return;
  await desk.attempt(async () => {
    try {
      await api.send("POST", ASSIGNMENTS, { principalId: who.id, roleDefinitionId: wanted.role, directoryScopeId: wanted.scope });
      toast(say("added", { name: who.displayName }));
    } catch (error) {
      if (!(error instanceof Refused && isThereAlready(error))) throw error;
      toast(say("roleAlready", { name: who.displayName }), "bad");
    }
  });
  await desk.refresh();
}
