// One screen, a few steps: scan -> pin -> (change) -> leave. Each step shows itself and waits for one thing.
import { post } from "./api.js";
import { readBadgeText } from "./badge_text.js";
import { Camera } from "./camera.js";
import { cue } from "./cues.js";
import { PinPad } from "./pin_pad.js";
import { judge } from "./pin_rules.js";
import { apply, chosen, watch } from "./preferences.js";
import { listenToScanner } from "./scanner.js";
import { signChallenge } from "./sign.js";
import { Words } from "./words.js";

const configuration = JSON.parse(document.getElementById("configuration")?.textContent ?? "{}");
const words = new Words(configuration.language, configuration.words, configuration.static);
// what the page finds out by itself has a fixed handle
const CAMERA_HANDLES = { cameraDenied: "CAM1", cameraNone: "CAM2", cameraBusy: "CAM3", networkDown: "NET1" };
const FORGET = 120000;
const FORGET_DIGITS = 30000;

/** @template {HTMLElement} T */
const byId = (/** @type {string} */ id) => /** @type {any} */ (document.getElementById(id));
/** @type {HTMLInputElement} */
const newPin = byId("new-pin");
/** @type {HTMLInputElement} */
const newPinAgain = byId("new-pin-again");
/** @type {HTMLInputElement} */
const paste = byId("paste");

const initial = chosen();
let proof = "";
let busy = false;
let lastProblem = "";
let chosenHere = false;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let forgetting;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let forgettingDigits;

const pad = new PinPad(byId("pin"), /** @type {HTMLElement} */ (document.querySelector(".keys")), () => void enterPin());
const camera = new Camera(byId("camera"), configuration.static, (text) => void scanned([text], true));

/** @param {string} step */
function show(step) {
  document.body.dataset.step = step;
  for (const section of document.querySelectorAll("[data-for]")) /** @type {HTMLElement} */ (section).hidden = /** @type {HTMLElement} */ (section).dataset.for !== step;
  stayAwake();
  if (step === "scan") byId("scanner").focus();
  else if (step === "pin") byId("pin").focus();
  else if (step === "change") newPin.focus();
  else byId("refused-title").focus();
}

/** Somebody is here: what they began is kept a while longer. */
function stayAwake() {
  clearTimeout(forgetting);
  if (document.body.dataset.step !== "scan") forgetting = setTimeout(() => void startAgain(), FORGET);
}

/** @param {string} sentence */
function tell(sentence) {
  byId("message").textContent = sentence;
  byId("message").hidden = !sentence;
}

/** Forget whoever was here. */
async function startAgain() {
  proof = "";
  pad.clear();
  newPin.value = newPinAgain.value = paste.value = "";
  tell("");
  camera.stop();
  showCamera();
  chosenHere = false;
  await apply({ ...initial, language: configuration.language }, words);
  show("scan");
}

/**
 * @param {string} sentence
 * @param {string} handle
 */
function refuse(sentence, handle) {
  cue("bad", chosen().sounds);
  proof = "";
  pad.clear();
  tell("");
  camera.stop();
  showCamera();
  byId("reason").textContent = sentence;
  byId("handle").textContent = handle;
  show("refused");
}

/** @param {import("./api.js").Refusal} refusal */
function sentenceOf(refusal) {
  if (refusal.retry_at) {
    const until = words.say(`${refusal.code}Until`, { time: words.time(refusal.retry_at) });
    if (until) return until;
  }
  return refusal.message ?? words.say(refusal.code);
}

/**
 * @param {() => Promise<void>} work
 */
async function once(work) {
  if (busy) return;
  busy = true;
  for (const button of document.querySelectorAll("button.main")) /** @type {HTMLButtonElement} */ (button).disabled = true;
  try {
    await work();
  } finally {
    busy = false;
    for (const button of document.querySelectorAll("button.main")) /** @type {HTMLButtonElement} */ (button).disabled = false;
  }
}

/**
 * A badge was read: the first reading that is one counts.
 * @param {string[]} readings
 * @param {boolean} [quietly] a camera sees many things; it complains about each once
 */
async function scanned(readings, quietly = false) {
  await once(async () => {
    /** @type {any} */
    let badge = null;
    for (const reading of readings) {
      badge = await readBadgeText(reading);
      if (badge.seed) break;
    }
    if (!badge?.seed) {
      const problem = badge?.problem ?? "notABadge";
      if (!quietly || problem !== lastProblem) {
        tell(words.say(problem));
        cue("bad", chosen().sounds);
      }
      lastProblem = problem;
      return;
    }
    lastProblem = "";
    cue("good", chosen().sounds);
    tell(words.say("checking"));
    await prove(badge);
  });
}

/** @param {{qrId: string, seed: Uint8Array}} badge */
async function prove(badge) {
  const request = configuration.request;
  const asked = await post(configuration.base, "challenge", { request }, words.language);
  if (!asked.ok) {
    badge.seed.fill(0);
    return refuse(sentenceOf(asked.refusal), asked.refusal.handle ?? "");
  }
  const { challenge, expires_in: lifetime } = asked.answer;
  const began = Date.now();
  let signature;
  try {
    signature = await signChallenge(badge.seed, [configuration.origin, challenge, badge.qrId, "signin", ""]);
  } catch {
    return refuse(words.say("browserTooOld"), "SUP1");
  }
  const proven = await post(configuration.base, "proof", { request, challenge, qr_id: badge.qrId, signature }, words.language);
  if (!proven.ok && Date.now() - began > lifetime * 1000) return refuse(words.say("scanAgain"), "CLK1");
  if (!proven.ok) return refuse(sentenceOf(proven.refusal), proven.refusal.handle ?? "");
  camera.stop();
  showCamera();
  proof = proven.answer.proof;
  // who chose something at this screen just now means it
  if (proven.answer.preferences.language && !chosenHere) await apply(proven.answer.preferences, words);
  tell("");
  byId("hello").textContent = words.say("hello", { name: proven.answer.name });
  show("pin");
}

async function enterPin() {
  const pin = pad.take();
  if (!pin) return byId("pin").focus();
  tell("");
  await once(async () => {
    const body = { request: configuration.request, proof, pin, preferences: chosen() };
    settle(await post(configuration.base, "pin", body, words.language));
  });
  if (document.body.dataset.step === "pin") byId("pin").focus();
}

function forgetNewPin() {
  newPin.value = newPinAgain.value = "";
  showRules();
}

async function enterNewPin() {
  const verdict = judge(newPin.value, newPinAgain.value, configuration);
  if (verdict.same !== true) return tell(words.say("pinsDiffer"));
  tell("");
  await once(async () => {
    const body = { request: configuration.request, proof, new_pin: newPin.value, preferences: chosen() };
    settle(await post(configuration.base, "change", body, words.language));
  });
}

/** @param {Awaited<ReturnType<typeof post>>} outcome */
function settle(outcome) {
  if (!outcome.ok) return settleRefusal(outcome.refusal);
  if (outcome.answer.next === "changePin") {
    tell("");
    showRules();
    return show("change");
  }
  cue("good", chosen().sounds);
  proof = newPin.value = newPinAgain.value = "";
  location.replace(outcome.answer.location);
}

/** @param {import("./api.js").Refusal} refusal */
function settleRefusal(refusal) {
  if (refusal.code === "wrongPin" || refusal.code === "busy" || refusal.code === "networkDown" || refusal.code === "unavailable") {
    cue("bad", chosen().sounds);
    const handle = refusal.code === "networkDown" ? ` (${refusal.handle})` : "";
    return tell(sentenceOf(refusal) + handle);
  }
  if (refusal.code === "pinRefused") {
    cue("bad", chosen().sounds);
    newPin.value = newPinAgain.value = "";
    showRules();
    tell((refusal.reasons ?? []).map((reason) => words.say(`weak_${reason}`, configuration)).join(" "));
    return newPin.focus();
  }
  return refuse(sentenceOf(refusal), refusal.handle ?? "");
}

function showRules() {
  const verdict = judge(newPin.value, newPinAgain.value, configuration);
  for (const element of document.querySelectorAll("[data-rule]")) {
    const item = /** @type {HTMLElement} */ (element);
    const met = verdict[item.dataset.rule ?? ""];
    item.dataset.met = met === null ? "" : met ? "yes" : "no";
    item.textContent = words.say(item.dataset.word ?? "", configuration);
  }
}

async function showCamera() {
  const start = byId("camera-start");
  start.dataset.word = camera.isOn ? "stopCamera" : "useCamera";
  start.textContent = words.say(start.dataset.word);
  byId("camera-next").hidden = !(camera.isOn && (await camera.devices()).length > 1);
  byId("camera-light").hidden = !camera.hasLight;
}

/** @param {() => Promise<import("./camera.js").CameraProblem | null>} start */
async function useCamera(start) {
  tell("");
  byId("camera-light").setAttribute("aria-pressed", "false");
  const problem = await start();
  if (problem) tell(`${words.say(problem)} (${CAMERA_HANDLES[problem]})`);
  await showCamera();
}

listenToScanner(() => ["scan", "refused"].includes(document.body.dataset.step ?? ""), async (readings) => {
  // the next badge is the next person's: nothing of the last one stays
  if (document.body.dataset.step === "refused") await startAgain();
  void scanned(readings);
});
byId("camera-start").addEventListener("click", () => void (camera.isOn ? (camera.stop(), showCamera()) : useCamera(() => camera.start())));
byId("camera-next").addEventListener("click", () => void useCamera(() => camera.next()));
byId("camera-light").addEventListener("click", (/** @type {Event} */ event) => {
  const button = /** @type {HTMLElement} */ (event.currentTarget);
  const on = button.getAttribute("aria-pressed") !== "true";
  button.setAttribute("aria-pressed", String(on));
  void camera.light(on);
});
const takePasted = () => {
  const text = paste.value;
  paste.value = "";
  if (text) void scanned([text]);
};
byId("paste-go").addEventListener("click", takePasted);
paste.addEventListener("keydown", (event) => event.key === "Enter" && takePasted());
byId("pin-submit").addEventListener("click", () => void enterPin());
byId("change-submit").addEventListener("click", () => void enterNewPin());
for (const field of [newPin, newPinAgain]) {
  field.addEventListener("input", () => {
    field.value = field.value.replace(/[^0-9]/g, "");
    clearTimeout(forgettingDigits);
    forgettingDigits = setTimeout(forgetNewPin, FORGET_DIGITS);
    showRules();
  });
  field.addEventListener("keydown", (event) => event.key === "Enter" && void enterNewPin());
}
for (const button of document.querySelectorAll(".again")) button.addEventListener("click", () => void startAgain());
watch(words, () => {
  chosenHere = true;
  showRules();
});
for (const sign of ["keydown", "pointerdown"]) document.addEventListener(sign, stayAwake, true);
// a page kept by the browser belongs to whoever was here before
window.addEventListener("pageshow", (event) => event.persisted && location.reload());
window.addEventListener("pagehide", () => {
  proof = newPin.value = newPinAgain.value = "";
  pad.clear();
  camera.stop();
});
showRules();
if (globalThis.crypto?.subtle) show("scan");
else refuse(words.say("browserTooOld"), "SUP1");
