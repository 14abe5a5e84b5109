// What the page draws over time, panel by panel; names are keys of texts, of colours (page.css) and of legends.
import { bytes, number } from "./texts.js";

const LEAKED = { fillGraph: true, fillAlpha: 0.4, strokeWidth: 0.5 };
const EXPECTED = { strokeWidth: 1.5, strokePattern: [6, 4] };

// In the order in which lines are drawn: what is later lies above.
const CURVE = {
  name: "curve",
  axis: true,
  glyphs: true,
  whole: true,
  format: number,
  series: [
    { name: "leaked", count: (row) => row.leak && row.leak.leaked + row.fix.leaked + row.decoy.leaked, options: LEAKED },
    { name: "leak", count: (row) => row.leak?.tasks ?? null, options: { strokeWidth: 2.5 } },
    { name: "fix", count: (row) => row.fix?.tasks ?? null, options: { strokeWidth: 2.5 } },
    { name: "decoy", count: (row) => row.decoy?.tasks ?? null, options: { strokeWidth: 2 } },
    { name: "expected", count: (row) => row.leak && row.leak.expected_leaked + row.fix.expected_leaked, options: EXPECTED },
  ],
  legend: ["leaked", "leak", "expected", "fix", "decoy"],
};

const member = (name, options) => ({ name, count: (row) => row[name] ?? null, options });
const single = (name) => ({ name, whole: true, format: number, series: [member(name, { fillGraph: true, fillAlpha: 0.1 })], legend: [name] });

export const PANELS = [
  CURVE,
  {
    name: "heap",
    format: bytes,
    series: [member("resident"), member("allocated"), member("held", { strokeWidth: 2, fillGraph: true, fillAlpha: 0.2 })],
    legend: ["held", "allocated", "resident"],
  },
  single("tickers"),
  single("handles"),
  single("descriptors"),
  single("threads"),
];
