// The daemon, as the page asks it. Every address is relative, so that a proxy may put the page anywhere.
import { text } from "./texts.js";
import { token } from "./token.js";

const PATIENCE_MS = 10000;

// Thrown when the daemon does not do what it was asked: detail says why, errors are {pointer or line, detail}.
export class Refusal extends Error {
  constructor(problem) {
    super(problem.detail);
    this.errors = problem.errors ?? [];
    this.wantsToken = problem.status === 401;
  }
}

let askVisitor = async () => false;

// ask(detail): asked for a token when something that the visitor does wants one; whether there is another one now.
export const askForTokensBy = (ask) => (askVisitor = ask);

async function ask(path, options = {}) {
  const answer = await fetch(path, {
    ...options,
    headers: { Accept: "application/json", ...token.headers, ...options.headers },
    cache: "no-store",
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  if (answer.ok)
    return answer.json();
  let problem;
  try {
    problem = await answer.json();
  } catch {
    problem = { detail: `${path}: ${answer.status}`, status: answer.status };
  }
  throw new Refusal(problem);
}

async function act(path, options) {
  for (;;)
    try {
      return await ask(path, options);
    } catch (error) {
      const refusal = error instanceof Refusal ? error : new Refusal({ detail: text("noAnswer") });
      if (!refusal.wantsToken || !(await askVisitor(refusal.message)))
        throw refusal;
    }
}

const part = encodeURIComponent;

export const getTimeline = (since) => ask(since ? `timeline?since=${part(since)}` : "timeline");
export const getCatalogue = () => ask("patterns");
export const getPattern = (name) => ask(`patterns/${part(name)}`);
export const getSteps = (name) => ask(`patterns/${part(name)}/steps`);
export const getScenarios = () => ask("scenario");

// spec: pairs of name and text, sent as a form sends them.
export const startScenario = (spec) => act("scenario", { method: "POST", body: new URLSearchParams(spec) });
export const cancelScenario = (name) => act(`scenario/${part(name)}`, { method: "DELETE" });
export const reclaimScenario = (name) => act(`scenario/${part(name)}?reclaim=true`, { method: "DELETE" });
export const resetAll = () => act("reset", { method: "POST" });
function sendPattern(path, source) {
  const type = source.trimStart().startsWith("{") ? "application/json" : "application/yaml";
  return act(path, { method: "POST", headers: { "Content-Type": type }, body: source });
}
export const checkPattern = (source) => sendPattern("patterns?dry_run=true", source);
export const addPattern = (source) => sendPattern("patterns", source);
