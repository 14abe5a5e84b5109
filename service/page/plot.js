// One graph over time, drawn by dygraphs, which the page loads as a plain script. Colours come from the style sheet.
import { glyph } from "./marks.js";
import { clock } from "./texts.js";

const AXIS_WIDTH = 64; // the same in all plots, so that one second stands below the other
const X_AXIS_HEIGHT = 22;

// Its own legend is not used, and would put styles into the markup, which the page's policy forbids.
Dygraph.PLUGINS = Dygraph.PLUGINS.filter((plugin) => plugin !== Dygraph.Plugins.Legend);

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

export class Plot {
  #graph = null;
  #marks = [];

  // panel: {series: [{name, count(row), options}], format(value), whole, axis}. point(index or null) hears the mouse.
  constructor(element, panel, point) {
    this.element = element;
    this.panel = panel;
    this.point = point;
  }

  // rows: of the window only, oldest first; hidden: names of series that are not drawn.
  draw(rows, dateWindow, marks, hidden) {
    const { series } = this.panel;
    this.#marks = marks;
    const options = {
      file: rows.map((row) => [new Date(row.at), ...series.map(({ count }) => count(row))]),
      dateWindow,
      visibility: series.map(({ name }) => !hidden.has(name)),
    };
    if (this.#graph === null)
      this.#graph = this.#make(options);
    else
      this.#graph.updateOptions(options);
  }

  // Where in the element a time stands, in pixels; null when it is not shown.
  place(at) {
    const x = this.#graph?.toDomXCoord(at);
    const area = this.#graph?.getArea();
    return area && x >= area.x && x <= area.x + area.w + 1 ? x : null;
  }

  select(index) {
    if (index === null)
      this.#graph?.clearSelection();
    else
      this.#graph?.setSelection(index);
  }

  recolour() {
    this.#graph?.updateOptions(this.#colours());
  }

  #make({ file, ...options }) {
    const { series, format, whole, axis } = this.panel;
    const label = (value) => (whole && !Number.isInteger(value) ? "" : format(value));
    return new Dygraph(this.element, file, {
      ...options,
      ...this.#colours(),
      labels: ["time", ...series.map(({ name }) => name)],
      series: Object.fromEntries(series.map((one) => [one.name, { strokeWidth: 1.5, ...one.options }])),
      valueRange: [0, null],
      legend: "never",
      connectSeparatedPoints: false,
      highlightCircleSize: 3,
      interactionModel: {},
      rightGap: 8,
      axes: {
        x: { axisLabelFormatter: (date) => clock(date), axisLabelWidth: 70, drawGrid: false, drawAxis: axis },
        y: { axisLabelFormatter: label, axisLabelWidth: AXIS_WIDTH, pixelsPerLabel: axis ? 36 : 24 },
      },
      xAxisHeight: axis ? X_AXIS_HEIGHT : 0,
      underlayCallback: (context, area, graph) => this.#drawMarks(context, area, graph),
      highlightCallback: (_event, _at, _points, index) => this.point(index),
      unhighlightCallback: () => this.point(null),
    });
  }

  #colours() {
    return {
      colors: this.panel.series.map(({ name }) => colour(name)),
      gridLineColor: colour("grid"),
      axisLineColor: colour("line"),
    };
  }

  #drawMarks(context, area, graph) {
    context.save();
    context.strokeStyle = colour("mark");
    context.fillStyle = colour("quiet");
    context.font = "11px system-ui, sans-serif";
    context.textAlign = "center";
    context.setLineDash([2, 3]);
    const places = new Map(); // those of the same place share one line, and the last of them its glyph
    for (const mark of this.#marks)
      places.set(Math.round(graph.toDomXCoord(mark.at)) + 0.5, mark);
    for (const [x, mark] of places) {
      if (x < area.x || x > area.x + area.w)
        continue;
      context.beginPath();
      context.moveTo(x, area.y + (this.panel.glyphs ? 14 : 0));
      context.lineTo(x, area.y + area.h);
      context.stroke();
      if (this.panel.glyphs)
        context.fillText(glyph(mark.what), x, area.y + 10);
    }
    context.restore();
  }
}
