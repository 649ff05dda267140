// What an application may do: for the people who sign in to it, and on its own.
import { confirmed, row } from "./admin_parts.js";
import { section } from "./admin_stores.js";
import { button, h, sheet, toast } from "./desk_dom.js";

/** @typedef {import("./desk.js").Desk} Desk */
const SERVICE = "00000003-0000-0000-c000-000000000000";

/** @type {(desk: Desk, app: any, isOurs: boolean) => Promise<any[]>} */
export async function permissionsOf(desk, app, isOurs) {
  const { say, api, me } = desk;
  if (isOurs) return [];
  const found = await api.get(`/servicePrincipals?$filter=${encodeURIComponent(`appId in ('${app.appId}','${SERVICE}')`)}`);
  const principal = found.value.find((/** @type {any} */ one) => one.appId === app.appId);
  const service = found.value.find((/** @type {any} */ one) => one.appId === SERVICE) ?? (await api.get(`/servicePrincipals/${SERVICE}`));
  const [granted, delegated] = await Promise.all([
    api.all(`/servicePrincipals/${principal.id}/appRoleAssignments`),
    api.all(`/oauth2PermissionGrants?$filter=${encodeURIComponent(`clientId eq '${principal.id}'`)}`),
  ]);
  const mayGrant = me.may.includes("grantPermissions");
  const forAll = delegated.find((/** @type {any} */ one) => one.consentType === "AllPrincipals");
  const scopes = (forAll?.scope ?? "").split(" ").filter(Boolean);
  const names = new Map(service.appRoles.map((/** @type {any} */ role) => [role.id, role.value]));
  const own = granted.map((/** @type {any} */ one) => {
    const name = names.get(one.appRoleId) ?? one.appRoleId;
    const act = mayGrant && button(say("remove"), () => revoke(desk, principal, one, name), { "aria-label": `${say("remove")}: ${name}` });
    return row({ name, act });
  });
  return [
    section(say("consent"), say("consentHelp"), mayGrant && button(say("change"), () => changeScopes(desk, principal, service, forAll, scopes), { id: "consent" }), scopes.length ? h("ul", { class: "people" }, ...scopes.map((/** @type {string} */ scope) => row({ name: scope }))) : h("p", { class: "quiet" }, say("consentNone"))),
    section(say("appPermissions"), say("appPermissionsHelp"), mayGrant && button(say("permissionAdd"), () => grant(desk, principal, service, granted), { id: "grant" }), own.length ? h("ul", { class: "people" }, ...own) : h("p", { class: "quiet" }, say("appPermissionsNone"))),
  ];
}

/** Boxes to tick; answers the ticked values, or null. @type {(desk: Desk, title: string, values: string[], ticked: string[], yes: string) => Promise<string[] | null>} */
async function ticked(desk, title, values, ticked_, yes) {
  const boxes = values.map((value) => h("input", { type: "checkbox", value, checked: ticked_.includes(value) }));
  const answer = await sheet(title, (close) => [
    h("div", { class: "boxes", tabindex: "0", role: "group", "aria-label": title }, ...boxes.map((box) => h("label", { class: "switch" }, box, h("span", { dir: "ltr" }, box.value)))),
    button(yes, () => close("yes"), { class: "main", id: "form-go" }),
    button(desk.say("cancel"), () => close("")),
  ]);
  return answer === "yes" ? boxes.filter((box) => box.checked).map((box) => box.value) : null;
}

/** @type {(desk: Desk, principal: any, service: any, forAll: any, scopes: string[]) => Promise<void>} */
async function changeScopes(desk, principal, service, forAll, scopes) {
  const { say, api } = desk;
  const known = service.oauth2PermissionScopes.map((/** @type {any} */ scope) => scope.value);
  const values = [...new Set([...scopes, ...known])].sort();
  const wanted = await ticked(desk, say("consent"), values, scopes, say("save"));
  if (!wanted) return;
  const done = await desk.attempt(async () => {
    const body = { scope: wanted.join(" ") };
    if (!forAll && wanted.length) await api.send("POST", "/oauth2PermissionGrants", { clientId: principal.id, consentType: "AllPrincipals", resourceId: SERVICE, ...body });
    else if (forAll && wanted.length) await api.send("PATCH", `/oauth2PermissionGrants/${forAll.id}`, body);
    else if (forAll) await api.send("DELETE", `/oauth2PermissionGrants/${forAll.id}`);
  });
  if (done) toast(say("changesSaved"));
  await desk.refresh();
}

/** @type {(desk: Desk, principal: any, service: any, granted: any[]) => Promise<void>} */
async function grant(desk, principal, service, granted) {
  const { say, api } = desk;
  const open = service.appRoles.filter((/** @type {any} */ role) => !granted.some((one) => one.appRoleId === role.id));
  const wanted = await ticked(desk, say("permissionAdd"), open.map((/** @type {any} */ role) => role.value).sort(), [], say("permissionAdd"));
  if (!wanted?.length) return;
  const done = await desk.attempt(async () => {
    for (const role of open.filter((/** @type {any} */ one) => wanted.includes(one.value))) {
      await api.send("POST", `/servicePrincipals/${principal.id}/appRoleAssignments`, { principalId: principal.id, resourceId: SERVICE, appRoleId: role.id });
    }
  });
  if (done) toast(say("changesSaved"));
  await desk.refresh();
}

/** @type {(desk: Desk, principal: any, one: any, name: string) => Promise<void>} */
async function revoke(desk, principal, one, name) {
  const { say, api } = desk;
  if (!(await confirmed(desk, say("permissionRemoveTitle", { name }), [say("permissionRemoveHelp")], say("remove")))) return;
  if (await desk.attempt(() => api.send("DELETE", `/servicePrincipals/${principal.id}/appRoleAssignments/${one.id}`))) toast(say("removed", { name }));
  await desk.refresh();
}
