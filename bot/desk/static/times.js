// Moments as people say them: "5 minutes ago"; the exact one is in the title.
const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60]];
const format = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: "auto", style: "short" });

function said(seconds) {
  const [unit, size] = UNITS.find(([, size]) => Math.abs(seconds) >= size) ?? ["minute", 60];
  return format.format(Math.trunc(seconds / size), unit);
}

export function tell(within = document) {
  for (const time of within.querySelectorAll("time[datetime]"))
    time.textContent = said((Date.parse(time.dateTime) - Date.now()) / 1000);
}

tell();
setInterval(tell, 20_000);
