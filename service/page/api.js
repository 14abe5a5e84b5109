// The daemon, as the page asks it. Every address is relative, so that a proxy may put the page anywhere.
const PATIENCE_MS = 5000;

export async function getJson(path) {
  const answer = await fetch(path, {
    headers: { Accept: "application/json" },
    cache: "no-store",
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  if (!answer.ok)
    throw new Error(`${path}: ${answer.status}`);
  return answer.json();
}

export const getTimeline = (since) =>
  getJson(since ? `timeline?since=${encodeURIComponent(since)}` : "timeline");
