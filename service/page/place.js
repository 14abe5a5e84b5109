// The place: a pattern's text, leak and fix side by side, and on each line the tasks that stand there now.
import { make, say } from "./dom.js";
import { align, allLines, splitSource } from "./listing.js";
import { Stand } from "./stand.js";
import { number, text } from "./texts.js";

export class Place {
  #lines = new Map(); // by number: {count, element, text}
  #stands = new Map(); // by variant and index of step
  #sums = new Map(); // by variant: what says how many there are

  constructor(root) {
    this.root = root;
    this.name = null;
    new ResizeObserver(() => this.#stands.forEach((stand) => stand.redraw())).observe(root);
  }

  clear() {
    this.name = null;
    this.#lines.clear();
    this.#stands.clear();
    this.#sums.clear();
    this.root.replaceChildren();
  }

  // A pattern as GET /patterns/{name} answers, and its first steps.
  show(pattern, steps) {
    this.clear();
    this.name = pattern.name;
    const variants = Object.keys(steps.variants);
    const split = splitSource(pattern.source, variants);
    const parts = split ? this.#sideBySide(split, variants) : this.#whole(pattern.source, variants);
    this.root.replaceChildren(...parts);
    this.take(steps);
  }

  // What GET /patterns/{name}/steps answers.
  take(steps) {
    const counts = new Map();
    for (const [variant, { tasks, stuck, endless, steps: list }] of Object.entries(steps.variants)) {
      const sum = this.#sums.get(variant);
      if (sum) {
        say(sum, text("alive", { count: number(tasks), leaked: number(stuck + endless) }));
        sum.classList.toggle("is-leaked", stuck + endless > 0);
      }
      list.forEach((step, i) => this.#takeStep(`${variant} ${i}`, variant, step, counts));
    }
    for (const [line, { count, element }] of this.#lines) {
      const { tasks = 0, leaked = 0 } = counts.get(line) ?? {};
      say(count, tasks > 0 ? number(tasks) : "");
      element.classList.toggle("is-stood-on", tasks > 0);
      element.classList.toggle("is-leaked", leaked > 0);
    }
  }

  #takeStep(key, variant, step, counts) {
    const line = this.#lines.get(step.line);
    if (line === undefined)
      return;
    const sum = counts.get(step.line) ?? { tasks: 0, leaked: 0 };
    sum.tasks += step.tasks;
    sum.leaked += step.stuck + step.endless;
    counts.set(step.line, sum);
    let stand = this.#stands.get(key);
    if (stand === undefined && step.tasks > 0) {
      stand = new Stand();
      stand.element.classList.add(`of-${variant}`);
      this.#stands.set(key, stand);
      line.element.append(stand.element);
    }
    stand?.show(step, !line.text.includes(step.statement));
  }

  #sideBySide({ variants, shared }, names) {
    const [left, right] = names;
    const rows = right === undefined
      ? variants.get(left).map((line) => ({ left: line, right: null, same: true }))
      : align(variants.get(left), variants.get(right));
    const columns = names.map((name, i) => this.#column(name, rows.map((row) => ({ line: i === 0 ? row.left : row.right, same: row.same })), i));
    const both = make("div", { className: `columns columns-${names.length}` }, ...columns);
    if (shared.length === 0)
      return [both];
    const lines = make("ol", { className: "lines" }, ...shared.map((line) => this.#line(line, "")));
    return [make("div", { className: "shared" }, make("h4", {}, text("shared")), lines), both];
  }

  #column(name, cells, i) {
    const sum = make("span", { className: "sum" });
    this.#sums.set(name, sum);
    const heading = make("h4", { id: `column-${name}`, className: `of-${name}` }, make("span", {}, text(`variant.${name}`)), sum);
    const lines = make("ol", { className: `lines of-${name}`, "aria-labelledby": heading.id });
    cells.forEach(({ line, same }, row) => {
      const element = line === null
        ? make("li", { className: "gap", "aria-hidden": "true" })
        : this.#line(line, same ? "" : (name === "leak" ? "onlyLeak" : "onlyFix"));
      element.style.setProperty("--row", row + 2);
      lines.append(element);
    });
    const column = make("section", { className: `column column-${i + 1}`, "aria-labelledby": heading.id }, heading, lines);
    return column;
  }

  #whole(source, variants) {
    const sums = variants.map((name) => {
      const sum = make("span", { className: "sum" });
      this.#sums.set(name, sum);
      return make("p", { className: `of-${name}` }, text(`variant.${name}`), " ", sum);
    });
    return [make("h4", {}, text("wholeSource")), ...sums, make("ol", { className: "lines" }, ...allLines(source).map((line) => this.#line(line, "")))];
  }

  #line({ line, text: words }, only) {
    const count = make("span", { className: "count" });
    const note = only === "" ? null : make("span", { className: "unseen" }, `${text(only)} `);
    const element = make("li", { className: only === "" ? "line" : `line differs ${only}`, id: `line-${line}` },
      make("span", { className: "number", "aria-hidden": "true" }, String(line)), make("code", {}, note, words || " "), count);
    this.#lines.set(line, { count, element, text: words });
    return element;
  }
}
