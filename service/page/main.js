// Puts the page together: asks once a second, and shows what it hears.
import { getTimeline } from "./api.js";
import { Chart } from "./chart.js";
import { showMarks } from "./marks.js";
import { clock, fillTexts, number, text } from "./texts.js";
import { Timeline } from "./timeline.js";

const POLL_MS = 1000;
const STALLED_MS = 5000;
const MINUTES_MS = 5 * 60 * 1000;
const HOUR_MS = 60 * 60 * 1000;

const find = (id) => document.getElementById(id);
const timeline = new Timeline();
const chart = new Chart(find("curve"), find("legend"));
let spanMs = MINUTES_MS;
let pausedAt = null;
let lostAt = null;

function showContact() {
  const stalled = timeline.behindMs > STALLED_MS;
  const contact = find("contact");
  let words = text("live");
  if (lostAt !== null)
    words = text("lost", { time: clock(lostAt) });
  else if (timeline.boot === null)
    words = text("connecting");
  else if (stalled)
    words = text("stalled", { seconds: number(Math.round(timeline.behindMs / 1000)) });
  else if (pausedAt !== null)
    words = text("paused", { time: clock(pausedAt) });
  contact.classList.toggle("lost", lostAt !== null || stalled);
  if (contact.textContent !== words)
    contact.textContent = words;
}

function showTimeline() {
  const { last } = timeline;
  const nothing = last === null || (timeline.marks.length === 0 && last.leak.tasks + last.fix.tasks === 0);
  find("empty").hidden = !nothing;
  find("try").hidden = !nothing;
  chart.draw(timeline, spanMs);
  showMarks(find("marks"), timeline.marks);
}

async function poll() {
  try {
    timeline.take(await getTimeline(timeline.next));
    lostAt = null;
    if (pausedAt === null)
      showTimeline();
  } catch {
    lostAt ??= Date.now();
  }
  showContact();
}

// One question at a time, and none while nobody looks.
async function pollOn() {
  if (!document.hidden)
    await poll();
  setTimeout(pollOn, POLL_MS);
}

function choose(span) {
  spanMs = span;
  find("minutes").setAttribute("aria-pressed", String(span === MINUTES_MS));
  find("hour").setAttribute("aria-pressed", String(span === HOUR_MS));
  chart.draw(timeline, spanMs);
}

function pause() {
  pausedAt = pausedAt === null ? Date.now() : null;
  find("pause").setAttribute("aria-pressed", String(pausedAt !== null));
  if (pausedAt === null)
    showTimeline();
  showContact();
}

fillTexts(document);
find("try").textContent = ["leak", "fix"]
  .map((variant) => `curl -d mode=${variant}-recv -d n=2000 ${new URL("scenario", location.href)}`)
  .join("\n");
find("minutes").addEventListener("click", () => choose(MINUTES_MS));
find("hour").addEventListener("click", () => choose(HOUR_MS));
find("pause").addEventListener("click", pause);
showContact();
pollOn();
