// Asks once a second: one question at a time, and none while nobody looks.
const EVERY_MS = 1000;

export class Poll {
  #timer = null; // null: a question is under way
  #again = false;

  // ask(): returns a promise, which must not be rejected.
  constructor(ask) {
    this.ask = ask;
    this.#run();
  }

  // Asks at once; where a question is under way, right after its answer.
  soon() {
    if (this.#timer === null) {
      this.#again = true;
      return;
    }
    clearTimeout(this.#timer);
    this.#run();
  }

  async #run() {
    this.#timer = null;
    this.#again = false;
    if (!document.hidden)
      await this.ask();
    this.#timer = setTimeout(() => this.#run(), this.#again ? 0 : EVERY_MS);
  }
}
