// The PIN: digits on the screen and from a keyboard, masked, and cleared when nobody goes on typing.
const IDLE = 30000;

export class PinPad {
  /**
   * @param {HTMLInputElement} field
   * @param {HTMLElement} keys
   * @param {() => void} entered
   */
  constructor(field, keys, entered) {
    this.field = field;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    keys.addEventListener("click", (event) => {
      const key = /** @type {HTMLElement} */ (event.target).closest("button")?.dataset.key;
      if (key) this.press(key);
    });
    field.addEventListener("input", () => {
      field.value = field.value.replace(/[^0-9]/g, "");
      this.wait();
    });
    field.addEventListener("keydown", (event) => {
      if (event.key === "Enter") entered();
    });
  }

  /** @param {string} key */
  press(key) {
    if (key === "clear") this.field.value = "";
    else if (key === "back") this.field.value = this.field.value.slice(0, -1);
    else if (this.field.value.length < this.field.maxLength) this.field.value += key;
    // whoever goes on with a keyboard types into the field
    this.field.focus();
    this.wait();
  }

  /** The digits, which are gone from the page afterwards. */
  take() {
    const digits = this.field.value;
    this.clear();
    return digits;
  }

  clear() {
    clearTimeout(this.timer);
    this.field.value = "";
  }

  wait() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.clear(), IDLE);
  }
}
