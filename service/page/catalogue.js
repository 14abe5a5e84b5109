// All patterns, to be read and to be found; each opens in the place by its address (#recv).
import { find, make, say } from "./dom.js";
import { number, text } from "./texts.js";

const ABOUT = ["story", "signature", "remedy"];

function card(pattern) {
  const about = ABOUT.filter((name) => pattern[name]).flatMap((name) => [make("dt", {}, text(`${name}Label`)), make("dd", { lang: "en" }, pattern[name])]);
  const kind = pattern.own ? "yours" : pattern.modes.some((mode) => mode.startsWith("decoy-")) ? "mode.decoy" : null;
  return make("details", { className: "pattern" },
    make("summary", {}, make("span", { lang: "en", className: "name" }, pattern.title), " ", make("code", {}, pattern.name),
      kind === null ? null : make("span", { className: "badge" }, text(kind))),
    make("dl", {}, ...about),
    make("a", { href: `#${pattern.name}`, "aria-label": `${text("show")}: ${pattern.name}` }, text("show")));
}

export class Catalogue {
  #cards = []; // {element, words}

  constructor(root) {
    this.list = make("div", { className: "patterns" });
    this.count = make("p", { className: "quiet", role: "status" });
    root.append(this.count, this.list);
    this.search = find("search");
    this.search.addEventListener("input", () => this.#sift());
  }

  show(patterns) {
    this.#cards = patterns.map((pattern) => ({
      element: card(pattern),
      words: [pattern.name, pattern.title, ...ABOUT.map((name) => pattern[name] ?? "")].join(" ").toLowerCase(),
    }));
    this.list.replaceChildren(...this.#cards.map(({ element }) => element));
    this.#sift();
  }

  #sift() {
    const wanted = this.search.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const { element, words } of this.#cards)
      element.hidden = !wanted.every((word) => words.includes(word));
    say(this.count, text("found", { count: number(this.#cards.filter(({ element }) => !element.hidden).length) }));
  }
}
