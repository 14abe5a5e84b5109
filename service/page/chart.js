// The curve: tasks with the bug against tasks without it, those that are leaked filled in, those that were expected to
// be as a line, and a mark for each thing that happened. Drawn by dygraphs, which the page loads as a plain script.
import { clock, number, text } from "./texts.js";

// In the order in which they are drawn; names are keys of texts and of colours (page.css).
const SERIES = [
  { name: "leaked", count: (row) => row.leak && row.leak.leaked + row.fix.leaked, options: { fillGraph: true, fillAlpha: 0.35 } },
  { name: "leak", count: (row) => row.leak?.tasks ?? null, options: { strokeWidth: 2 } },
  { name: "fix", count: (row) => row.fix?.tasks ?? null, options: { strokeWidth: 2 } },
  { name: "decoy", count: (row) => row.decoy?.tasks ?? null, options: { strokeWidth: 2 } },
  {
    name: "expected",
    count: (row) => row.leak && row.leak.expected_leaked + row.fix.expected_leaked,
    options: { strokeWidth: 1.5, strokePattern: [6, 4] },
  },
];
const DRAWN_MARKS = new Set(["started", "cancelled", "reclaimed", "capped", "reset", "restarted"]);
const FUTURE_MS = 2000; // room at the right, so that the newest second is seen whole
const LEAST_MS = 60 * 1000; // shown, however short the past is
const LEGEND = ["leak", "leaked", "expected", "fix", "decoy"];

// Its own legend is not used, and would put styles into the markup, which the page's policy forbids.
Dygraph.PLUGINS = Dygraph.PLUGINS.filter((plugin) => plugin !== Dygraph.Plugins.Legend);

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

export class Chart {
  #graph = null;
  #marks = [];
  #rows = [];
  #values = new Map();

  constructor(element, legend) {
    this.element = element;
    for (const name of LEGEND)
      this.#values.set(name, addKey(legend, name));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#recolour());
  }

  // Shows the timeline's last `spanMs`.
  draw(timeline, spanMs) {
    const { last } = timeline;
    if (last === null)
      return;
    this.#rows = timeline.rows;
    this.#marks = timeline.marks.filter((mark) => DRAWN_MARKS.has(mark.what));
    const file = this.#rows.map((row) => [new Date(row.at), ...SERIES.map((series) => series.count(row))]);
    const options = {
      file,
      dateWindow: [Math.max(last.at - spanMs, Math.min(this.#rows[0].at, last.at - LEAST_MS)), last.at + FUTURE_MS],
      valueRange: [0, null],
      visibility: SERIES.map((series) => series.name !== "decoy" || timeline.decoys),
    };
    if (this.#graph === null)
      this.#graph = this.#make(options);
    else
      this.#graph.updateOptions(options);
    this.#values.get("decoy").parentElement.hidden = !timeline.decoys;
    if (this.#graph.getSelection() < 0)
      this.#tell(last);
  }

  #make({ file, ...options }) {
    return new Dygraph(this.element, file, {
      ...options,
      ...this.#colours(),
      labels: ["time", ...SERIES.map((series) => series.name)],
      series: Object.fromEntries(SERIES.map((series) => [series.name, series.options])),
      legend: "never",
      includeZero: true,
      connectSeparatedPoints: false,
      highlightCircleSize: 3,
      interactionModel: {},
      axes: {
        x: { axisLabelFormatter: (date) => clock(date), axisLabelWidth: 70, drawGrid: false },
        y: { axisLabelFormatter: (value) => (Number.isInteger(value) ? number(value) : ""), axisLabelWidth: 70 },
      },
      underlayCallback: (context, area, graph) => this.#drawMarks(context, area, graph),
      highlightCallback: (_event, at) => this.#tell(this.#rows.find((row) => row.at === at)),
      unhighlightCallback: () => this.#tell(this.#rows.at(-1)),
    });
  }

  #colours() {
    return {
      colors: SERIES.map((series) => colour(series.name)),
      gridLineColor: colour("line"),
      axisLineColor: colour("line"),
    };
  }

  #recolour() {
    this.#graph?.updateOptions(this.#colours());
  }

  #drawMarks(context, area, graph) {
    context.save();
    context.strokeStyle = colour("mark");
    context.setLineDash([2, 3]);
    for (const mark of this.#marks) {
      const x = Math.round(graph.toDomXCoord(mark.at)) + 0.5;
      if (x < area.x || x > area.x + area.w)
        continue;
      context.beginPath();
      context.moveTo(x, area.y);
      context.lineTo(x, area.y + area.h);
      context.stroke();
    }
    context.restore();
  }

  // Writes a row's numbers beside their keys.
  #tell(row) {
    for (const series of SERIES) {
      const count = row ? series.count(row) : null;
      this.#values.get(series.name).textContent = count === null ? "–" : number(count);
    }
  }
}

function addKey(legend, name) {
  const pair = document.createElement("div");
  const key = document.createElement("dt");
  const value = document.createElement("dd");
  key.className = `key-${name}${name === "expected" ? " thin" : ""}`;
  key.textContent = text(name);
  value.id = `value-${name}`;
  value.textContent = "–";
  pair.append(key, value);
  legend.append(pair);
  return value;
}
