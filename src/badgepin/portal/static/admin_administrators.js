// Who comes to the desk: their roles, their passkeys, and a way back in for whoever lost theirs.
import { asked, beginsWith, confirmed, isThereAlready, pageHead, picked, row, searchedList } from "./admin_parts.js";
import { canInvite, section } from "./admin_stores.js";
import { Refused } from "./desk_api.js";
import { button, fill, h, sheet, toast } from "./desk_dom.js";

/** @typedef {import("./desk.js").Desk} Desk */
const PATH = "/badgepin/administrators";
const BADGE_MANAGER = "b1d9e4f0-6c2a-4f0e-9a75-3e8c51d70b2f";
const ASSIGNMENTS = "/roleManagement/directory/roleAssignments";
// roles with which somebody is let in at the desk
const FOR_THE_DESK = ["Badge Manager", "Authentication Administrator", "Privileged Authentication Administrator", "Authentication Policy Administrator", "Global Administrator", "Global Reader", "Privileged Role Administrator", "User Administrator", "Application Administrator", "Security Administrator", "Security Reader", "Reports Reader"];

/** @type {(desk: Desk, main: HTMLElement, rest: string[]) => Promise<void>} */
export async function show(desk, main, [id]) {
  await (id ? showOne(desk, main, id) : showAll(desk, main));
}

/** @type {(desk: Desk, main: HTMLElement) => Promise<void>} */
async function showAll(desk, main) {
  const { say, base } = desk;
  const list = searchedList(desk, {
    label: say("administratorsTitle"),
    path: (text) => `${PATH}?${new URLSearchParams({ $top: "50", ...(text && { $filter: beginsWith(text, "displayName", "userPrincipalName") }) })}`,
    row: (one) => row({ name: one.displayName, detail: rolesOf(desk, one).join(", "), href: `${base}/administrators/${one.id}`, state: stateOf(desk, one) }),
    empty: (text) => h("p", { class: "quiet" }, say("nothingFound", { text })),
  });
  fill(main, pageHead({ title: say("administratorsTitle"), help: say("administratorsHelp"), act: canInvite(desk) && button(say("inviteSomebody"), () => bringIn(desk), { class: "main", id: "invite" }) }), ...list.parts);
  await list.load();
}

/** @type {(desk: Desk, one: any) => string[]} */
function rolesOf({ say, me }, one) {
  const stores = new Map(me.units.map((/** @type {any} */ unit) => [unit.id, unit.displayName]));
  return one.roles.map((/** @type {any} */ role) => (role.unitId ? say("roleInStore", { role: role.displayName, store: stores.get(role.unitId) ?? say("oneStore") }) : role.displayName));
}

/** @type {(desk: Desk, one: any) => [string, string]} */
function stateOf({ say, time }, one) {
  if (!one.accountEnabled) return ["bad", say("stateDisabled")];
  if (one.passkeys.length) return ["good", say("passkeys", { count: one.passkeys.length })];
  if (one.invitedUntilDateTime) return ["warn", say("invitedUntil", { time: time.short(one.invitedUntilDateTime) })];
  return ["none", say("passkeysNone")];
}

/** May the person at the desk invite this one, or take a passkey of theirs away? @type {(desk: Desk, one: any) => boolean} */
function mayHelp({ me }, one) {
  if (one.id === me.id) return false;
  if (me.may.includes("inviteEverybody")) return true;
  return me.may.includes("inviteManagers") && one.roles.every((/** @type {any} */ role) => role.roleDefinitionId === BADGE_MANAGER);
}

/** @type {(desk: Desk, main: HTMLElement, id: string) => Promise<void>} */
async function showOne(desk, main, id) {
  const { say, api, me, base, time } = desk;
  const [one] = await api.all(`${PATH}?$filter=${encodeURIComponent(`id eq '${id.replaceAll("'", "")}'`)}`);
  if (!one) throw new Refused(404, "gone", "");
  const helps = mayHelp(desk, one), isMe = one.id === me.id;
  const keys = one.passkeys.map((/** @type {any} */ key) => {
    const used = key.lastUsedDateTime ? say("lastUsed", { away: time.away(key.lastUsedDateTime) }) : say("neverUsed");
    const act = (helps || isMe) && button(say("remove"), () => removeKey(desk, one, key, isMe), { "aria-label": `${say("remove")}: ${key.displayName}` });
    return row({ name: key.displayName, detail: `${say("passkeySince", { time: time.short(key.createdDateTime) })} · ${used}`, act });
  });
  const invite = helps && button(say(one.passkeys.length ? "inviteAnother" : "invite"), () => invited(desk, one), { id: "invite", class: one.passkeys.length ? "" : "main" });
  fill(
    main,
    pageHead({ title: one.displayName, help: one.userPrincipalName, back: [`${base}/administrators`, say("administratorsTitle")] }),
    section(say("passkeysTitle"), say("passkeysHelp"), invite, keys.length ? h("ul", { class: "people" }, ...keys) : h("p", { class: "quiet" }, say("passkeysNone")), one.invitedUntilDateTime && h("p", {}, say("invitedUntil", { time: time.short(one.invitedUntilDateTime) }), " ", helps && button(say("withdraw"), () => withdraw(desk, one), { id: "withdraw" })), isMe && h("p", { class: "quiet" }, say("inviteNotSelf"))),
    section(say("rolesTitle"), "", me.pages.includes("roles") && h("a", { href: `${base}/roles` }, say("rolesTitle")), h("ul", { class: "people" }, ...rolesOf(desk, one).map((name) => row({ name })))),
  );
}

/** @type {(desk: Desk, one: any, key: any, isMe: boolean) => Promise<void>} */
async function removeKey(desk, one, key, isMe) {
  const { say, api } = desk;
  const lines = [say("passkeyRemoveHelp"), one.passkeys.length === 1 ? say(isMe ? "passkeyRemoveOwnLast" : "passkeyRemoveLast") : ""].filter(Boolean);
  if (!(await confirmed(desk, say("passkeyRemoveTitle", { name: key.displayName }), lines, say("remove")))) return;
  if (await desk.attempt(() => api.send("DELETE", `/users/${one.id}/authentication/fido2Methods/${key.id}`))) toast(say("removed", { name: key.displayName }));
  await desk.refresh();
}

/** @type {(desk: Desk, one: any) => Promise<void>} */
async function withdraw(desk, one) {
  const { say, api } = desk;
  const path = `/badgepin/users/${one.id}/invitations`;
  const done = await desk.attempt(async () => {
    for (const each of await api.all(path)) await api.send("DELETE", `${path}/${each.id}`);
  });
  if (done) toast(say("withdrawn"));
  await desk.refresh();
}

/** Make an invitation and show its link, which nobody can show again. @type {(desk: Desk, one: {id: string, displayName: string}) => Promise<void>} */
async function invited(desk, one) {
  const { say, api } = desk;
  await desk.attempt(async () => {
    const made = await api.send("POST", `/badgepin/users/${one.id}/invitations`, {});
    const link = h("code", { class: "secret", id: "link", dir: "ltr", tabindex: "0" }, made.link);
    await sheet(
      say("inviteTitle", { name: one.displayName }),
      (close) => [
        link,
        h("p", {}, say("inviteOnce")),
        button(say("copy"), async () => {
          await navigator.clipboard.writeText(made.link).then(() => toast(say("copied")), () => getSelection()?.selectAllChildren(link));
        }, { class: "main", id: "copy" }),
        button(say("done"), () => close(""), { id: "link-done" }),
      ],
      { firm: true },
    );
  });
  await desk.refresh();
}

/** Somebody who is to come to the desk: who, with which role, where; then the link. @type {(desk: Desk) => Promise<void>} */
async function bringIn(desk) {
  const { say, api, me } = desk;
  const who = await picked(desk, say("inviteSomebody"), ["user"]);
  if (!who) return;
  const [known] = await api.all(`${PATH}?$filter=${encodeURIComponent(`id eq '${who.id}'`)}`);
  if (!me.may.includes("writeRoles")) {
    if (!known) return toast(say("inviteNeedsRole", { name: who.displayName }), "bad");
    return invited(desk, who);
  }
  const [roles, units] = await Promise.all([api.all("/roleManagement/directory/roleDefinitions?$top=999"), api.all("/directory/administrativeUnits?$top=999", 2000)]);
  const usable = FOR_THE_DESK.map((name) => roles.find((/** @type {any} */ role) => role.displayName === name)).filter(Boolean);
  const wanted = await asked(
    desk,
    say("inviteRoleTitle", { name: who.displayName }),
    {
      role: { label: say("role"), choices: [...(known ? [/** @type {[string, string]} */ (["", say("inviteKeepsRoles", { roles: rolesOf(desk, known).join(", ") })])] : []), ...usable.map((role) => /** @type {[string, string]} */ ([role.id, role.displayName]))] },
      scope: { label: say("where"), help: say("inviteWhereHelp"), choices: [...units.map((/** @type {any} */ unit) => /** @type {[string, string]} */ ([`/administrativeUnits/${unit.id}`, unit.displayName])), /** @type {[string, string]} */ (["/", say("everywhere")])] },
    },
    say("invite"),
  );
  if (!wanted) return;
  const given = !wanted.role || (await desk.attempt(async () => {
    await api.send("POST", ASSIGNMENTS, { principalId: who.id, roleDefinitionId: wanted.role, directoryScopeId: wanted.scope }).catch((/** @type {any} */ error) => {
      if (!isThereAlready(error)) throw error;
    });
  }));
  if (given) await invited(desk, who);
}
