// A pattern's text as lines: which of them belong to which variant, and which lines of two variants are the same.
const ABOUT = new Set(["pattern", "title", "story", "remedy", "signature", "expect"]); // told elsewhere on the page
const MOST_PAIRS = 1e6; // that are compared

const isHead = (line) => /^\w+:\s*(#.*)?$/.test(line.text);

// {variants: Map of name to lines, shared: lines}, each line {line, text}. Null when the text is not laid out in
// blocks, as JSON is: then there is nothing to lay side by side.
export function splitSource(source, variants) {
  const blocks = new Map();
  let block = null;
  source.trimEnd().split("\n").forEach((text, i) => {
    const key = /^(\w+):/.exec(text)?.[1];
    if (key !== undefined)
      blocks.set(key, block = []);
    block?.push({ line: i + 1, text });
  });
  if (!variants.every((name) => blocks.has(name)))
    return null;
  const of = (name) => blocks.get(name).filter((line, i) => i > 0 || !isHead(line));
  const others = [...blocks.keys()].filter((key) => !ABOUT.has(key) && !variants.includes(key));
  return { variants: new Map(variants.map((name) => [name, of(name)])), shared: others.flatMap((key) => blocks.get(key)) };
}

export const allLines = (source) => source.trimEnd().split("\n").map((text, i) => ({ line: i + 1, text }));

// Lengths of the longest common subsequences of all tails of both.
function commonTails(left, right) {
  const lengths = Array.from({ length: left.length + 1 }, () => new Uint16Array(right.length + 1));
  for (let i = left.length - 1; i >= 0; i--)
    for (let j = right.length - 1; j >= 0; j--)
      lengths[i][j] = left[i].text === right[j].text ? lengths[i + 1][j + 1] + 1 : Math.max(lengths[i + 1][j], lengths[i][j + 1]);
  return lengths;
}

// Rows of {left, right, same}; where one side has no line for a row, it is null.
export function align(left, right) {
  const rows = [];
  const differing = { left: [], right: [] };
  const flush = () => {
    for (let i = 0; i < Math.max(differing.left.length, differing.right.length); i++)
      rows.push({ left: differing.left[i] ?? null, right: differing.right[i] ?? null, same: false });
    differing.left = [];
    differing.right = [];
  };
  const tails = left.length * right.length <= MOST_PAIRS ? commonTails(left, right) : null;
  let i = 0;
  let j = 0;
  while (tails && i < left.length && j < right.length) {
    if (left[i].text === right[j].text) {
      flush();
      rows.push({ left: left[i++], right: right[j++], same: true });
    } else if (tails[i + 1][j] >= tails[i][j + 1])
      differing.left.push(left[i++]);
    else
      differing.right.push(right[j++]);
  }
  differing.left.push(...left.slice(i));
  differing.right.push(...right.slice(j));
  flush();
  return rows;
}
