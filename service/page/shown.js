// The pattern that the page shows: the one that the address names (#recv), its words, and its place.
import { getPattern, getSteps, Refusal } from "./api.js";
import { make, say } from "./dom.js";
import { text } from "./texts.js";

const FIRST = "recv";

export const chosenName = () => {
  const hash = location.hash.slice(1);
  return /^[A-Za-z0-9][\w.-]*$/.test(hash) ? hash : null; // "#_curve" is a section
};

export class Shown {
  #asked = 0; // only the newest question may answer

  // head: takes title and words; place: a Place; heard(pattern): told of each pattern that is shown.
  constructor(head, place, heard) {
    this.head = head;
    this.place = place;
    this.heard = heard;
    this.name = null;
  }

  async show(name = chosenName() ?? this.name ?? FIRST) {
    const asked = ++this.#asked;
    try {
      const [pattern, steps] = await Promise.all([getPattern(name), getSteps(name)]);
      if (asked !== this.#asked)
        return;
      this.name = name;
      this.#tell(pattern);
      this.place.show(pattern, steps);
      this.heard(pattern);
    } catch (error) {
      if (!(error instanceof Refusal))
        throw error; // the daemon is away
      if (asked !== this.#asked)
        return;
      this.head.replaceChildren(make("p", { className: "problem", role: "alert" }, text("placeUnknown", { name })));
      this.place.clear();
    }
  }

  // Asks who stands where now.
  async poll() {
    const asked = this.#asked;
    if (this.name === null)
      return;
    const steps = await getSteps(this.name);
    if (asked === this.#asked)
      this.place.take(steps);
  }

  #tell(pattern) {
    const about = ["story", "signature", "remedy"].filter((name) => pattern[name]);
    const words = about.flatMap((name) => [make("dt", {}, text(`${name}Label`)), make("dd", { lang: "en" }, pattern[name])]);
    this.head.replaceChildren(
      make("h3", { lang: "en", id: "pattern-title" }, pattern.title, " ", make("code", {}, pattern.name)),
      make("dl", { className: "about" }, ...words));
    say(document.querySelector("title"), `${pattern.name} · leaklab`);
  }
}
