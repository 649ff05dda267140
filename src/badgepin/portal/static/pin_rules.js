// The rules for a new PIN, shown while it is typed. The server decides; this only spares a way there.

/**
 * Which rules a PIN keeps; null where it is too early to say.
 * @param {string} pin
 * @param {string} again
 * @param {{least: number, most: number}} limits
 * @returns {Record<string, boolean | null>}
 */
export function judge(pin, again, limits) {
  const long = pin.length >= limits.least && pin.length <= limits.most;
  if (!pin) return { length: null, run: null, repeated: null, date: null, same: null };
  return {
    length: long || (pin.length < limits.least ? null : false),
    run: long ? !isRun(pin) : null,
    repeated: long ? !/(\d\d)\1\1|(\d\d\d)\2/.test(pin) && new Set(pin).size > 2 : null,
    date: long ? !isDate(pin) : null,
    same: again ? (pin.startsWith(again) && pin !== again ? null : pin === again) : null,
  };
}

/** @param {string} pin */
function isRun(pin) {
  let longest = 1;
  let current = 1;
  let direction = 0;
  for (let place = 1; place < pin.length; place += 1) {
    const step = Number(pin[place]) - Number(pin[place - 1]);
    if (Math.abs(step) === 1 && step === direction) current += 1;
    else current = Math.abs(step) === 1 ? 2 : 1;
    direction = Math.abs(step) === 1 ? step : 0;
    longest = Math.max(longest, current);
  }
  return longest >= pin.length - 1 || pin.includes("0123456789") || pin.includes("9876543210");
}

/** @param {string} pin */
function isDate(pin) {
  if (pin.length !== 8) return false;
  const orders = [[pin.slice(0, 4), pin.slice(4, 6), pin.slice(6)], [pin.slice(4), pin.slice(2, 4), pin.slice(0, 2)], [pin.slice(4), pin.slice(0, 2), pin.slice(2, 4)]];
  return orders.some(([year, month, day]) => {
    const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
    return Number(year) >= 1940 && Number(year) <= 2035 && date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day);
  });
}
