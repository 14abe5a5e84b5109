// A pattern of the visitor's own: pasted, checked with each message on its line, and added to the catalogue.
import { addPattern, checkPattern, Refusal } from "./api.js";
import { Command, curlOf } from "./curl.js";
import { find, make, say } from "./dom.js";
import { number, text } from "./texts.js";

const EXAMPLE = `pattern: mine
title: Nobody waits for the price any more
story: The page asks for prices and gives up after a while. The answers that come late have no reader.
remedy: Give the channel room for every answer.
params:
  n: {default: 100, unit: tasks, about: prices in one page}
  patience: {default: 10ms, about: how long the page waits}
share:
  prices: channel
leak:
  main:
    - spawn price * n
    - sleep patience
  price:
    - sleep 50ms
    - send prices
fix:
  share: {prices: channel n}
  main:
    - spawn price * n
    - sleep patience
  price:
    - sleep 50ms
    - send prices
expect: {leak: n, fix: 0}
`;

export class Own {
  // added(name): told of each pattern that has come into the catalogue.
  constructor(root, added) {
    this.added = added;
    this.area = find("own-text");
    this.gutter = make("ol", { className: "gutter", "aria-hidden": "true" });
    this.area.before(this.gutter);
    this.faults = make("ol", { id: "own-faults", className: "faults" });
    this.answer = make("p", { id: "own-answer", role: "status" });
    this.command = new Command("own-curl");
    this.command.show(curlOf("patterns", "-H", "Content-Type: application/yaml", "--data-binary", "@mine.yaml"));
    root.append(this.answer, this.faults, this.command.element);
    this.area.addEventListener("input", () => this.#changed());
    this.area.addEventListener("scroll", () => (this.gutter.scrollTop = this.area.scrollTop));
    find("own-check").addEventListener("click", () => this.#send(checkPattern, "checked"));
    find("own-add").addEventListener("click", () => this.#add());
    find("own-example").addEventListener("click", () => this.#fill(EXAMPLE));
    this.#changed();
  }

  #fill(source) {
    this.area.value = source;
    this.#changed();
    this.area.focus();
  }

  // What was said of an earlier text may be wrong of this one.
  #changed() {
    this.area.removeAttribute("aria-invalid");
    this.faults.replaceChildren();
    say(this.answer, "");
    this.#number(new Set());
  }

  #number(faulty) {
    const count = this.area.value.split("\n").length;
    if (this.gutter.childElementCount !== count)
      this.gutter.replaceChildren(...Array.from({ length: count }, (_, i) => make("li", {}, String(i + 1))));
    [...this.gutter.children].forEach((line, i) => line.classList.toggle("is-faulty", faulty.has(i + 1)));
    this.gutter.scrollTop = this.area.scrollTop;
  }

  // The pattern's name; null: it was refused.
  async #send(ask, success) {
    this.#changed();
    this.answer.classList.remove("problem");
    try {
      const { name } = await ask(this.area.value);
      say(this.answer, text(success, { name }));
      return name;
    } catch (error) {
      if (!(error instanceof Refusal))
        throw error;
      this.#refuse(error);
      return null;
    }
  }

  async #add() {
    const name = await this.#send(addPattern, "added");
    if (name !== null)
      this.added(name);
  }

  #refuse({ message, errors }) {
    this.answer.classList.add("problem");
    say(this.answer, errors.length > 1 ? text("faults", { count: number(errors.length) }) : message);
    this.area.setAttribute("aria-invalid", "true");
    this.#number(new Set(errors.map(({ line }) => line)));
    this.faults.replaceChildren(...errors.map((fault) => this.#fault(fault)));
  }

  #fault({ line, detail }) {
    if (line === undefined)
      return make("li", {}, detail);
    const go = make("button", { type: "button" }, text("fault", { line: number(line), detail }));
    go.addEventListener("click", () => this.#goTo(line));
    return make("li", {}, go, make("code", {}, this.area.value.split("\n")[line - 1]?.trim() ?? ""));
  }

  #goTo(line) {
    const before = this.area.value.split("\n").slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
    this.area.focus();
    this.area.setSelectionRange(before, before + (this.area.value.split("\n")[line - 1] ?? "").length);
    this.area.scrollTop = Math.max(this.gutter.children[line - 1].offsetTop - this.area.clientHeight / 2, 0);
  }
}
