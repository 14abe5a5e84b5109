// Who stands on a step: their number, a dot for each, and in a sentence why those that are leaked will never go on.
import { drawCrowd, perDot } from "./crowd.js";
import { make, say } from "./dom.js";
import { number, text, textOf } from "./texts.js";

// `names` in backticks become code.
function sentence(words) {
  return words.split("`").map((part, i) => (i % 2 === 1 ? make("code", {}, part) : part));
}

const reasons = (step) => [
  ...(step.stuck > 0 ? [textOf("whyStuck", step.stuck, { why: step.why_stuck ?? "" })] : []),
  ...(step.endless > 0 ? [textOf("whyEndless", step.endless, { why: step.why_endless ?? "" })] : []),
];

export class Stand {
  #seen = "";

  constructor() {
    this.count = make("p", { className: "stand-count" });
    this.crowd = make("canvas", { className: "crowd", "aria-hidden": "true" });
    this.scale = make("p", { className: "stand-scale" });
    this.why = make("div", { className: "why" });
    this.element = make("div", { className: "stand", hidden: true }, this.count, this.crowd, this.why, this.scale);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.redraw());
  }

  // named: the statement is not what the line says, such as the linger behind a main's last line.
  show(step, named) {
    this.step = step;
    const leaked = step.stuck + step.endless;
    const seen = [step.tasks, step.stuck, step.endless, step.why_stuck, step.why_endless].join();
    if (seen === this.#seen)
      return;
    this.#seen = seen;
    this.element.hidden = step.tasks === 0;
    if (step.tasks === 0)
      return;
    this.element.classList.toggle("is-leaked", leaked > 0);
    say(this.count, textOf(named ? "standAt" : "standHere", step.tasks, { statement: step.statement }));
    this.crowd.hidden = this.scale.hidden = step.tasks === 1; // one needs no picture
    const each = perDot(step.tasks);
    say(this.scale, each === 1 ? text("dot") : text("dots", { count: number(each) }));
    this.why.replaceChildren(...reasons(step).map((words) => make("p", {}, ...sentence(words))));
    this.redraw();
  }

  redraw() {
    if (this.step?.tasks > 0)
      drawCrowd(this.crowd, this.step.tasks, this.step.stuck + this.step.endless);
  }
}
