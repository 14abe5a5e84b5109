// What happened: the list, newest first, in words, and the glyphs that stand for it there and in the curve. Names that
// users chose are text and never markup.
import { make } from "./dom.js";
import { clock, text } from "./texts.js";

const SHOWN = 12;
const GLYPHS = {
  started: "▶",
  cancelled: "✕",
  reclaimed: "↩",
  capped: "▲",
  reset: "↺",
  restarted: "⟳",
};

// What is drawn into the curve: undefined for all else.
export const glyph = (what) => GLYPHS[what];

function sentence(mark) {
  if (mark.what === "restarted")
    return text("restarted");
  if (mark.name === "")
    return text(`what.${mark.what}`);
  return text("mark", { mode: mark.mode, name: mark.name, what: text(`what.${mark.what}`) });
}

const item = (mark) =>
  make("li", { className: `mark-${mark.what}` },
    make("time", { dateTime: new Date(mark.at).toISOString() }, clock(mark.at)),
    make("span", { className: "glyph", "aria-hidden": "true" }, glyph(mark.what) ?? "·"),
    make("span", {}, sentence(mark)));

let shown = null; // the marks that the list is of

export function showMarks(list, marks) {
  const newest = marks.slice(-SHOWN).reverse();
  const key = newest.map((mark) => `${mark.at}${mark.what}${mark.name}`).join();
  if (key === shown)
    return;
  shown = key;
  list.replaceChildren(...(newest.length > 0 ? newest.map(item) : [make("li", { className: "quiet" }, text("noMarks"))]));
}
