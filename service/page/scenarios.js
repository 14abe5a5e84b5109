// The table of scenarios, newest first, with what can be done to each, and the receipt of what was done last.
import { cancelScenario, reclaimScenario, Refusal, resetAll } from "./api.js";
import { Command, curlOf } from "./curl.js";
import { find, make, say } from "./dom.js";
import { bytes, number, span, text } from "./texts.js";

const SHOWN = 30;
const COLUMNS = ["Name", "Mode", "State", "Live", "Leaked", "Heap", "Age", "Do"];
const COUNTS = ["tasks_told", "tasks_ended", "tasks_reclaimed", "tasks_left"];
const SIZES = ["bytes_freed", "bytes_held"];

const path = (name) => `scenario/${encodeURIComponent(name)}`;
const ACTIONS = {
  cancel: { act: cancelScenario, curl: (name) => curlOf(path(name), "-X", "DELETE") },
  reclaim: { act: reclaimScenario, curl: (name) => curlOf(`${path(name)}?reclaim=true`, "-X", "DELETE") },
  reset: { act: resetAll, curl: () => curlOf("reset", "-X", "POST") },
};

const ended = (scenario) => scenario.state === "finished";
const words = {
  Name: ({ name }) => name,
  Mode: ({ mode }) => mode,
  State: ({ state, cause }) => (cause ? text("because", { state: text(`state.${state}`), cause: text(`cause.${cause}`) }) : text(`state.${state}`)),
  Live: ({ tasks }) => number(tasks.live),
  Leaked: ({ leaked }) => number(leaked.stuck + leaked.endless),
  Heap: ({ heap_bytes: heap }) => bytes(heap),
  Age: ({ age_seconds: age }) => span(age),
};

export class Scenarios {
  #rows = new Map(); // by name: {element, cells, buttons}

  // changed(): told when something was done.
  constructor(root, changed) {
    this.changed = changed;
    this.body = make("tbody", { role: "rowgroup", id: "scenario-rows" });
    const heads = COLUMNS.map((column) => make("th", { scope: "col", role: "columnheader" }, text(`scenario${column}`)));
    // Roles are said, since a table that is laid out as cards on a phone would lose them.
    this.table = make("table", { role: "table", "aria-labelledby": "scenarios-title", hidden: true },
      make("thead", { role: "rowgroup" }, make("tr", { role: "row" }, ...heads)), this.body);
    this.none = make("p", { className: "quiet" }, text("noScenarios"));
    this.older = make("p", { className: "quiet", hidden: true });
    this.receipt = make("div", { id: "receipt", className: "receipt", role: "status" });
    this.command = new Command("scenario-curl");
    this.command.show(curlOf("scenario"));
    root.append(this.none, this.table, this.older, this.receipt, this.command.element);
    this.#listen(find("reset"), "reset", "");
  }

  // What GET /scenario answers.
  show({ scenarios }) {
    this.none.hidden = scenarios.length > 0;
    this.table.hidden = scenarios.length === 0;
    this.older.hidden = scenarios.length <= SHOWN;
    say(this.older, text("moreScenarios", { count: number(Math.max(scenarios.length - SHOWN, 0)) }));
    const seen = new Set();
    scenarios.slice(0, SHOWN).forEach((scenario, i) => {
      seen.add(scenario.name);
      const row = this.#rows.get(scenario.name) ?? this.#add(scenario.name);
      this.#fill(row, scenario);
      if (this.body.children[i] !== row.element)
        this.body.insertBefore(row.element, this.body.children[i] ?? null);
    });
    for (const [name, { element }] of this.#rows)
      if (!seen.has(name)) {
        element.remove();
        this.#rows.delete(name);
      }
  }

  #add(name) {
    const cells = Object.fromEntries(COLUMNS.map((column) => [column, make("td", { role: "cell", "data-label": text(`scenario${column}`), className: `cell-${column}` })]));
    const buttons = Object.fromEntries(["cancel", "reclaim"].map((what) => [what, this.#button(what, name)]));
    cells.Do.append(buttons.cancel, buttons.reclaim);
    const row = { cells, buttons, element: make("tr", { role: "row" }, ...Object.values(cells)) };
    this.#rows.set(name, row);
    return row;
  }

  #fill({ cells, buttons, element }, scenario) {
    for (const [column, tell] of Object.entries(words))
      say(cells[column], tell(scenario));
    element.className = `is-${scenario.state} of-${scenario.variant}`;
    cells.Leaked.classList.toggle("is-leaked", scenario.leaked.stuck + scenario.leaked.endless > 0);
    buttons.cancel.disabled = !["starting", "running"].includes(scenario.state);
    buttons.reclaim.disabled = ended(scenario);
  }

  #button(what, name) {
    const button = make("button", { type: "button", className: what, "aria-label": text(`${what}Of`, { name }) }, text(what));
    this.#listen(button, what, name);
    return button;
  }

  // The line below the table is that of the button that one is about to press.
  #listen(button, what, name) {
    const tell = () => this.command.show(ACTIONS[what].curl(name));
    button.addEventListener("pointerenter", tell);
    button.addEventListener("focus", tell);
    button.addEventListener("click", () => this.act(what, name));
  }

  // Does it, and shows the receipt; false: it was refused.
  async act(what, name = "") {
    this.command.show(ACTIONS[what].curl(name));
    let answer = null;
    try {
      answer = await ACTIONS[what].act(name);
    } catch (error) {
      if (!(error instanceof Refusal))
        throw error;
      this.receipt.replaceChildren(make("p", { className: "problem" }, text("failed", { detail: error.message })));
      return false;
    }
    this.#showReceipt(what, name, answer);
    this.changed();
    return true;
  }

  #showReceipt(what, name, { receipt, scenarios }) {
    const lines = [...COUNTS.map((key) => [key, number]), ...SIZES.map((key) => [key, bytes])].filter(([key]) => key in receipt);
    this.receipt.replaceChildren(
      make("h3", {}, text(`receipt.${what}`, { name, count: number(scenarios ?? 0) })),
      make("dl", {}, ...lines.map(([key, format]) =>
        make("div", { className: `receipt-${key}${key === "tasks_left" && receipt[key] > 0 ? " is-leaked" : ""}` },
          make("dt", {}, text(key)), make("dd", {}, format(receipt[key]))))));
  }
}
