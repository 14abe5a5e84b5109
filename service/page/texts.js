// What the page says, in the visitor's language, and numbers as that language writes them.
import { LANGUAGES, WORDS } from "./words.js";

const CHOICE = "leaklab.language";

function chosen() {
  try {
    return localStorage.getItem(CHOICE);
  } catch {
    return null; // a browser may forbid it
  }
}

function spoken() {
  const wanted = [chosen(), ...navigator.languages].filter(Boolean).map((tag) => tag.slice(0, 2).toLowerCase());
  return wanted.find((tag) => LANGUAGES.includes(tag)) ?? LANGUAGES[0];
}

export const language = spoken();
const column = LANGUAGES.indexOf(language);
// The visitor's own region where it is of that language: 1.234 or 1,234.
const locale = navigator.languages.find((tag) => tag.slice(0, 2).toLowerCase() === language) ?? language;

export function chooseLanguage(tag) {
  try {
    localStorage.setItem(CHOICE, tag);
  } catch {
    return;
  }
  location.reload();
}

export const isText = (name) => name in WORDS;

export function text(name, values = {}) {
  return WORDS[name][column].replace(/\{(\w+)\}/g, (_, key) => values[key]);
}

// The same of a number of things: what is said of one of them has a name of its own.
export const textOf = (name, count, values = {}) =>
  count === 1 ? text(`${name}One`, values) : text(name, { count: number(count), ...values });

const numbers = new Intl.NumberFormat(locale);
const times = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];
const sizes = UNITS.map((unit) => new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay: "short", maximumSignificantDigits: 3 }));
const SPANS = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];
const spans = new Map(SPANS.map(([unit]) => [unit, new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay: "short", maximumFractionDigits: 0 })]));

export const number = (value) => numbers.format(value);
export const clock = (ms) => times.format(new Date(ms));

// In steps of 1000, as the units say.
export function bytes(value) {
  let step = 0;
  while (value >= 999.5 && step < UNITS.length - 1) {
    value /= 1000;
    step += 1;
  }
  return sizes[step].format(value);
}

export function span(seconds) {
  const [unit, length] = SPANS.find(([, least]) => seconds >= least) ?? SPANS.at(-1);
  return spans.get(unit).format(Math.floor(seconds / length));
}

// Fills in what the page says by itself.
export function fillTexts(root) {
  document.documentElement.lang = language;
  for (const element of root.querySelectorAll("[data-text]"))
    element.textContent = text(element.dataset.text);
  for (const element of root.querySelectorAll("[data-label]"))
    element.setAttribute("aria-label", text(element.dataset.label));
}
