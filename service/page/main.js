// Puts the page together: asks for the past, which never waits for the lab, and beside it for the present, which may.
import { askForTokensBy, getCatalogue, getScenarios, getTimeline, Refusal, startScenario } from "./api.js";
import { Catalogue } from "./catalogue.js";
import { Chart } from "./chart.js";
import { curlOfForm, typed } from "./curl.js";
import { find, make, say } from "./dom.js";
import { Hand } from "./hand.js";
import { showMarks } from "./marks.js";
import { Own } from "./own.js";
import { Place } from "./place.js";
import { Poll } from "./poll.js";
import { Scenarios } from "./scenarios.js";
import { chosenName, Shown } from "./shown.js";
import { chooseLanguage, clock, fillTexts, language, number, text } from "./texts.js";
import { Timeline } from "./timeline.js";
import { token } from "./token.js";
import { TokenDialog } from "./token-dialog.js";
import { Tour } from "./tour.js";

const STALLED_MS = 5000;
const MINUTES_MS = 5 * 60 * 1000;
const HOUR_MS = 60 * 60 * 1000;

const FEW_SCENARIOS = 100; // that are asked for each second; more of them less often

fillTexts(document);
const timeline = new Timeline();
const chart = new Chart(find("charts"));
const shown = new Shown(find("shown"), new Place(find("place")), showHand);
const hand = new Hand(find("hand"), () => askAtOnce());
const scenarios = new Scenarios(find("scenarios"), () => askAtOnce());
const catalogue = new Catalogue(find("catalogue"));
const tour = new Tour(find("tour"), { poll: () => askAtOnce(), show: (name) => (location.hash = name) });
const tokenDialog = new TokenDialog(find("token-dialog"), unlocked);
let fields = []; // of every scenario, as the catalogue says
let scenarioCount = 0;
let turn = 0;
let known = null; // the run of the daemon whose catalogue is shown
let spanMs = MINUTES_MS;
let pausedAt = null;
let lostAt = null;
let locked = false; // what the page asks for by itself wants a token
let declined = false; // and the visitor would rather not give one

function showContact() {
  const stalled = timeline.behindMs > STALLED_MS;
  const contact = find("contact");
  let words = text("live");
  if (locked)
    words = text("locked");
  else if (lostAt !== null)
    words = text("lost", { time: clock(lostAt) });
  else if (timeline.boot === null)
    words = text("connecting");
  else if (stalled)
    words = text("stalled", { seconds: number(Math.round(timeline.behindMs / 1000)) });
  else if (pausedAt !== null)
    words = text("paused", { time: clock(pausedAt) });
  contact.classList.toggle("lost", lostAt !== null || stalled);
  contact.classList.toggle("waiting", locked || timeline.boot === null || pausedAt !== null);
  say(contact, words);
}

function showTimeline() {
  const { last } = timeline;
  const nothing = last === null || (timeline.marks.length === 0 && last.leak.tasks + last.fix.tasks === 0);
  find("empty").hidden = !nothing;
  chart.draw(timeline, spanMs);
  showMarks(find("marks"), timeline.marks);
}

function showHand(pattern) {
  find("choose").value = pattern.name;
  say(find("hand-pattern"), pattern.name);
  hand.show(pattern, fields);
}

async function loadCatalogue() {
  const { patterns, fields: all } = await getCatalogue();
  fields = all;
  find("choose").replaceChildren(...patterns.map(({ name, title }) => make("option", { value: name }, `${name}: ${title}`)));
  find("choose").value = shown.name ?? "";
  catalogue.show(patterns);
}

async function pollScenarios() {
  if (turn++ % Math.ceil((scenarioCount + 1) / FEW_SCENARIOS) !== 0)
    return;
  const answer = await getScenarios();
  scenarioCount = answer.scenarios.length;
  scenarios.show(answer);
  tour.take(answer);
}

async function askPast() {
  try {
    timeline.take(await getTimeline(timeline.next));
    lostAt = null;
    locked = false;
    if (known !== timeline.boot)
      present.soon();
    if (pausedAt === null)
      showTimeline();
  } catch (error) {
    locked = error instanceof Refusal && error.wantsToken;
    lostAt = locked ? null : (lostAt ?? Date.now());
    if (locked && !declined)
      unlock(error.message);
  }
  showContact();
}

async function unlock(why) {
  if (await tokenDialog.ask(why))
    unlocked();
  else
    declined = true;
}

function unlocked() {
  declined = false;
  askAtOnce();
}

function showTry() {
  const lines = ["leak-recv", "fix-recv"].map((mode) => curlOfForm("scenario", Object.entries({ mode, n: 2000 })));
  say(find("try"), typed(lines.join("\n")));
}

// A daemon that was started again may have other patterns.
async function learnPatterns() {
  const { boot } = timeline;
  if (boot === null || known === boot)
    return;
  await loadCatalogue();
  await shown.show();
  known = boot;
}

async function askPresent() {
  try {
    await learnPatterns();
    await pollScenarios();
    if (pausedAt === null)
      await shown.poll();
  } catch {
    // Contact is told of by the past; what is missing now is asked for again in a second.
  }
}

const past = new Poll(askPast);
const present = new Poll(askPresent);

// What somebody has just done shows at once.
function askAtOnce() {
  turn = 0;
  present.soon();
  past.soon();
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

async function startBoth() {
  try {
    await Promise.all(["leak-recv", "fix-recv"].map((mode) => startScenario([["mode", mode], ["n", 2000]])));
    askAtOnce();
  } catch (error) {
    say(find("start-both-answer"), text("failed", { detail: error.message }));
  }
}

async function showAdded(name) {
  await loadCatalogue();
  if (chosenName() === name)
    await shown.show();
  else
    location.hash = name;
}

function beginTour() {
  if (pausedAt !== null)
    pause();
  tour.begin();
}

function goTo() {
  if (chosenName() !== null)
    shown.show().catch(() => (known = null)); // shown again once the daemon is back
}

askForTokensBy((why) => tokenDialog.ask(why));
token.addEventListener("change", showTry);
showTry();
for (const button of document.querySelectorAll("[data-language]")) {
  button.setAttribute("aria-pressed", String(button.dataset.language === language));
  button.addEventListener("click", () => chooseLanguage(button.dataset.language));
}
find("minutes").addEventListener("click", () => choose(MINUTES_MS));
find("hour").addEventListener("click", () => choose(HOUR_MS));
find("pause").addEventListener("click", pause);
find("choose").addEventListener("change", () => (location.hash = find("choose").value));
addEventListener("hashchange", goTo);
find("start-both").addEventListener("click", startBoth);
find("tour-begin").addEventListener("click", beginTour);
new Own(find("own"), showAdded);
showContact();
