// What the administration's pages are made of: a list to look through, a form, somebody to pick, a question before the deed.
import { button, fill, h, sheet } from "./desk_dom.js";

const PAUSE = 180;
const LONGEST = 256;

/** @typedef {import("./desk.js").Desk} Desk */
/** @typedef {{id: string, displayName: string, kind: "user" | "group", detail: string}} Picked */

/**
 * One line of a list: it leads somewhere, or does something.
 * @param {{name: string, detail?: string, href?: string, state?: [string, string] | null, act?: any}} line
 */
export function row({ name, detail = "", href, state = null, act = null }) {
  const inside = [
    h("span", { class: "who" }, h("bdi", { class: "name" }, name), detail && h("bdi", { class: "quiet" }, detail)),
    state && h("span", { class: "states" }, h("span", { class: `state ${state[0]}` }, state[1])),
  ];
  return h("li", { class: act ? "with-act" : "" }, href ? h("a", { href, class: "person" }, ...inside) : h("div", { class: "person" }, ...inside), act);
}

/**
 * The head of a page: where one came from, what it is, what can be begun here.
 * @param {{title: string, help?: string, back?: [string, string], act?: any}} head
 */
export function pageHead({ title, help = "", back, act = null }) {
  return h(
    "header",
    { class: "page-head" },
    back && h("p", {}, h("a", { href: back[0], class: "back" }, back[1])),
    h("div", { class: "page-title" }, h("h1", { tabindex: "-1" }, h("bdi", {}, title)), act),
    help && h("p", { class: "quiet" }, h("bdi", {}, help)),
  );
}

/**
 * A list that is searched as one types, page after page.
 * @param {Desk} desk
 * @param {{label: string, path: (text: string) => string, row: (item: any) => any, empty: (text: string) => any, search?: boolean}} options
 */
export function searchedList(desk, { label, path, row: line, empty, search = true }) {
  const { say } = desk;
  const field = h("input", { type: "search", class: "search", placeholder: say("search"), "aria-label": `${say("search")}: ${label}`, autocomplete: "off", enterkeyhint: "search" });
  const list = h("ul", { class: "people", "aria-label": label });
  const status = h("div", { role: "status" });
  const more = h("div", {});
  let asked = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let waiting;
  const load = async (/** @type {string} */ address, /** @type {boolean} */ begins) => {
    asked += 1;
    const mine = asked;
    const page = await desk.api.get(address);
    // whoever typed on meanwhile wants to see the newer answer
    if (mine !== asked) return;
    if (begins) list.replaceChildren();
    list.append(...page.value.map(line));
    const next = page["@odata.nextLink"];
    fill(more, next && button(say("showMore"), () => desk.attempt(() => load(next, false))));
    list.hidden = !list.childElementCount;
    fill(status, !list.childElementCount && h("div", { class: "empty" }, empty(field.value.trim())));
  };
  const begin = () => load(path(field.value.trim()), true);
  field.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => list.isConnected && void desk.attempt(begin), PAUSE);
  });
  return { parts: [search && field, status, list, more], load: begin };
}

/**
 * A condition on the beginning of a name; '' for everything.
 * @param {string} text
 * @param {...string} names
 */
export function beginsWith(text, ...names) {
  const quoted = text.replaceAll("'", "''");
  return text ? names.map((name) => `startswith(${name},'${quoted}')`).join(" or ") : "";
}

/**
 * Ask before something is done; answers whether to go on.
 * @param {Desk} desk
 * @param {string} title
 * @param {(string | Node)[]} text
 * @param {string} yes
 * @param {{danger?: boolean}} [options]
 */
export async function confirmed({ say }, title, text, yes, { danger = true } = {}) {
  const answer = await sheet(title, (close) => [
    ...text.map((line) => (typeof line === "string" ? h("p", {}, line) : line)),
    button(yes, () => close("yes"), { class: danger ? "danger" : "main", id: "confirm" }),
    button(say("cancel"), () => close("")),
  ]);
  return answer === "yes";
}

/**
 * A small form in a sheet; answers what was typed, or null. Nothing is sent while a field that must be filled is empty.
 * @param {Desk} desk
 * @param {string} title
 * @param {Record<string, {label: string, value?: string, help?: string, required?: boolean, longest?: number, area?: boolean, check?: boolean, choices?: [string, string][]}>} fields
 * @param {string} yes
 * @returns {Promise<Record<string, any> | null>}
 */
export async function asked({ say }, title, fields, yes) {
  const made = Object.entries(fields).map(([name, field]) => ({ name, field, input: inputOf(name, field) }));
  for (const { field, input } of made) {
    const most = field.longest ?? LONGEST;
    // cutting off what was pasted would keep something else than what was meant
    input.addEventListener("input", () => input.setCustomValidity([...input.value].length > most ? say("tooLong", { most }) : ""));
  }
  const answer = await sheet(title, (close) => {
    const form = h("form", { class: "form", method: "dialog" }, ...made.map(({ field, input }) => labelled(field, input)), h("button", { class: "main", id: "form-go" }, yes));
    form.addEventListener("submit", (/** @type {Event} */ event) => {
      event.preventDefault();
      close("yes");
    });
    return [form, button(say("cancel"), () => close(""))];
  });
  if (answer !== "yes") return null;
  return Object.fromEntries(made.map(({ name, field, input }) => [name, field.check ? input.checked : input.value.trim()]));
}

/** @type {(name: string, field: any) => any} */
function inputOf(name, { value = "", required = false, area = false, check = false, choices = null }) {
  const common = { id: `field-${name}`, required, "aria-describedby": `help-${name}` };
  if (choices) return h("select", common, ...choices.map((/** @type {[string, string]} */ [key, word]) => h("option", { value: key, selected: key === value }, word)));
  if (check) return h("input", { ...common, type: "checkbox", checked: Boolean(value) });
  if (!area) return h("input", { ...common, value, autocomplete: "off" });
  const made = h("textarea", { ...common, rows: 4, spellcheck: "false" });
  made.value = value;
  return made;
}

/** @type {(field: any, input: any) => any} */
export function labelled(field, input) {
  const help = h("span", { class: "quiet", id: input.getAttribute("aria-describedby") }, field.help ?? "");
  return field.check ? h("div", {}, h("label", { class: "switch" }, input, field.label), help) : h("div", { class: "field" }, h("label", {}, field.label, input), help);
}

/**
 * Pick a person or a group; answers null when nobody was picked.
 * @param {Desk} desk
 * @param {string} title
 * @param {("user" | "group")[]} kinds
 * @param {string} [groupFilter] which groups can be picked
 * @returns {Promise<Picked | null>}
 */
export async function picked(desk, title, kinds, groupFilter = "") {
  const { say } = desk;
  /** @type {Picked | null} */
  let chosen = null;
  await sheet(title, (close) => {
    const pick = (/** @type {Picked} */ one) => {
      chosen = one;
      close("picked");
    };
    const { field, list, status } = pickerOf(desk, kinds, groupFilter, pick);
    return [h("label", {}, say(kinds.length > 1 ? "pickAny" : kinds[0] === "user" ? "pickPerson" : "pickGroup"), field), status, list, button(say("cancel"), () => close(""))];
  });
  return chosen;
}

/** @type {(desk: Desk, kinds: string[], groupFilter: string, pick: (one: Picked) => void) => any} */
function pickerOf(desk, kinds, groupFilter, pick) {
  const { say } = desk;
  const field = h("input", { type: "search", id: "pick", autocomplete: "off", enterkeyhint: "search" });
  const list = h("ul", { class: "people picks" });
  const status = h("p", { class: "quiet", role: "status" });
  let asked_ = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let waiting;
  const load = async () => {
    asked_ += 1;
    const mine = asked_;
    const text = field.value.trim();
    const found = (await Promise.all(kinds.map((kind) => findKind(desk, kind, text, groupFilter)))).flat();
    if (mine !== asked_) return;
    fill(list, ...found.map((one) => h("li", {}, h("button", { type: "button", class: "person", onclick: () => pick(one) }, h("span", { class: "who" }, h("bdi", { class: "name" }, one.displayName), h("span", { class: "quiet" }, one.detail))))));
    fill(status, found.length ? "" : say("nothingFound", { text }));
  };
  field.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => list.isConnected && void desk.attempt(load), PAUSE);
  });
  void desk.attempt(load);
  return { field, list, status };
}

/** @type {(desk: Desk, kind: string, text: string, groupFilter: string) => Promise<Picked[]>} */
async function findKind({ api, say }, kind, text, groupFilter) {
  const wanted = kind === "user" ? beginsWith(text, "displayName", "userPrincipalName") : [groupFilter, beginsWith(text, "displayName")].filter(Boolean).map((part) => `(${part})`).join(" and ");
  const options = new URLSearchParams({ $top: "8", $orderby: "displayName", $select: kind === "user" ? "id,displayName,userPrincipalName" : "id,displayName,description", $count: "true" });
  if (wanted) options.set("$filter", wanted);
  const page = await api.get(`/${kind}s?${options}`);
  return page.value.map((/** @type {any} */ item) => ({ id: item.id, displayName: item.displayName, kind, detail: item.userPrincipalName ?? (item.description || say("group")) }));
}

/**
 * The reference to an object that Graph's relations take.
 * @param {string} id
 */
export function reference(id) {
  return { "@odata.id": `${location.origin}/v1.0/directoryObjects/${id}` };
}

/** @param {import("./desk_api.js").Refused} error */
export function isThereAlready(error) {
  return error.status === 400 && /already exist|exists\.$/.test(error.message);
}
