// Puts the page together: asks once a second, and shows what it hears.
import { getCatalogue, getTimeline } from "./api.js";
import { Chart } from "./chart.js";
import { find, make, say } from "./dom.js";
import { showMarks } from "./marks.js";
import { Place } from "./place.js";
import { chosenName, Shown } from "./shown.js";
import { chooseLanguage, clock, fillTexts, language, number, text } from "./texts.js";
import { Timeline } from "./timeline.js";

const POLL_MS = 1000;
const STALLED_MS = 5000;
const MINUTES_MS = 5 * 60 * 1000;
const HOUR_MS = 60 * 60 * 1000;

fillTexts(document);
const timeline = new Timeline();
const chart = new Chart(find("charts"));
const shown = new Shown(find("shown"), new Place(find("place")), (pattern) => (find("choose").value = pattern.name));
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
  contact.classList.toggle("waiting", timeline.boot === null || pausedAt !== null);
  say(contact, words);
}

function showTimeline() {
  const { last } = timeline;
  const nothing = last === null || (timeline.marks.length === 0 && last.leak.tasks + last.fix.tasks === 0);
  find("empty").hidden = !nothing;
  chart.draw(timeline, spanMs);
  showMarks(find("marks"), timeline.marks);
}

async function loadCatalogue() {
  const { patterns } = await getCatalogue();
  find("choose").replaceChildren(...patterns.map(({ name, title }) => make("option", { value: name }, `${name}: ${title}`)));
  find("choose").value = shown.name ?? "";
}

async function poll() {
  const { boot } = timeline;
  timeline.take(await getTimeline(timeline.next));
  if (boot !== timeline.boot)
    await Promise.all([loadCatalogue(), shown.show()]);
  if (pausedAt !== null)
    return;
  showTimeline();
  await shown.poll();
}

// One question at a time, and none while nobody looks.
async function pollOn() {
  if (!document.hidden) {
    try {
      await poll();
      lostAt = null;
    } catch {
      lostAt ??= Date.now();
    }
    showContact();
  }
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

function goTo() {
  if (chosenName() !== null)
    shown.show();
}

find("try").textContent = ["leak", "fix"]
  .map((variant) => `curl -d mode=${variant}-recv -d n=2000 ${new URL("scenario", location.href)}`)
  .join("\n");
for (const button of document.querySelectorAll("[data-language]")) {
  button.setAttribute("aria-pressed", String(button.dataset.language === language));
  button.addEventListener("click", () => chooseLanguage(button.dataset.language));
}
find("minutes").addEventListener("click", () => choose(MINUTES_MS));
find("hour").addEventListener("click", () => choose(HOUR_MS));
find("pause").addEventListener("click", pause);
find("choose").addEventListener("change", () => (location.hash = find("choose").value));
addEventListener("hashchange", goTo);
showContact();
pollOn();
