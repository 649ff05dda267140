// "Signed in as …": the end of the session in the reader's own time, and nothing left for the next one.
for (const element of document.querySelectorAll("time[data-until]")) {
  const time = /** @type {HTMLTimeElement} */ (element);
  const end = new Date(time.dateTime);
  const text = new Intl.DateTimeFormat(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", ...(end.toDateString() === new Date().toDateString() ? {} : { day: "numeric", month: "short" }) }).format(end);
  time.textContent = (time.dataset.until ?? "").replace("{time}", text);
}
window.addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});
