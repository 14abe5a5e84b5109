// The curve and what lies below it, on one axis of time and with one cursor, which mouse and arrow keys move.
import { make, say } from "./dom.js";
import { glyph } from "./marks.js";
import { PANELS } from "./panels.js";
import { Plot } from "./plot.js";
import { clock, text } from "./texts.js";

const FUTURE_MS = 1000; // room at the right, so that the newest second is seen whole
const LEAST_MS = 60 * 1000; // shown, however short the past is

export class Chart {
  #plots = [];
  #values = new Map(); // by name of series
  #rows = [];
  #index = null; // of the row that the cursor stands on; null: the newest

  // root: holds everything that is drawn.
  constructor(root) {
    this.root = root;
    for (const panel of PANELS)
      this.#add(panel);
    this.cursor = make("div", { className: "cursor", hidden: true }, make("span"));
    root.append(this.cursor);
    const curve = this.#plots[0].element;
    curve.addEventListener("keydown", (event) => this.#key(event));
    curve.addEventListener("blur", () => this.#point(null));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#plots.forEach((plot) => plot.recolour()));
  }

  // Shows the timeline's last `spanMs`.
  draw(timeline, spanMs) {
    const { last } = timeline;
    if (last === null)
      return;
    const from = Math.max(last.at - spanMs, Math.min(timeline.rows[0].at, last.at - LEAST_MS));
    const at = this.#rows[this.#index]?.at;
    this.#rows = timeline.rows.filter((row) => row.at >= from);
    const marks = timeline.marks.filter((mark) => glyph(mark.what) !== undefined);
    const hidden = new Set(timeline.decoys ? [] : ["decoy"]);
    for (const plot of this.#plots)
      plot.draw(this.#rows, [from, last.at + FUTURE_MS], marks, hidden);
    this.#values.get("decoy").parentElement.hidden = !timeline.decoys;
    const index = at === undefined ? -1 : this.#rows.findIndex((row) => row.at === at);
    this.#point(index < 0 ? null : index);
  }

  #add(panel) {
    const legend = make("dl", { className: "legend", id: `legend-${panel.name}` });
    for (const name of panel.legend)
      legend.append(this.#addKey(name, panel.legend.length === 1));
    const attributes = panel.name === "curve" ? sliderAttributes() : { "aria-hidden": "true" };
    const element = make("div", { className: "plot", id: panel.name, ...attributes });
    const title = panel.name === "curve" ? null : make("h3", {}, text(panel.name));
    this.root.append(make("div", { className: `panel panel-${panel.name}` }, make("div", { className: "says" }, title, legend), element));
    this.#plots.push(new Plot(element, panel, (index) => this.#point(index)));
  }

  #addKey(name, alone) {
    const value = make("dd", { id: `value-${name}` }, "–");
    this.#values.set(name, value);
    return make("div", { className: `key-${name}` }, make("dt", { className: alone ? "unseen" : "" }, text(name)), value);
  }

  // Moves the cursor to a row, or to now.
  #point(index) {
    this.#index = index;
    for (const plot of this.#plots)
      plot.select(index);
    const row = this.#rows[index ?? this.#rows.length - 1];
    for (const panel of PANELS)
      for (const { name, count } of panel.series)
        this.#tell(name, row ? count(row) : null, panel.format);
    this.#showCursor(index === null ? null : row);
    const curve = this.#plots[0].element;
    curve.setAttribute("aria-valuemax", String(Math.max(this.#rows.length - 1, 0)));
    curve.setAttribute("aria-valuenow", String(index ?? Math.max(this.#rows.length - 1, 0)));
    curve.setAttribute("aria-valuetext", `${index === null || !row ? text("now") : clock(row.at)}: ${this.#sentence()}`);
  }

  #tell(name, count, format) {
    say(this.#values.get(name), count === null ? "–" : format(count));
  }

  #sentence() {
    const names = PANELS[0].legend.filter((name) => !this.#values.get(name).parentElement.hidden);
    return names.map((name) => `${text(name)} ${this.#values.get(name).textContent}`).join(", ");
  }

  #showCursor(row) {
    const plot = this.#plots[0];
    const x = row ? plot.place(row.at) : null;
    this.cursor.hidden = x === null;
    if (x === null)
      return;
    const left = plot.element.getBoundingClientRect().left - this.root.getBoundingClientRect().left + x;
    this.cursor.style.left = `${left}px`;
    this.cursor.classList.toggle("late", x > plot.element.clientWidth - 90);
    say(this.cursor.firstChild, clock(row.at));
  }

  #key(event) {
    const last = this.#rows.length - 1;
    const now = this.#index ?? last;
    const places = { ArrowLeft: now - 1, ArrowRight: now + 1, PageUp: now - 30, PageDown: now + 30, Home: 0, End: last };
    if (event.key === "Escape")
      this.#point(null);
    else if (event.key in places && last >= 0)
      this.#point(Math.min(Math.max(places[event.key], 0), last));
    else
      return;
    event.preventDefault();
  }
}

function sliderAttributes() {
  return {
    role: "slider",
    tabIndex: 0,
    "aria-label": text("cursor"),
    "aria-describedby": "cursor-help",
    "aria-orientation": "horizontal",
    "aria-valuemin": "0",
    "aria-valuemax": "0",
    "aria-valuenow": "0",
  };
}
