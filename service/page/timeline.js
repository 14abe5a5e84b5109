// What the page has been told of the past, in the time of the wall clock. It outlives a restart of the daemon: what was
// before stays, behind a gap and a mark.
const COUNTS = ["tasks", "leaked", "expected_leaked"];
const VARIANTS = ["leak", "fix", "decoy"];
// Of the whole process: column of the answer by member of a row.
const COLUMNS = {
  held: "heap_held_bytes",
  allocated: "heap_allocated_bytes",
  resident: "heap_resident_bytes",
  tickers: "tickers",
  handles: "handles",
  descriptors: "descriptors",
  threads: "threads",
};

export class Timeline {
  constructor() {
    this.rows = []; // {at, leak: {tasks, leaked, expected_leaked}, fix, decoy, held, ...}; null counts: a gap
    this.marks = []; // {at, what, name, mode}; what is also "restarted"
    this.boot = null;
    this.next = null;
    this.keepsMs = 3600 * 1000;
  }

  // Takes an answer of GET /timeline.
  take(answer) {
    const restarted = this.boot !== null && this.boot !== answer.boot;
    // Behind what was there before, also where somebody has set back the clock meanwhile.
    if (this.boot !== answer.boot)
      this.began = Math.max(answer.began_unix_ms, (this.last?.at ?? 0) + 2);
    if (restarted)
      this.#restart();
    else if (answer.whole)
      this.#forget();
    this.boot = answer.boot;
    this.next = answer.next;
    this.keepsMs = answer.keeps_seconds * 1000;
    answer.at_ms.forEach((at, i) => this.#push(this.began + at, answer, i));
    for (const mark of answer.marks)
      this.marks.push({ ...mark, at: this.began + mark.at_ms });
    this.heardMs = answer.at_ms.length > 0 ? answer.at_ms.at(-1) : this.heardMs;
    this.behindMs = answer.now_ms - this.heardMs;
    this.#cut();
  }

  get last() {
    return this.rows.at(-1) ?? null;
  }

  get decoys() {
    return this.rows.some((row) => row.decoy?.tasks > 0);
  }

  #push(at, answer, i) {
    const row = { at };
    for (const variant of VARIANTS)
      row[variant] = Object.fromEntries(COUNTS.map((count) => [count, answer[variant][count][i]]));
    for (const [member, column] of Object.entries(COLUMNS))
      row[member] = answer[column]?.[i] ?? null;
    if (this.rows.length === 0 || at > this.last.at)
      this.rows.push(row);
  }

  #restart() {
    if (this.last !== null)
      this.rows.push({ at: this.last.at + 1, leak: null, fix: null, decoy: null });
    this.marks.push({ at: this.began, what: "restarted", name: "", mode: "" });
  }

  #forget() {
    this.rows = [];
    this.marks = [];
  }

  #cut() {
    const from = (this.last?.at ?? 0) - this.keepsMs;
    const first = this.rows.findIndex((row) => row.at >= from);
    this.rows.splice(0, Math.max(first, 0));
    this.marks = this.marks.filter((mark) => mark.at >= from);
  }
}
