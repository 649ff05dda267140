// Badges for many: whom it is for, and what would happen; one batch after that is a page of its own.
import { showBatch } from "./desk_batch.js";
import { button, fill, h } from "./desk_dom.js";

// the layouts that a store has paper for: name, kind, how many on a sheet, and what the package says
/** @type {[string, string, number, string][]} */
const LAYOUTS = [
  ["cr80-a4", "paperCardSheet", 10, "A4"],
  ["cr80", "paperCards", 1, "CR80"],
  ["cr80-letter", "paperCardSheet", 8, "Letter"],
  ["a4-24-63x34", "paperLabelSheet", 24, "A4, 63.5 × 33.9 mm"],
  ["a4-24-70x37", "paperLabelSheet", 24, "A4, 70 × 37 mm"],
  ["a4-8-99x68", "paperLabelSheet", 8, "A4, 99.1 × 67.7 mm"],
  ["a4-4-105x148", "paperLabelSheet", 4, "A4, 105 × 148 mm"],
  ["letter-30-2.6x1in", "paperLabelSheet", 30, "Letter, 2⅝ × 1 in"],
  ["letter-10-4x2in", "paperLabelSheet", 10, "Letter, 4 × 2 in"],
  ["cards-letter-10", "paperCardSheet", 10, "Letter, 3½ × 2 in"],
  ["label-62x29", "paperLabels", 1, "62 × 29 mm"],
  ["label-57x32", "paperLabels", 1, "57 × 32 mm"],
  ["label-100x50", "paperLabels", 1, "100 × 50 mm"],
];
const MOST_GROUPS = 200;
/** Days before its end from which a badge is worth a new one. */
export const SOON = 30;

/** @type {{ userIds: string[], endsWithinDays?: number }} */
let chosen = { userIds: [] };

/**
 * @param {string[]} userIds
 * @param {number} [endsWithinDays] renew their badges, if they end by then
 */
export function keepChosen(userIds, endsWithinDays) {
  chosen = { userIds, endsWithinDays };
}

/** @type {(desk: import("./desk.js").Desk, main: HTMLElement, rest: string[]) => Promise<void>} */
export async function showMany(desk, main, [id]) {
  if (id) return showBatch(desk, main, id);
  const { say } = desk;
  const issue = h("div", { class: "fields" }), revoke = h("div", { class: "fields", hidden: true });
  const whom = h("select", { id: "many-whom" });
  const layout = h("select", { id: "many-layout" }, ...LAYOUTS.map(([name, kind, count, size]) => h("option", { value: name }, `${say(kind, { count })} · ${size}`)));
  const first = h("input", { id: "many-first", type: "number", min: "1", max: "30", value: "1", inputmode: "numeric" });
  const before = h("input", { id: "many-before", type: "date" });
  const groups = desk.me.pages.includes("groups") ? await desk.api.all("/groups?$select=id,displayName&$top=100", MOST_GROUPS) : [];
  let kind = "issue";
  const choose = (/** @type {string} */ wanted) => {
    kind = wanted;
    issue.hidden = kind !== "issue";
    revoke.hidden = kind === "issue";
    for (const chip of chips) chip.setAttribute("aria-pressed", String(chip.dataset.kind === kind));
    fill(whom, ...ways(desk, kind, groups).map(([value, text]) => h("option", { value }, text)));
  };
  const chips = [["issue", "manyIssue"], ["revoke", "manyRevoke"]].map(([name, word]) => h("button", { type: "button", class: "chip", "data-kind": name, onclick: () => choose(name) }, say(word)));
  fill(issue, h("label", {}, say("manyPaper"), layout), h("label", {}, say("manyFirstLabel"), first));
  fill(revoke, h("label", {}, say("manyBefore"), before));
  choose("issue");
  const look = async () => {
    const wanted = { ...selection(whom.value, kind), kind, dryRun: true };
    if (kind === "revoke" && before.value) Object.assign(wanted, { issuedBeforeDateTime: `${before.value}T00:00:00Z` });
    const seen = await desk.api.send("POST", "/badgepin/batches", wanted);
    sessionStorage.setItem(`badgepin-batch-${seen.id}`, JSON.stringify({ token: seen.previewToken, paper: paperOf(desk, layout.value, Number(first.value) || 1) }));
    await desk.go(`/many/${seen.id}`);
  };
  const list = h("ul", { class: "choices" });
  fill(
    main,
    h("h1", { tabindex: "-1" }, say("manyTitle")),
    h("p", { class: "quiet" }, say("manyHelp")),
    h("section", { class: "panel fields" }, h("div", { class: "chips", role: "group", "aria-label": say("manyWhat") }, ...chips), h("label", {}, say("manyWhom"), whom), issue, revoke, button(say("manyLook"), () => desk.attempt(look), { class: "main", id: "many-look" })),
    h("h2", {}, say("manyMine")),
    list,
  );
  const page = await desk.api.get("/badgepin/batches?$top=50");
  const earlier = page.value.sort((/** @type {any} */ one, /** @type {any} */ other) => other.createdDateTime.localeCompare(one.createdDateTime));
  fill(list, ...earlier.slice(0, 20).map((/** @type {any} */ batch) => h("li", {}, h("a", { href: `${desk.base}/many/${batch.id}` }, [desk.time.short(batch.createdDateTime), say(batch.kind === "issue" ? "manyIssue" : "manyRevoke"), say(`status_${batch.status}`)].join(" · ")))));
  if (!earlier.length) fill(list, h("li", { class: "quiet" }, say("nothingYet")));
}

/**
 * The ways to say whom it is for.
 * @param {import("./desk.js").Desk} desk
 * @param {string} kind
 * @param {any[]} groups
 * @returns {[string, string][]}
 */
function ways({ say, me, unit }, kind, groups) {
  /** @type {[string, string][]} */
  const found = [];
  const people = chosen.userIds;
  if (people.length) found.push(["chosen", say("manyChosen", { count: people.length })]);
  const units = me.units.map((/** @type {any} */ each) => [`unit:${each.id}`, say("manyStore", { name: each.displayName })]);
  const here = units.filter((/** @type {string[]} */ [value]) => value === `unit:${unit()}`);
  found.push(...here, ...units.filter((/** @type {string[]} */ each) => !here.includes(each)));
  if (kind === "issue") found.push(["without", say("manyWithout")], ["ended", say("manyEnded")], ["ending", say("manyEnding", { days: SOON })]);
  else found.push(["everybody", say("manyEverybody")]);
  found.push(...groups.map((each) => /** @type {[string, string]} */ ([`group:${each.id}`, say("manyGroup", { name: each.displayName })])));
  return found;
}

/**
 * @param {string} value
 * @param {string} kind
 */
function selection(value, kind) {
  const [way, id] = value.split(":");
  if (way === "chosen") return kind === "issue" ? chosen : { userIds: chosen.userIds };
  if (way === "unit") return { unitId: id };
  if (way === "group") return { groupId: id };
  if (way === "ended") return { endsWithinDays: 0 };
  if (way === "ending") return { endsWithinDays: SOON };
  return way === "without" ? { allWithoutMethod: true } : { everybody: true };
}

/**
 * @param {import("./desk.js").Desk} desk
 * @param {string} layout
 * @param {number} startingLabel
 */
function paperOf({ say }, layout, startingLabel) {
  return { layout, startingLabel, pinWord: say("pin"), foldHereWords: say("slipFold"), keepSecretWords: say("slipKeep"), handOverWords: say("slipHandOver") };
}
