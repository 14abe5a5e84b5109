// A crowd: every task that stands on a step as a dot, those that are leaked in red, so that two thousand tasks on one
// line look like two thousand tasks on one line.
const CELL_PX = 5;
const DOT_PX = 3.4;
const MOST_DOTS = 2500;

// How many tasks one dot stands for: 1, 10, 100, ...
export function perDot(tasks) {
  let each = 1;
  while (tasks / each > MOST_DOTS)
    each *= 10;
  return each;
}

const colour = (element, name) => getComputedStyle(element).getPropertyValue(name).trim();

// Fills a canvas, as wide as its style says and as high as the crowd needs. Others stand in the colour --crowd.
export function drawCrowd(canvas, tasks, leaked) {
  const each = perDot(tasks);
  const dots = Math.ceil(tasks / each);
  const red = Math.round(leaked / each);
  const width = Math.floor(canvas.clientWidth);
  const columns = Math.max(Math.floor(width / CELL_PX), 1);
  const height = Math.ceil(dots / columns) * CELL_PX;
  const scale = window.devicePixelRatio || 1;
  canvas.style.height = `${height}px`;
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const context = canvas.getContext("2d");
  context.scale(scale, scale);
  const colours = [colour(canvas, "--leaked"), colour(canvas, "--crowd")];
  for (let i = 0; i < dots; i++) {
    context.fillStyle = colours[i < red ? 0 : 1];
    context.beginPath();
    context.arc((i % columns) * CELL_PX + CELL_PX / 2, Math.floor(i / columns) * CELL_PX + CELL_PX / 2, DOT_PX / 2, 0, 2 * Math.PI);
    context.fill();
  }
}
