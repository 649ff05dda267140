// Language, text size, contrast and sounds: chosen on the page, remembered with the badge's holder by the server.

/** @typedef {{language: string | null, text_size: string, contrast: string, sounds: boolean}} Preferences */

const field = (/** @type {string} */ id) => /** @type {HTMLSelectElement} */ (document.getElementById(id));
const sounds = () => /** @type {HTMLInputElement} */ (document.getElementById("sounds"));

/** @returns {Preferences} */
export function chosen() {
  return { language: field("language").value, text_size: field("text-size").value, contrast: field("contrast").value, sounds: sounds().checked };
}

/**
 * Show the page as somebody likes it.
 * @param {Preferences} wanted
 * @param {import("./words.js").Words} words
 */
export async function apply(wanted, words) {
  if (wanted.language) field("language").value = wanted.language;
  field("text-size").value = wanted.text_size;
  field("contrast").value = wanted.contrast;
  sounds().checked = wanted.sounds;
  document.documentElement.dataset.textSize = wanted.text_size;
  document.documentElement.dataset.contrast = wanted.contrast;
  if (wanted.language) await words.change(wanted.language);
}

/**
 * Follow the controls.
 * @param {import("./words.js").Words} words
 * @param {() => void} changed
 */
export function watch(words, changed) {
  for (const id of ["language", "text-size", "contrast", "sounds"]) {
    document.getElementById(id)?.addEventListener("change", async () => {
      await apply(chosen(), words);
      changed();
    });
  }
}
