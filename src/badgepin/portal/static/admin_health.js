// How the installation is: what is fine, what to look at, what to do.
import { pageHead } from "./admin_parts.js";
import { button, fill, h } from "./desk_dom.js";

const KINDS = { ok: "good", advice: "warn", wrong: "bad" };

/** @type {(desk: import("./desk.js").Desk, main: HTMLElement, rest: string[]) => Promise<void>} */
export async function show(desk, main) {
  const { say, api } = desk;
  const found = (await api.get("/badgepin/health")).value;
  const worst = ["wrong", "advice", "ok"].find((verdict) => found.some((/** @type {any} */ one) => one.verdict === verdict)) ?? "ok";
  const ranked = ["wrong", "advice", "ok"].flatMap((verdict) => found.filter((/** @type {any} */ one) => one.verdict === verdict));
  fill(
    main,
    pageHead({ title: say("healthTitle"), help: say(`health_${worst}`), act: button(say("lookAgain"), () => desk.refresh(), { id: "again" }) }),
    h("ul", { class: "findings" }, ...ranked.map((one) => findingRow(desk, one))),
    h("p", { class: "quiet" }, ...withCommands(say("healthMore"))),
  );
}

/** @type {(desk: import("./desk.js").Desk, one: any) => any} */
function findingRow({ say, knows }, one) {
  const kind = /** @type {any} */ (KINDS)[one.verdict];
  const key = `finding_${one.code}`;
  return h(
    "li",
    { class: `finding ${kind}` },
    h("span", { class: `state ${kind}` }, say(`verdict_${one.verdict}`)),
    h("span", { class: "who" }, h("span", { class: "name" }, knows(`check_${one.id}`) ? say(`check_${one.id}`) : one.id), h("span", {}, ...withCommands(knows(key) ? say(key, one.values) : one.finding))),
  );
}

/** What stands between backticks is a command or a setting. @param {string} text */
function withCommands(text) {
  return text.split("`").map((part, place) => (place % 2 ? h("code", { dir: "ltr" }, part) : part));
}
