// One field of the form, made from what GET /patterns says of it: label, bounds, unit, help, and what is wrong with it.
import { make, say } from "./dom.js";
import { number, text } from "./texts.js";

const written = (value) => (typeof value === "number" ? number(value) : value);

function hints({ unit, min, max, default: fallback }) {
  const parts = [];
  if (unit)
    parts.push(unit);
  if (min !== undefined && max !== undefined)
    parts.push(text("bounds", { min: written(min), max: written(max) }));
  if (fallback !== null && fallback !== undefined && fallback !== "")
    parts.push(text("defaultIs", { value: fallback }));
  return parts.join(" · ");
}

function control(spec, id) {
  const attributes = { id, name: spec.name, "aria-describedby": `${id}-help ${id}-error` };
  if (spec.choices)
    return make("select", attributes, ...spec.choices.map((choice) => make("option", { value: choice, selected: choice === spec.default }, choice)));
  const numeric = spec.type === "count";
  return make("input", { ...attributes, type: "text", autocomplete: "off", spellcheck: "false", inputMode: numeric ? "numeric" : "text", placeholder: String(spec.default ?? "") });
}

export class Field {
  constructor(spec) {
    this.spec = spec;
    const id = `field-${spec.name}`;
    this.control = control(spec, id);
    this.error = make("p", { className: "error", id: `${id}-error` });
    const help = make("p", { className: "help", id: `${id}-help` }, make("span", { lang: "en" }, spec.about ?? ""), make("span", { className: "hints" }, hints(spec)));
    this.element = make("div", { className: "field" }, make("label", { htmlFor: id }, make("code", {}, spec.name)), this.control, this.error, help);
    this.control.addEventListener("input", () => this.complain(""));
  }

  // What the user set; null: the default, which needs no saying.
  get value() {
    const value = this.control.value.trim();
    return value === "" || (this.spec.choices && value === this.spec.default) ? null : value;
  }

  complain(detail) {
    say(this.error, detail);
    if (detail === "")
      this.control.removeAttribute("aria-invalid");
    else
      this.control.setAttribute("aria-invalid", "true");
  }
}
