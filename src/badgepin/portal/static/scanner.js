// A handheld scanner types like a keyboard, whatever layout it believes in: both what was typed and which keys were
// pressed are collected, and the reading that is a badge wins.
const PAUSE = 1000;
const SHIFTED = { Digit1: "!", Digit2: "@", Digit3: "#", Digit4: "$", Digit5: "%", Digit6: "^", Digit7: "&", Digit8: "*", Digit9: "(", Digit0: ")" };
/** @type {Record<string, [string, string]>} */
const SIGNS = {
  Minus: ["-", "_"], Equal: ["=", "+"], BracketLeft: ["[", "{"], BracketRight: ["]", "}"], Backslash: ["\\", "|"],
  Semicolon: [";", ":"], Quote: ["'", '"'], Backquote: ["`", "~"], Comma: [",", "<"], Period: [".", ">"], Slash: ["/", "?"],
  Space: [" ", " "], NumpadDecimal: [".", "."], NumpadSubtract: ["-", "-"],
};

/**
 * What a key means on a US keyboard.
 * @param {string} code
 * @param {boolean} shift
 */
export function usReading(code, shift) {
  const letter = /^Key([A-Z])$/.exec(code);
  if (letter) return shift ? letter[1] : letter[1].toLowerCase();
  const digit = /^(?:Digit|Numpad)([0-9])$/.exec(code);
  if (digit) return shift && code in SHIFTED ? SHIFTED[/** @type {keyof typeof SHIFTED} */ (code)] : digit[1];
  return SIGNS[code]?.[shift ? 1 : 0] ?? "";
}

/**
 * Listen for a scanner anywhere on the page; `found` gets the two readings of what was typed, the typed text first.
 * @param {() => boolean} isWanted
 * @param {(readings: string[]) => void} found
 */
export function listenToScanner(isWanted, found) {
  let typed = "";
  let pressed = "";
  let last = 0;
  const forget = () => {
    typed = "";
    pressed = "";
  };
  document.addEventListener("keydown", (event) => {
    const field = /** @type {HTMLElement} */ (event.target);
    if (!isWanted() || event.ctrlKey || event.metaKey || (field.id !== "scanner" && field.matches("input, select"))) return;
    if (event.timeStamp - last > PAUSE) forget();
    last = event.timeStamp;
    if (event.key === "Enter" || event.key === "Tab") {
      if (pressed.length < 20 && typed.length < 20) return forget();
      event.preventDefault();
      event.stopPropagation();
      const readings = [typed, pressed];
      forget();
      const scanner = document.getElementById("scanner");
      if (scanner instanceof HTMLInputElement) scanner.value = "";
      found(readings);
      return;
    }
    if (event.key.length === 1) typed += event.key;
    pressed += usReading(event.code, event.shiftKey);
    // a button must not be pressed by a space that a scanner types
    if (typed.length > 3 && field.matches("button, summary")) event.preventDefault();
  }, true);
  document.addEventListener("paste", (event) => {
    const field = /** @type {HTMLElement} */ (event.target);
    if (!isWanted() || (field.matches("input") && field.id !== "scanner")) return;
    const text = event.clipboardData?.getData("text") ?? "";
    event.preventDefault();
    if (text) found([text]);
  });
}
