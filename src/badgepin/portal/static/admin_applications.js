// Applications: what people sign in to, and programs that call the API.
import { permissionsOf } from "./admin_permissions.js";
import { asked, beginsWith, confirmed, pageHead, row, searchedList } from "./admin_parts.js";
import { section } from "./admin_stores.js";
import { button, fill, h, sheet, toast } from "./desk_dom.js";

/** @typedef {import("./desk.js").Desk} Desk */
const PLATFORMS = [["web", "appWeb", "appWebHelp"], ["spa", "appSpa", "appSpaHelp"], ["publicClient", "appPublic", "appPublicHelp"]];
const BUILT_IN = ["6d3f2a0c-8f4e-4b6e-9a1d-5c0b7e2f9a41", "3b7c5d1e-2f64-4c8a-8d0b-91e6a4f2c7d3"];
const SOON = 30 * 86400000;

/** @type {(desk: Desk, main: HTMLElement, rest: string[]) => Promise<void>} */
export async function show(desk, main, [id]) {
  await (id ? showOne(desk, main, id) : showAll(desk, main));
}

/** @type {(desk: Desk, main: HTMLElement) => Promise<void>} */
async function showAll(desk, main) {
  const { say, me, base } = desk;
  const list = searchedList(desk, {
    label: say("applicationsTitle"),
    path: (text) => `/applications?${new URLSearchParams({ $top: "50", $orderby: "displayName", $count: "true", ...(text && { $filter: beginsWith(text, "displayName") }) })}`,
    row: (app) => row({ name: app.displayName, detail: app.description ?? app.appId, href: `${base}/applications/${app.id}`, state: stateOf(desk, app) }),
    empty: (text) => h("p", { class: "quiet" }, say(text ? "nothingFound" : "applicationsEmpty", { text })),
  });
  const add = me.may.includes("writeApplications") && button(say("applicationAdd"), () => addApplication(desk), { class: "main", id: "add" });
  fill(main, pageHead({ title: say("applicationsTitle"), help: say("applicationsHelp"), act: add }), ...list.parts);
  await list.load();
}

/** @type {(desk: Desk, app: any) => [string, string] | null} */
function stateOf({ say, time }, app) {
  if (BUILT_IN.includes(app.appId)) return ["none", say("builtIn")];
  const ends = app.passwordCredentials.map((/** @type {any} */ secret) => secret.endDateTime).sort().at(-1);
  if (!ends) return null;
  const left = new Date(ends).getTime() - Date.now();
  if (left < 0) return ["bad", say("secretEnded", { time: time.short(ends) })];
  return left < SOON ? ["warn", say("secretEnds", { time: time.short(ends) })] : ["good", say("secretUntil", { time: time.short(ends) })];
}

/** @type {(desk: Desk) => Promise<void>} */
async function addApplication(desk) {
  const { say, api } = desk;
  const wanted = await asked(
    desk,
    say("applicationAdd"),
    {
      name: { label: say("name"), required: true },
      platform: { label: say("appKind"), choices: [...PLATFORMS.map(([key, word]) => /** @type {[string, string]} */ ([key, say(word)])), ["none", say("appNone")]] },
      address: { label: say("redirectFirst"), help: say("redirectHelp"), longest: 1024 },
    },
    say("create"),
  );
  if (!wanted) return;
  await desk.attempt(async () => {
    const redirects = wanted.platform !== "none" && wanted.address ? { [wanted.platform]: { redirectUris: [wanted.address] } } : {};
    const made = await api.send("POST", "/applications", { displayName: wanted.name, ...redirects });
    toast(say("created", { name: made.displayName }));
    await desk.go(`/applications/${made.id}`);
  });
}

/** @type {(desk: Desk, main: HTMLElement, id: string) => Promise<void>} */
async function showOne(desk, main, id) {
  const { say, api, me, base, time } = desk;
  const path = `/applications/${encodeURIComponent(id)}`;
  const app = await api.get(path);
  const isOurs = BUILT_IN.includes(app.appId);
  const mayWrite = me.may.includes("writeApplications") && !isOurs;
  const secrets = app.passwordCredentials.map((/** @type {any} */ secret) => {
    const name = secret.displayName || `${secret.hint}…`;
    const act = mayWrite && button(say("remove"), () => removeSecret(desk, path, secret, name), { "aria-label": `${say("remove")}: ${name}` });
    return row({ name, detail: say(new Date(secret.endDateTime) > new Date() ? "endsAt" : "ended", { time: time.short(secret.endDateTime), away: time.away(secret.endDateTime) }), act });
  });
  fill(
    main,
    pageHead({ title: app.displayName, help: isOurs ? say("builtInHelp") : app.description ?? "", back: [`${base}/applications`, say("applicationsTitle")] }),
    section(say("appIds"), "", null, h("dl", { class: "facts" }, ...fact(say("appClientId"), app.appId), ...fact(say("appTenant"), desk.tenant), ...fact(say("appIssuer"), `${location.origin}/${desk.tenant}/v2.0`))),
    section(say("redirects"), say("redirectHelp"), mayWrite && button(say("change"), () => changeRedirects(desk, path, app), { id: "redirects" }), ...PLATFORMS.map(([key, word]) => redirectsOf(desk, word, app[key].redirectUris)), app.backchannelLogoutUri && redirectsOf(desk, "backChannel", [app.backchannelLogoutUri])),
    !isOurs && section(say("secrets"), say("secretsHelp"), mayWrite && button(say("secretAdd"), () => addSecret(desk, path, app), { id: "add-secret" }), secrets.length ? h("ul", { class: "people" }, ...secrets) : h("p", { class: "quiet" }, say("secretsNone"))),
    ...(await permissionsOf(desk, app, isOurs)),
    mayWrite && h("div", { class: "actions" }, button(say("rename"), () => rename(desk, path, app), { id: "rename" }), button(say("applicationDelete"), () => remove(desk, path, app), { class: "danger", id: "delete" })),
  );
}

/** @type {(name: string, value: string) => any[]} */
function fact(name, value) {
  return [h("dt", {}, name), h("dd", {}, h("code", { dir: "ltr" }, value))];
}

/** @type {(desk: Desk, word: string, addresses: string[]) => any} */
function redirectsOf({ say }, word, addresses) {
  if (!addresses.length) return null;
  return h("div", { class: "addresses" }, h("h3", {}, say(word)), h("ul", {}, ...addresses.map((address) => h("li", {}, h("code", { dir: "ltr" }, address)))));
}

/** @type {(desk: Desk, path: string, app: any) => Promise<void>} */
async function changeRedirects(desk, path, app) {
  const { say, api } = desk;
  const fields = Object.fromEntries(PLATFORMS.map(([key, word, help]) => [key, { label: say(word), help: say(help), value: app[key].redirectUris.join("\n"), area: true, longest: 20000 }]));
  const wanted = await asked(desk, say("redirects"), { ...fields, logout: { label: say("backChannel"), help: say("backChannelHelp"), value: app.backchannelLogoutUri ?? "", longest: 1024 } }, say("save"));
  if (!wanted) return;
  const lines = (/** @type {string} */ text) => text.split(/\s+/).filter(Boolean);
  const body = { ...Object.fromEntries(PLATFORMS.map(([key]) => [key, { redirectUris: lines(wanted[key]) }])), backchannelLogoutUri: wanted.logout || null };
  if (await desk.attempt(() => api.send("PATCH", path, body))) toast(say("changesSaved"));
  await desk.refresh();
}

/** @type {(desk: Desk, path: string, app: any) => Promise<void>} */
async function addSecret(desk, path, app) {
  const { say, api } = desk;
  const wanted = await asked(
    desk,
    say("secretAdd"),
    { name: { label: say("secretName"), longest: 120 }, months: { label: say("secretLife"), value: "12", choices: [["3", say("months", { count: 3 })], ["6", say("months", { count: 6 })], ["12", say("months", { count: 12 })], ["24", say("months", { count: 24 })]] } },
    say("create"),
  );
  if (!wanted) return;
  await desk.attempt(async () => {
    const end = new Date();
    end.setMonth(end.getMonth() + Number(wanted.months));
    const made = await api.send("POST", `${path}/addPassword`, { passwordCredential: { displayName: wanted.name || null, endDateTime: end.toISOString().replace(/\.\d+Z$/, "Z") } });
    await showSecret(desk, app, made.secretText);
  });
  await desk.refresh();
}

/** @type {(desk: Desk, app: any, text: string) => Promise<void>} */
async function showSecret({ say }, app, text) {
  const shown = h("code", { class: "secret", id: "secret", dir: "ltr", tabindex: "0" }, text);
  await sheet(
    say("secretTitle", { name: app.displayName }),
    (close) => [
      shown,
      h("p", {}, say("secretOnce")),
      button(say("copy"), async () => {
        await navigator.clipboard.writeText(text).then(() => toast(say("copied")), () => getSelection()?.selectAllChildren(shown));
      }, { class: "main", id: "copy" }),
      button(say("done"), () => close(""), { id: "secret-done" }),
    ],
    { firm: true },
  );
}

/** @type {(desk: Desk, path: string, secret: any, name: string) => Promise<void>} */
async function removeSecret(desk, path, secret, name) {
  const { say, api } = desk;
  if (!(await confirmed(desk, say("secretRemoveTitle", { name }), [say("secretRemoveHelp")], say("remove")))) return;
  if (await desk.attempt(() => api.send("POST", `${path}/removePassword`, { keyId: secret.keyId }))) toast(say("removed", { name }));
  await desk.refresh();
}

/** @type {(desk: Desk, path: string, app: any) => Promise<void>} */
async function rename(desk, path, app) {
  const { say, api } = desk;
  const wanted = await asked(desk, say("rename"), { name: { label: say("name"), value: app.displayName, required: true }, description: { label: say("descriptionOptional"), value: app.description ?? "", longest: 1024 } }, say("save"));
  if (!wanted) return;
  if (await desk.attempt(() => api.send("PATCH", path, { displayName: wanted.name, description: wanted.description || null }))) toast(say("changesSaved"));
  await desk.refresh();
}

/** @type {(desk: Desk, path: string, app: any) => Promise<void>} */
async function remove(desk, path, app) {
  const { say, api } = desk;
  if (!(await confirmed(desk, say("applicationDeleteTitle", { name: app.displayName }), [say("applicationDeleteHelp")], say("applicationDelete")))) return;
  if (!(await desk.attempt(() => api.send("DELETE", path)))) return desk.refresh();
  toast(say("deleted", { name: app.displayName }));
  await desk.go("/applications");
}
