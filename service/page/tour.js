// The guided tour: five steps that replay how a leak is found out, done for real on this daemon.
import { cancelScenario, Refusal, resetAll, startScenario } from "./api.js";
import { find, make, say } from "./dom.js";
import { number, text } from "./texts.js";

const MODES = ["leak-recv", "fix-recv"];
const TASKS = 2000;

// look: the section that it is about; at: what of it is brought into view; act: what its button does; until: what must then have come about before it
// goes on, of the tour's two scenarios.
const STEPS = [
  { look: "_curve", act: "start", until: ({ leak, fix }) => leak.tasks.live >= TASKS && fix.tasks.live >= TASKS },
  { look: "_curve", act: "cancel", until: ({ leak, fix }) => fix.state === "finished" && leak.leaked.stuck >= TASKS },
  { look: "_curve" },
  { look: "_place", at: "place" },
  { look: "_curve", act: "reset", until: ({ leak }) => leak.tasks.live === 0 },
];

export class Tour {
  #step = null; // null: not on tour
  #names = []; // of its scenarios: leak, fix
  #waits = false;
  #done = false; // this step's act, and what it was to bring about
  #scenarios = new Map();

  // poll(): asks for news at once; show(name): shows a pattern.
  constructor(root, { poll, show }) {
    this.root = root;
    this.poll = poll;
    this.show = show;
    this.place = make("p", { className: "tour-place" });
    this.title = make("h2", { tabIndex: -1, id: "tour-title" });
    this.words = make("p", { id: "tour-words" });
    this.state = make("p", { role: "status", className: "tour-state" });
    this.go = make("button", { type: "button", className: "strong", id: "tour-go" });
    this.leave = make("button", { type: "button", id: "tour-leave" }, text("tourClose"));
    root.append(this.place, this.title, this.words, this.state, make("p", { className: "row" }, this.go, this.leave));
    this.go.addEventListener("click", () => this.#press());
    this.leave.addEventListener("click", () => this.end());
    root.addEventListener("keydown", (event) => event.key === "Escape" && this.end());
  }

  begin() {
    this.root.hidden = false;
    this.#names = [];
    this.show("recv");
    this.#enter(0);
  }

  end() {
    this.#step = null;
    this.root.hidden = true;
    this.#mark(null);
    find("tour-begin").focus();
  }

  // What GET /scenario answers: whether what a step waits for has come about.
  take({ scenarios }) {
    if (this.#step === null)
      return;
    this.#scenarios = new Map(scenarios.map((scenario) => [scenario.name, scenario]));
    const both = this.#both();
    if (both === null && this.#step > 0) {
      this.#names = []; // the daemon was started again, and knows nothing of it
      this.#enter(0);
      return;
    }
    if (this.#waits && both !== null && STEPS[this.#step].until(both)) {
      this.#waits = false;
      this.#done = true;
    }
    this.#tell();
  }

  #both() {
    const [leak, fix] = this.#names.map((name) => this.#scenarios.get(name));
    return leak && fix ? { leak, fix } : null;
  }

  #enter(step) {
    this.#step = step;
    this.#waits = false;
    this.#done = STEPS[step].act === undefined;
    this.#tell();
    this.#mark(STEPS[step]);
    this.title.focus({ preventScroll: true });
  }

  #mark(step) {
    for (const section of document.querySelectorAll(".card"))
      section.classList.toggle("is-toured", section.id === step?.look);
    if (step !== null)
      find(step.at ?? step.look).scrollIntoView({ block: "start" });
  }

  #tell() {
    const step = this.#step + 1;
    const last = step === STEPS.length;
    say(this.place, text("tourStep", { step: number(step), steps: number(STEPS.length) }));
    say(this.title, text(`tour${step}`));
    say(this.words, last && this.#done ? text("tour5Done") : text(`tour${step}Text`, this.#counts()));
    say(this.state, this.#waits ? text("tourWorking") : "");
    say(this.go, this.#done ? text(last ? "tourEnd" : "tourNext") : text(`tour${step}Do`));
    this.go.disabled = this.#waits;
  }

  #counts() {
    const both = this.#both();
    const count = (value) => (value === undefined ? "–" : number(value));
    return {
      leak: count(both?.leak.tasks.live),
      fix: count(both?.fix.tasks.live),
      leaked: count(both && both.leak.leaked.stuck + both.leak.leaked.endless),
    };
  }

  async #press() {
    if (!this.#done)
      return this.#act(STEPS[this.#step].act);
    if (this.#step + 1 < STEPS.length)
      this.#enter(this.#step + 1);
    else
      this.end();
  }

  async #act(act) {
    this.#waits = true;
    this.#tell();
    try {
      if (act === "start")
        this.#names = await Promise.all(MODES.map(async (mode) => (await startScenario([["mode", mode], ["n", TASKS]])).name));
      else if (act === "cancel")
        await Promise.all(this.#names.map(cancelScenario));
      else
        await resetAll();
      this.poll();
    } catch (error) {
      if (!(error instanceof Refusal))
        throw error;
      this.#waits = false;
      this.#tell();
      say(this.state, text("failed", { detail: error.message }));
    }
  }
}
