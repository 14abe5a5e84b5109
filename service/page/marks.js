// The list of what happened, newest first, in words. Names that users chose are text and never markup.
import { clock, text } from "./texts.js";

const SHOWN = 12;

function sentence(mark) {
  if (mark.what === "restarted")
    return text("restarted");
  if (mark.name === "")
    return text(`what.${mark.what}`);
  return text("mark", { mode: mark.mode, name: mark.name, what: text(`what.${mark.what}`) });
}

function item(mark) {
  const element = document.createElement("li");
  const time = document.createElement("time");
  time.dateTime = new Date(mark.at).toISOString();
  time.textContent = clock(mark.at);
  element.append(time, sentence(mark));
  return element;
}

let shown = null; // the marks that the list is of

export function showMarks(list, marks) {
  const newest = marks.slice(-SHOWN).reverse();
  const key = newest.map((mark) => `${mark.at}${mark.what}${mark.name}`).join();
  if (key === shown)
    return;
  shown = key;
  if (newest.length > 0) {
    list.replaceChildren(...newest.map(item));
    return;
  }
  const nothing = document.createElement("li");
  nothing.textContent = text("noMarks");
  list.replaceChildren(nothing);
}
