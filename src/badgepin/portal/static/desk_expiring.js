// Which badges end soon, store by store, and whose they are.
import { button, fill, h } from "./desk_dom.js";
import { keepChosen, SOON } from "./desk_many.js";

/** @type {(desk: import("./desk.js").Desk, main: HTMLElement, rest: string[]) => Promise<void>} */
export async function showExpiring(desk, main) {
  const { say, api, time } = desk;
  const stores = await api.all("/badgepin/reports/expiringCodes?days=30");
  const people = h("ul", { class: "people" });
  const print = h("div", { class: "actions" });
  const shown = stores.filter((store) => !desk.unit() || store.unitId === desk.unit());
  const rows = shown.map((store) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, store.unitDisplayName ?? say("noStore")),
      ...[store.endedCount, store.within7DaysCount, store.within30DaysCount, store.within90DaysCount].map((count, place) => h("td", { class: count && place < 2 ? "hot" : "" }, String(count))),
    ),
  );
  fill(
    main,
    h("h1", { tabindex: "-1" }, say("expiringTitle")),
    h("p", { class: "quiet" }, say("expiringHelp"), " ", h("a", { href: `${desk.base}/many` }, say("manyTitle"))),
    h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": say("expiringTitle") }, h("table", {}, h("thead", {}, h("tr", {}, ...["store", "countEnded", "count7", "count30", "count90"].map((word) => h("th", { scope: "col" }, say(word))))), h("tbody", {}, ...rows))),
    print,
    h("h2", {}, say("next30")),
    people,
  );
  const unit = desk.unit() ? `&unitId=${desk.unit()}` : "";
  const [ended, soon] = await Promise.all([`ended=true&days=${SOON}${unit}`, `days=${SOON}${unit}`].map((options) => api.all(`/badgepin/reports/expiringCodes/users?${options}`, 200)));
  fill(
    people,
    ...[...ended, ...soon].map((code) =>
      h(
        "li",
        {},
        h(
          "a",
          { href: `${desk.base}/person/${code.userId}`, class: "person" },
          h("span", { class: "who" }, h("bdi", { class: "name" }, code.userDisplayName), h("span", { class: "quiet" }, code.unitDisplayNames.join(", "))),
          h("span", { class: "states" }, h("span", { class: `state ${code.hasEnded ? "bad" : "warn"}` }, say(code.hasEnded ? "stateExpired" : "stateExpiresSoon", { time: time.short(code.expireDateTime) }))),
        ),
      ),
    ),
  );
  const ids = [...new Set([...ended, ...soon].map((code) => code.userId))];
  const renew = () => {
    keepChosen(ids, SOON);
    return desk.go("/many");
  };
  fill(print, ids.length && button(say("printEnded", { count: ids.length }), renew, { class: "main", id: "print-ended" }));
  if (!people.childElementCount) fill(people, h("li", { class: "quiet" }, say("nothingExpires")));
}
