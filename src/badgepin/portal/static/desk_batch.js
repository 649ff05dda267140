// One batch: what would happen, how far it is, the documents, and what became of each person.
import { A_LONG_FILE } from "./desk_api.js";
import { button, fill, h, sheet, toast } from "./desk_dom.js";

const PAUSE = 1500;
const KEY = "badgepin-document-key";

/** @type {(desk: import("./desk.js").Desk, main: HTMLElement, id: string) => Promise<void>} */
export async function showBatch(desk, main, id) {
  const { say, api } = desk;
  const path = `/badgepin/batches/${encodeURIComponent(id)}`;
  const place = h("div", {}), people = h("ul", { class: "people" }), more = h("div", {});
  const title = h("h1", { tabindex: "-1" }, say("manyTitle"));
  fill(main, h("p", {}, h("a", { href: `${desk.base}/many`, class: "back" }, say("manyAgain"))), title, place, h("h2", {}, say("manyPeople")), people, more);
  /** @type {ReturnType<typeof setInterval> | undefined} */
  let ticking;
  const draw = async () => {
    const batch = await api.get(path);
    clearInterval(ticking);
    fill(title, say(batch.kind === "issue" ? "manyIssue" : "manyRevoke"));
    fill(place, ...stageOf(desk, batch, path, draw));
    const left = document.getElementById("many-left");
    if (left) ticking = setInterval(() => (left.isConnected ? fill(left, desk.time.countdown(batch.collectByDateTime)) : clearInterval(ticking)), 1000);
    await listPeople(desk, `${path}/rows?$top=50`, people, more, true);
    if (batch.status === "running" || (batch.status !== "notStarted" && batch.collection === "revoked" && !batch.settledDateTime)) setTimeout(() => void watch(batch), PAUSE);
  };
  const watch = async (/** @type {any} */ before) => {
    // whoever went to another page does not want to be told any more
    if (!place.isConnected) return;
    const batch = await api.get(path).catch(() => null);
    if (!place.isConnected) return;
    const bar = /** @type {HTMLProgressElement | null} */ (document.getElementById("many-bar"));
    if (batch && (batch.status !== before.status || batch.settledDateTime)) {
      await desk.attempt(draw);
      return;
    }
    if (batch && bar) {
      bar.value = batch.percentComplete;
      fill(/** @type {Element} */ (document.getElementById("many-percent")), say("manyWorking", { percent: batch.percentComplete }));
    }
    setTimeout(() => void watch(before), PAUSE);
  };
  await draw();
}

/** @param {string} id */
function kept(id) {
  return JSON.parse(sessionStorage.getItem(`badgepin-batch-${id}`) ?? "{}");
}

/**
 * @param {string} id
 * @param {object} values
 */
function keep(id, values) {
  sessionStorage.setItem(`badgepin-batch-${id}`, JSON.stringify(values));
}

/** @param {any[]} counts @param {string} name */
function countOf(counts, name) {
  return counts.find((each) => each.name === name)?.count ?? 0;
}

/** @type {(desk: import("./desk.js").Desk, batch: any, path: string, draw: () => Promise<void>) => import("./desk_dom.js").Child[]} */
function stageOf(desk, batch, path, draw) {
  const { say } = desk;
  const cancel = (/** @type {string} */ word) => button(say(word), () => desk.attempt(async () => {
    await desk.api.send("POST", `${path}/cancel`);
    await draw();
  }), { class: "danger", id: "many-cancel" });
  if (batch.status === "notStarted") return previewOf(desk, batch, path, draw);
  if (batch.status === "running") {
    const words = h("p", { id: "many-percent", role: "status" }, say("manyWorking", { percent: batch.percentComplete }));
    const bar = h("progress", { id: "many-bar", max: "100", value: String(batch.percentComplete), "aria-labelledby": "many-percent" });
    return [words, bar, h("p", { class: "quiet" }, say("manyWorkingHelp")), h("div", { class: "actions" }, cancel("manyStop"))];
  }
  if (batch.collection === "ready") return readyOf(desk, batch, path, draw, cancel("manyGiveUp"));
  sessionStorage.removeItem(`badgepin-batch-${batch.id}`);
  return [h("p", { class: "problem", role: "status", id: "many-end" }, endOf(desk, batch))];
}

/** @type {(desk: import("./desk.js").Desk, batch: any) => string} */
function endOf({ say }, batch) {
  if (batch.collection === "confirmed") return say("manyWork", { count: countOf(batch.results, "working") });
  if (batch.collection === "expired") return say("manyExpired");
  if (batch.kind === "revoke") return batch.status === "succeeded" ? say("manyRevoked", { count: countOf(batch.results, "revoked") }) : say("manyRevokeStopped");
  return say(batch.status === "cancelled" ? "manyCancelled" : "manyFailed");
}

/** @type {(desk: import("./desk.js").Desk, batch: any, path: string, draw: () => Promise<void>) => import("./desk_dom.js").Child[]} */
function previewOf(desk, batch, path, draw) {
  const { say } = desk;
  const list = h("ul", { id: "many-announced" }, ...batch.announced.map((/** @type {any} */ each) => h("li", {}, say(`announced_${each.name}`, { count: each.count }))));
  const { token, paper } = kept(batch.id);
  if (!batch.wantedCount || !token) return [list, h("p", { class: "problem" }, say("manyNobody"))];
  const count = batch.wantedCount;
  const start = async () => {
    if (batch.kind === "revoke") {
      const answer = await sheet(say("manySure", { count }), (close) => [h("p", {}, say("manySureHelp")), button(say("manyRevokeNow", { count }), () => close("yes"), { class: "danger", id: "many-sure" }), button(say("cancel"), () => close(""))]);
      if (answer !== "yes") return;
    }
    await desk.attempt(async () => {
      const started = await desk.api.send("POST", `${path}/start`, { previewToken: token, paper });
      keep(batch.id, { key: started.documentKey });
      await draw();
    });
  };
  const word = batch.kind === "issue" ? "manyMake" : "manyRevokeNow";
  return [list, h("div", { class: "actions" }, button(say(word, { count }), start, { class: batch.kind === "issue" ? "main" : "danger", id: "many-start" }))];
}

/** @type {(desk: import("./desk.js").Desk, batch: any, path: string, draw: () => Promise<void>, giveUp: Element) => import("./desk_dom.js").Child[]} */
function readyOf(desk, batch, path, draw, giveUp) {
  const { say } = desk;
  const { key } = kept(batch.id);
  const head = h("h2", {}, say("manyReady", { count: countOf(batch.results, "waiting") || batch.wantedCount }));
  const left = h("p", {}, say("manyLeft"), " ", h("span", { id: "many-left", class: "left", dir: "ltr" }, desk.time.countdown(batch.collectByDateTime)));
  if (!key) return [head, left, h("p", { class: "problem" }, say("manyNoKey")), h("div", { class: "actions" }, giveUp)];
  /** @type {Map<string, string>} */
  const arrived = new Map();
  const confirm = button(say("manyConfirm"), () => desk.attempt(async () => {
    const documents = [...arrived].map(([id, sha256]) => ({ id, sha256 }));
    let answer = null;
    // thousands of codes take more than one answer
    do answer = await desk.api.send("POST", `${path}/confirm`, { documents }, { [KEY]: key });
    while (answer.collection === "ready");
    toast(endOf(desk, answer));
    await draw();
  }), { class: "main", id: "many-confirm", hidden: true });
  const saves = batch.documents.map((/** @type {any} */ document) => {
    const made = button(say(document.kind === "badges" ? "manySaveBadges" : "manySaveSlips", { count: document.count }), () => desk.attempt(async () => {
      arrived.set(document.id, await save(desk, `${path}/documents/${document.id}`, key, `${document.id}.pdf`));
      made.classList.add("done");
      confirm.hidden = arrived.size < batch.documents.length;
    }), { "data-document": document.id });
    return made;
  });
  return [head, h("p", {}, say("manyCollect")), left, h("div", { class: "actions" }, ...saves), h("div", { class: "actions" }, confirm, giveUp)];
}

/**
 * Save a document; answers the digest of what arrived.
 * @param {import("./desk.js").Desk} desk
 * @param {string} path
 * @param {string} key
 * @param {string} name
 */
async function save({ api, say }, path, key, name) {
  const content = await api.save(name, path, { patience: A_LONG_FILE, more: { [KEY]: key } });
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", content));
  toast(say("saved"));
  return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * @param {import("./desk.js").Desk} desk
 * @param {string} path
 * @param {HTMLElement} people
 * @param {HTMLElement} more
 * @param {boolean} begins
 */
async function listPeople(desk, path, people, more, begins) {
  const { say } = desk;
  const page = await desk.api.get(path);
  const items = page.value.map((/** @type {any} */ row) => {
    const bad = ["problem", "notDone", "takenBack"].includes(row.result);
    const why = `error_${row.problem}`;
    const detail = row.problem ? say(desk.knows(why) ? why : "manyProblem") : "";
    const inside = [h("span", { class: "who" }, h("bdi", { class: "name" }, row.userDisplayName ?? row.named), h("span", { class: "quiet" }, detail || row.userPrincipalName || "")), h("span", { class: "states" }, h("span", { class: `state ${bad ? "bad" : row.result === "working" ? "good" : "none"}` }, say(`result_${row.result}`)))];
    return h("li", {}, row.userId ? h("a", { href: `${desk.base}/person/${row.userId}`, class: "person" }, ...inside) : h("div", { class: "person" }, ...inside));
  });
  if (begins) people.replaceChildren(...items);
  else people.append(...items);
  const next = page["@odata.nextLink"];
  fill(more, next && button(say("showMore"), () => desk.attempt(() => listPeople(desk, next, people, more, false))));
}
