// The form that starts a scenario of the pattern that is shown, in any mode, at once or at a rate.
import { Refusal, startScenario } from "./api.js";
import { Command, curlOfForm } from "./curl.js";
import { make, say } from "./dom.js";
import { Field } from "./field.js";
import { bytes, isText, number, text } from "./texts.js";

const OF_RATE = ["rate", "shape", "shape_period", "shape_low", "jitter"];
const OF_MIX = ["leak_share"];
const NOT_ASKED = new Set(["action", "mode", "dry_run"]); // the form itself says these
const FIRST_RATE = "10/s";

function radios(name, label, choices, change) {
  const inputs = choices.map(([value, words], i) => {
    const input = make("input", { type: "radio", name, value, checked: i === 0 });
    input.addEventListener("change", change);
    return make("label", { className: "choice" }, input, make("span", {}, words));
  });
  return make("fieldset", { className: "choices" }, make("legend", {}, text(label)), ...inputs);
}

export class Hand {
  #fields = new Map(); // by name
  #blocks = new Map(); // by what is asked for in them: "rate", "mix", "more"

  // started(name): told of each scenario that the form has started.
  constructor(root, started) {
    this.started = started;
    this.form = make("form", { noValidate: true, id: "start-form" });
    this.form.addEventListener("submit", (event) => this.#submit(event));
    this.form.addEventListener("input", () => this.#refresh());
    this.answer = make("p", { id: "start-answer", role: "status" });
    this.command = new Command("start-curl");
    root.append(this.form, this.answer, this.command.element);
  }

  // pattern: of the catalogue; fields: those of every scenario.
  show(pattern, fields) {
    this.#fields.clear();
    say(this.answer, "");
    const modes = pattern.modes.map((mode) => [mode, modeWords(mode, pattern.name)]);
    const general = fields.filter(({ name }) => !NOT_ASKED.has(name));
    const rate = general.filter(({ name }) => OF_RATE.includes(name));
    const mix = general.filter(({ name }) => OF_MIX.includes(name));
    const more = general.filter(({ name }) => !OF_RATE.includes(name) && !OF_MIX.includes(name));
    const params = this.#block(pattern.params);
    this.#blocks.set("rate", this.#block(rate));
    this.#blocks.set("mix", this.#block(mix));
    this.#blocks.set("more", make("details", {}, make("summary", {}, text("more")), this.#block(more)));
    this.form.replaceChildren(
      radios("mode", "modeLabel", modes, () => this.#refresh()),
      params,
      this.#blocks.get("mix"),
      radios("often", "howOften", [["once", text("once")], ["rate", text("atRate")]], () => this.#refresh()),
      this.#blocks.get("rate"),
      this.#blocks.get("more"),
      make("p", { className: "row" }, make("button", { type: "submit", className: "strong", id: "start" }, text("start")), this.#forecastButton()));
    this.#refresh();
  }

  #forecastButton() {
    const button = make("button", { type: "button", id: "forecast" }, text("forecast"));
    button.addEventListener("click", () => this.#send(true));
    return button;
  }

  #block(specs) {
    const fields = specs.map((spec) => new Field(spec));
    for (const field of fields)
      this.#fields.set(field.spec.name, field);
    return make("div", { className: "fields", hidden: specs.length === 0 }, ...fields.map(({ element }) => element));
  }

  #chosen(name) {
    return this.form.querySelector(`input[name="${name}"]:checked`)?.value;
  }

  // What is sent, as a form has it.
  #spec() {
    const spec = new Map([["mode", this.#chosen("mode")]]);
    const rated = this.#chosen("often") === "rate";
    for (const [name, field] of this.#fields) {
      const left = (OF_RATE.includes(name) && !rated) || (OF_MIX.includes(name) && this.#blocks.get("mix").hidden);
      if (!left && field.value !== null)
        spec.set(name, field.value);
    }
    if (rated && !spec.has("rate"))
      spec.set("rate", FIRST_RATE);
    return spec;
  }

  #refresh() {
    this.#blocks.get("rate").hidden = this.#chosen("often") !== "rate";
    this.#blocks.get("mix").hidden = !this.#chosen("mode")?.startsWith("mix-");
    this.#fields.get("rate").control.placeholder = FIRST_RATE;
    this.command.show(curlOfForm("scenario", this.#spec()));
  }

  #submit(event) {
    event.preventDefault();
    this.#send(false);
  }

  async #send(dry) {
    const spec = this.#spec();
    if (dry)
      spec.set("dry_run", "true");
    this.#fields.forEach((field) => field.complain(""));
    this.answer.classList.remove("problem");
    try {
      const answer = await startScenario([...spec]);
      say(this.answer, dry ? foretold(answer.forecast) : text("started", { name: answer.name }));
      if (!dry)
        this.started(answer);
    } catch (error) {
      if (!(error instanceof Refusal))
        throw error;
      this.#refuse(error);
    }
  }

  // Each error at its field; those of no field beside the button.
  #refuse({ message, errors }) {
    const elsewhere = [];
    let first = null;
    for (const { pointer = "", detail } of errors) {
      const field = this.#fields.get(pointer.slice(1));
      field?.complain(detail);
      first ??= field ?? null;
      if (field === undefined)
        elsewhere.push(detail);
    }
    if (this.#blocks.get("more").contains(first?.element ?? null))
      this.#blocks.get("more").open = true;
    first?.control.focus();
    this.answer.classList.add("problem");
    say(this.answer, text("refused", { detail: elsewhere.join("; ") || message }));
  }
}

function modeWords(mode, pattern) {
  const name = `mode.${mode.slice(0, mode.length - pattern.length - 1)}`;
  return isText(name) ? text(name) : mode;
}

const foretold = (forecast) =>
  text("foretold", {
    start: number(forecast.tasks_per_start),
    leaked: number(forecast.leaked_per_start),
    heap: bytes(forecast.heap_bytes_per_start),
  });
