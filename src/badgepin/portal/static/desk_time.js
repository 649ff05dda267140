// Times as people say them: local, and how far away.

/** @param {string} language */
export function clock(language) {
  const time = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit" });
  const day = new Intl.DateTimeFormat(language, { day: "numeric", month: "short" });
  const year = new Intl.DateTimeFormat(language, { day: "numeric", month: "short", year: "numeric" });
  const exact = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "medium" });
  const away = new Intl.RelativeTimeFormat(language, { numeric: "auto", style: "short" });

  return {
    /** The hour today, the day otherwise. @param {string | Date} instant */
    short(instant) {
      const at = new Date(instant), now = new Date();
      if (at.toDateString() === now.toDateString()) return time.format(at);
      if (Math.abs(at.getTime() - now.getTime()) < 86400000) return `${day.format(at)}, ${time.format(at)}`;
      return (at.getFullYear() === now.getFullYear() ? day : year).format(at);
    },
    /** Day and time to the second. @param {string | Date} instant */
    exact(instant) {
      return exact.format(new Date(instant));
    },
    /** @param {string | Date} instant */
    hour(instant) {
      return time.format(new Date(instant));
    },
    /** "in 3 h", "2 days ago". @param {string | Date} instant */
    away(instant) {
      const seconds = (new Date(instant).getTime() - Date.now()) / 1000;
      const [size, unit] = [[86400, "day"], [3600, "hour"], [60, "minute"]].find(([least]) => Math.abs(seconds) >= Number(least)) ?? [1, "second"];
      return away.format(Math.trunc(seconds / Number(size)), /** @type {Intl.RelativeTimeFormatUnit} */ (unit));
    },
    /** "7:59:30" until then. @param {string | Date} instant */
    countdown(instant) {
      const left = Math.max(0, Math.floor((new Date(instant).getTime() - Date.now()) / 1000));
      const parts = [Math.floor(left / 3600), Math.floor(left / 60) % 60, left % 60];
      return parts.map((part, place) => (place ? String(part).padStart(2, "0") : String(part))).join(":");
    },
  };
}

/**
 * The ends that a shift may have: full hours from now on, at most 12 hours away; the usual one comes first.
 * @param {Date} now
 * @param {number} usual hours
 */
export function shiftEnds(now, usual) {
  const most = 12;
  return [usual, 2, 4, 6, 8, 10, most]
    .filter((hours, place, all) => hours <= most && all.indexOf(hours) === place)
    .map((hours) => {
      const end = new Date(now.getTime() + hours * 3600000);
      // a full hour is what people say; the last choice stays inside the limit
      if (hours < most) end.setMinutes(end.getMinutes() ? 60 : 0, 0, 0);
      else end.setSeconds(0, 0);
      return { hours, end };
    });
}
