// Elements, made without markup: whatever a user chose as a name is text, and can be nothing else.
export const find = (id) => document.getElementById(id);

// make("p", { className: "quiet", "aria-live": "polite" }, "text", child, ...)
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === false)
      continue;
    if (name in element && name !== "spellcheck")
      element[name] = value;
    else
      element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

// Writes only what changes, so that screen readers are not told the same twice, and selections stay.
export function say(element, words) {
  if (element.textContent !== words)
    element.textContent = words;
}
