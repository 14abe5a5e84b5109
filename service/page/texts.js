// Every text of the page, by language and name; {braces} are filled in. Nothing else in these modules says anything.
const TEXTS = {
  en: {
    story: "A task leak is a task that waits for something that will never come: memory creeps up, the CPU stays low, and " +
      "only a restart hides it. Here is one beside the same work with the bug fixed.",
    curveTitle: "Tasks",
    marksTitle: "What happened",
    minutes: "5 minutes",
    hour: "1 hour",
    pause: "Pause",
    leak: "with the bug",
    leaked: "of them leaked, says the judge",
    expected: "expected to be leaked",
    fix: "fixed",
    decoy: "decoys",
    empty: "Nothing runs yet. Start a leak and its fixed twin:",
    noMarks: "Nothing yet.",
    connecting: "Connecting …",
    live: "Live: once a second.",
    paused: "Paused at {time}.",
    lost: "Lost contact with the daemon at {time}. Trying again once a second.",
    stalled: "The lab is stalled: it has not been heard of for {seconds} s.",
    restarted: "the daemon was started again",
    mark: "{mode} “{name}” {what}",
    "what.started": "started",
    "what.completed": "is done: its owner has left",
    "what.cancelled": "was cancelled",
    "what.expired": "is over: its duration has passed",
    "what.capped": "was ended by a limit",
    "what.leaked": "has leaked: tasks are still there",
    "what.reclaimed": "was reclaimed",
    "what.finished": "finished, nothing is left",
    "what.reset": "Reset: everything was cancelled and reclaimed",
    more: "More",
    tasksLink: "Which tasks, and why",
    metricsLink: "Metrics",
    patternsLink: "Catalogue",
    apiLink: "API",
    chartsLink: "Charts: dygraphs",
  },
};

export const language = "en";

export function text(name, values = {}) {
  return TEXTS[language][name].replace(/\{(\w+)\}/g, (_, key) => values[key]);
}

const numbers = new Intl.NumberFormat(language);
const times = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });

export const number = (value) => numbers.format(value);
export const clock = (ms) => times.format(new Date(ms));

// Fills in what the page says by itself.
export function fillTexts(root) {
  for (const element of root.querySelectorAll("[data-text]"))
    element.textContent = text(element.dataset.text);
  for (const element of root.querySelectorAll("[data-label]"))
    element.setAttribute("aria-label", text(element.dataset.label));
}
