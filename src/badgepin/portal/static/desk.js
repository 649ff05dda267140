// The desk: one shell, a few pages, each a module that fills the middle.
import { Api, Refused } from "./desk_api.js";
import { showActivity } from "./desk_activity.js";
import { button, fill, h, toast } from "./desk_dom.js";
import { showExpiring } from "./desk_expiring.js";
import { showHandle } from "./desk_handle.js";
import { showMany } from "./desk_many.js";
import { PasskeyRefused } from "./desk_passkey.js";
import { showPeople } from "./desk_people.js";
import { showPerson } from "./desk_person.js";
import { clock } from "./desk_time.js";
import { Words } from "./words.js";

const configuration = JSON.parse(document.getElementById("configuration")?.textContent ?? "{}");
const words = new Words(configuration.language, configuration.words, configuration.static);
const main = /** @type {HTMLElement} */ (document.querySelector("main"));

/**
 * What every page gets. `learnAgain`: stores or roles of whoever is here may have changed. `tenant` is the organization's id; `knows`: whether there is a sentence of that name.
 * @typedef {{api: Api, tenant: string, knows: (key: string) => boolean, say: (key: string, values?: Record<string, string | number>) => string, time: ReturnType<typeof clock>,
 *   me: any, unit: () => string, base: string, refresh: () => Promise<void>, learnAgain: () => Promise<void>, go: (path: string) => Promise<void>,
 *   attempt: (work: () => Promise<unknown>) => Promise<boolean>, configuration: any}} Desk
 */

/** @type {Record<string, (desk: Desk, main: HTMLElement, rest: string[]) => Promise<void>>} */
const PAGES = { people: showPeople, person: showPerson, activity: showActivity, handle: showHandle, expiring: showExpiring, many: showMany, more: showMore };
const TABS = [["people", "peopleTitle"], ["activity", "activityTitle"], ["handle", "handleTitle"], ["expiring", "expiringTitle"], ["many", "manyTitle"]];
// the administration's pages come when they are opened: a manager's phone never loads them
const ADMINISTRATION = ["policy", "stores", "groups", "roles", "applications", "administrators", "logs", "health"];
for (const name of ADMINISTRATION) PAGES[name] = async (...page) => (await import(`${configuration.static}/admin_${name}.js`)).show(...page);
const HEADING = "administration";
const MOST_TABS = 4;
const UNIT = "badgepin-unit";

/** @type {Desk} */
const desk = {
  api: new Api(configuration),
  tenant: configuration.base.split("/")[1],
  say: (key, values) => words.say(key, values) || key,
  knows: (key) => Boolean(words.say(key)),
  // the page's language, in the way of writing times that this browser's owner is used to
  time: clock(navigator.languages.find((tag) => tag.startsWith(configuration.language)) ?? configuration.language),
  me: null,
  // a store that was deleted since it was chosen is chosen no more
  unit: () => desk.me.units.find((/** @type {any} */ unit) => unit.id === sessionStorage.getItem(UNIT))?.id ?? "",
  base: configuration.base,
  configuration,
  refresh: async () => {
    await show();
    // the button that was pressed is gone with the old page: whoever reads with a keyboard goes on at its head
    if (document.activeElement === document.body) /** @type {HTMLElement | null} */ (main.querySelector("h1"))?.focus({ preventScroll: true });
  },
  learnAgain: async () => {
    desk.me = await desk.api.send("GET", "/badgepin/desk");
    drawShell();
  },
  go: async (path) => {
    history.pushState(null, "", `${configuration.base}${path}`);
    await show();
  },
  attempt,
};

/**
 * Do something that may be refused; what happened is said in words. Answers whether it was done.
 * @param {() => Promise<unknown>} work
 */
async function attempt(work) {
  try {
    await work();
    return true;
  } catch (error) {
    if (!(error instanceof Refused) && !(error instanceof PasskeyRefused)) throw error;
    toast(error instanceof Refused ? sentenceOf(error) : error.message, "bad");
    return false;
  }
}

/** @param {Refused} error */
function sentenceOf(error) {
  const known = words.say(`error_${error.code}`);
  if (known) return known;
  if (error.status === 404) return desk.say("error_gone");
  if (error.status === 403) return error.message && error.code === "accessDenied" && error.message.includes(".") ? error.message : desk.say("error_forbidden");
  if (error.status >= 500 || error.status === 0) return desk.say("error_networkDown");
  return error.message || desk.say("error_networkDown");
}

/** Show the page that the address names. */
async function show() {
  const [name, ...rest] = location.pathname.slice(configuration.base.length).split("/").filter(Boolean).map(decodeURIComponent);
  const page = name && Object.hasOwn(PAGES, name) && isMine(name) ? name : firstPage();
  document.body.dataset.page = page;
  for (const link of document.querySelectorAll("nav [data-page]")) {
    if (/** @type {HTMLElement} */ (link).dataset.page === page || (page === "person" && /** @type {HTMLElement} */ (link).dataset.page === "people")) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  const chosen = /** @type {HTMLSelectElement | null} */ (document.getElementById("unit"));
  if (chosen) chosen.value = desk.unit();
  const more = document.querySelector("nav [data-page=more]");
  // on a phone most pages of the administration stand behind "More"
  more?.classList.toggle("within", Boolean(document.querySelector("nav .rail-only[aria-current]")));
  main.setAttribute("aria-busy", "true");
  desk.api.turnPage();
  const shown = await attempt(() => PAGES[page](desk, main, rest));
  if (!shown && !main.childElementCount) {
    fill(main, h("section", { class: "empty" }, h("h1", {}, desk.say("error_title")), button(desk.say("tryAgain"), show, { class: "main" })));
  }
  main.removeAttribute("aria-busy");
  const title = main.querySelector("h1");
  if (title) document.title = `${title.textContent} · ${configuration.brand}`;
}

/** The pages of whoever is here: those about people, and those of the administration. */
function pagesOfMine() {
  const { me, say } = desk;
  return { daily: TABS.filter(([page]) => isMine(page)), administration: ADMINISTRATION.filter(isMine).map((page) => [page, `${page}Title`]), say, me };
}

/** @param {string} page */
function isMine(page) {
  if (ADMINISTRATION.includes(page)) return desk.me.pages.includes(page);
  return page === "more" || desk.me.seesPeople;
}

function firstPage() {
  const { daily, administration } = pagesOfMine();
  return [...daily, ...administration, ["more"]][0][0];
}

/** @type {(desk: Desk, main: HTMLElement) => Promise<void>} */
async function showMore({ say, me }, place) {
  const { daily, administration } = pagesOfMine();
  const links = (/** @type {string[][]} */ pages) => h("ul", { class: "choices" }, ...pages.map(([page, word]) => h("li", {}, h("a", { href: `${configuration.base}/${page}`, "data-page": page }, say(word)))));
  fill(
    place,
    h("h1", {}, say("moreTitle")),
    daily.length && links(daily),
    administration.length && h("h2", {}, say(HEADING)),
    administration.length && links(administration),
    h("section", { class: "panel" }, h("h2", {}, me.displayName), h("p", { class: "quiet" }, me.userPrincipalName), h("p", { class: "quiet" }, me.roleDisplayNames.join(", ")), signOutForm()),
  );
}

function signOutForm() {
  return button(desk.say("signOut"), async () => {
    await fetch(`${configuration.base}/sign-out`, { method: "POST", headers: { "x-badgepin-desk": configuration.token }, credentials: "same-origin" }).catch(() => null);
    // whoever sits here next gets nothing of this: no store, no batch's key
    sessionStorage.clear();
    location.assign(`${configuration.base}/sign-in`);
  });
}

function drawShell() {
  const { me, say } = desk;
  const nav = /** @type {HTMLElement} */ (document.querySelector("nav"));
  const { daily, administration } = pagesOfMine();
  const link = (/** @type {string[]} */ [page, word], extra = "") => h("a", { href: `${configuration.base}/${page}`, "data-page": page, class: extra }, say(word));
  // a phone has room for a few, the others stand behind "More"; a wide screen shows them all at the side
  const tabs = [...daily, ...administration].slice(0, MOST_TABS);
  const rest = administration.filter((page) => !tabs.includes(page));
  document.body.classList.toggle("railed", administration.length > 0);
  const later = daily.slice(MOST_TABS).map((page) => link(page, "rail-only"));
  fill(nav, ...tabs.map((page) => link(page)), ...later, rest.length && daily.length && h("span", { class: "rail-title rail-only" }, say(HEADING)), ...rest.map((page) => link(page, "rail-only")), link(["more", "moreTitle"]));
  const place = /** @type {HTMLElement} */ (document.getElementById("unit-place"));
  if (me.units.length > 1) {
    const options = me.units.map((/** @type {any} */ unit) => h("option", { value: unit.id, selected: unit.id === desk.unit() }, unit.displayName));
    const select = h("select", { id: "unit", "aria-label": say("store") }, h("option", { value: "" }, say("allStores")), ...options);
    select.addEventListener("change", () => {
      sessionStorage.setItem(UNIT, select.value);
      void show();
    });
    fill(place, select);
  } else fill(place, h("span", { class: "quiet" }, me.units[0]?.displayName ?? ""));
}

document.addEventListener("click", (event) => {
  const link = /** @type {HTMLElement} */ (event.target).closest?.("a[href]");
  const path = link?.getAttribute("href") ?? "";
  if (!link || !path.startsWith(`${configuration.base}/`) || event.metaKey || event.ctrlKey || event.shiftKey || event.button) return;
  event.preventDefault();
  void desk.go(path.slice(configuration.base.length)).then(() => {
    /** @type {HTMLElement | null} */ (main.querySelector("h1"))?.focus();
    scrollTo(0, 0);
  });
});
addEventListener("popstate", () => void show());
// a page kept by the browser may belong to whoever sat here before
addEventListener("pageshow", (event) => event.persisted && location.reload());

await attempt(async () => {
  desk.me = await desk.api.get("/badgepin/desk");
  if (desk.me.pages.length) await words.learn("admin");
  drawShell();
  await show();
});
document.body.dataset.ready = "yes";
