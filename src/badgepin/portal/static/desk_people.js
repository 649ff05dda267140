// My people: search as you type, the state of each badge at a glance.
import { button, fill, h } from "./desk_dom.js";
import { keepChosen } from "./desk_many.js";

const FILTERS = [["", "filterAll"], ["noBadge", "filterNoBadge"], ["expiresSoon", "filterExpiresSoon"], ["locked", "filterLocked"], ["temporary", "filterTemporary"]];
const PAUSE = 180;

/** @type {(desk: import("./desk.js").Desk, main: HTMLElement, rest: string[]) => Promise<void>} */
export async function showPeople(desk, main) {
  const { say } = desk;
  const wanted = new URLSearchParams(location.search);
  const field = h("input", { type: "search", id: "search", value: wanted.get("q") ?? "", placeholder: say("searchPeople"), "aria-label": say("searchPeople"), autocomplete: "off", enterkeyhint: "search" });
  const chips = FILTERS.map(([state, word]) => h("button", { type: "button", class: "chip", "data-state": state, "aria-pressed": String((wanted.get("state") ?? "") === state) }, say(word)));
  const list = h("ul", { class: "people", "aria-label": say("peopleTitle") });
  const status = h("p", { class: "quiet", role: "status" });
  const more = h("div", {});
  const picked = new Set();
  const goOn = button(say("manyGoOn", { count: 0 }), async () => {
    keepChosen([...picked]);
    await desk.go("/many");
  }, { class: "main", id: "go-on", hidden: true });
  const pick = h("button", { type: "button", class: "chip", id: "pick", "aria-pressed": "false" }, say("manyPick"));
  pick.addEventListener("click", () => {
    const on = pick.getAttribute("aria-pressed") !== "true";
    pick.setAttribute("aria-pressed", String(on));
    list.classList.toggle("picking", on);
    goOn.hidden = !on || !picked.size;
  });
  list.addEventListener("change", (/** @type {Event} */ event) => {
    const box = /** @type {HTMLInputElement} */ (event.target);
    if (box.checked) picked.add(box.value);
    else picked.delete(box.value);
    goOn.textContent = say("manyGoOn", { count: picked.size });
    goOn.hidden = !picked.size;
  });
  let asked = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let waiting;

  const load = async (/** @type {string} */ path, /** @type {boolean} */ begins) => {
    asked += 1;
    const mine = asked;
    const page = await desk.api.get(path);
    // whoever typed on meanwhile wants to see the newer answer
    if (mine !== asked) return;
    const items = page.value.map((/** @type {any} */ person) => row(desk, person));
    if (begins) list.replaceChildren(...items);
    else list.append(...items);
    const next = page["@odata.nextLink"];
    fill(more, next && button(say("showMore"), () => desk.attempt(() => load(next, false))));
    fill(status, list.childElementCount ? "" : "");
    // whoever was chosen stays chosen, whatever is searched for next
    for (const box of list.querySelectorAll("input.pick")) box.checked = picked.has(box.value);
    list.hidden = !list.childElementCount;
    if (!list.childElementCount) fill(status, emptyWords(desk, field.value, wanted.get("state") ?? ""));
  };
  const reload = () => desk.attempt(() => load(address(desk, field.value, wanted.get("state") ?? ""), true));
  const remember = () => {
    const kept = new URLSearchParams([...wanted].filter(([, value]) => value));
    history.replaceState(null, "", `${desk.base}/people${kept.size ? `?${kept}` : ""}`);
  };

  field.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      // whoever was found meanwhile is being looked at: the address is theirs now
      if (document.body.dataset.page !== "people" || !list.isConnected) return;
      wanted.set("q", field.value.trim());
      remember();
      void reload();
    }, PAUSE);
  });
  for (const chip of chips) {
    chip.addEventListener("click", () => {
      wanted.set("state", chip.dataset.state ?? "");
      for (const each of chips) each.setAttribute("aria-pressed", String(each === chip));
      remember();
      void reload();
    });
  }
  const path = address(desk, field.value, wanted.get("state") ?? "");
  fill(main, h("h1", { tabindex: "-1" }, say("peopleTitle")), field, h("div", { class: "chips", role: "group", "aria-label": say("filters") }, ...chips), h("div", { class: "chips" }, pick, h("a", { href: `${desk.base}/many`, class: "chip" }, say("manyTitle")), goOn), status, list, more);
  await load(path, true);
}

/**
 * @param {import("./desk.js").Desk} desk
 * @param {string} text
 * @param {string} state
 */
function address(desk, text, state) {
  const options = new URLSearchParams({ $top: "50", $orderby: "displayName" });
  const escaped = text.trim().replace(/["\\]/g, "\\$&");
  if (escaped) options.set("$search", ["displayName", "userPrincipalName", "employeeId"].map((name) => `"${name}:${escaped}"`).join(" OR "));
  if (state) options.set("state", state);
  if (desk.unit()) options.set("unitId", desk.unit());
  return `/badgepin/people?${options}`;
}

/**
 * @param {import("./desk.js").Desk} desk
 * @param {string} text
 * @param {string} state
 */
function emptyWords({ say }, text, state) {
  if (text.trim()) return say("nobodyFound", { text: text.trim() });
  return say(state ? `nobody_${state}` : "nobodyHere");
}

/**
 * @param {import("./desk.js").Desk} desk
 * @param {any} person
 */
function row(desk, person) {
  const detail = [person.jobTitle, person.unitDisplayNames.join(", ")].filter(Boolean).join(" · ");
  return h(
    "li",
    {},
    person.isManageable && h("input", { type: "checkbox", class: "pick", value: person.id, "aria-label": person.displayName }),
    h(
      "a",
      { href: `${desk.base}/person/${person.id}`, class: "person" },
      h("span", { class: "initials", "aria-hidden": "true" }, initials(person.displayName)),
      h("span", { class: "who" }, h("bdi", { class: "name" }, person.displayName), h("span", { class: "quiet" }, detail || person.userPrincipalName)),
      h("span", { class: "states" }, ...statesOf(desk, person)),
    ),
  );
}

/** @param {string} name */
export function initials(name) {
  return name.split(/\s+/).filter(Boolean).slice(0, 2).map((part) => [...part][0]).join("").toUpperCase();
}

/**
 * What there is to know at a glance, the worst first.
 * @param {import("./desk.js").Desk} desk
 * @param {any} person
 */
export function statesOf({ say, time }, person) {
  const states = [];
  const code = person.standardQRCode, temporary = person.temporaryQRCode;
  if (!person.accountEnabled) states.push(["bad", say("stateDisabled")]);
  if (["disabled", "locked"].includes(person.pinState)) states.push(["bad", say(person.pinState === "locked" ? "stateLocked" : "statePinDisabled")]);
  if (person.pinState === "expired") states.push(["bad", say("statePinExpired")]);
  if (temporary && new Date(temporary.expireDateTime) > new Date()) states.push(["warn", say("stateTemporary", { time: time.short(temporary.expireDateTime) })]);
  if (person.badgeState === "none") states.push(["none", say("stateNone")]);
  if (person.badgeState === "expired") states.push(["bad", say("stateExpired", { time: time.short(code.expireDateTime) })]);
  if (person.badgeState === "expiresSoon") states.push(["warn", say("stateExpiresSoon", { time: time.short(code.expireDateTime) })]);
  if (person.badgeState === "notActivated") states.push(["warn", say("stateNotActivated")]);
  if (person.badgeState === "notYetActive") states.push(["none", say("stateNotYetActive", { time: time.short(code.startDateTime) })]);
  if (person.badgeState === "active") states.push(["good", say("stateActive")]);
  return states.map(([kind, text]) => h("span", { class: `state ${kind}` }, text));
}
