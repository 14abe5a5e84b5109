// The same as a button does, for a terminal: one line of curl, and a button that copies it.
import { make, say } from "./dom.js";
import { text } from "./texts.js";
import { token } from "./token.js";

const BEARER = 'curl -H "Authorization: Bearer $LEAKLAB_TOKEN"'; // what the shell knows, and no page need show

const quote = (word) => (/^[\w.,:/?=@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);
const address = (path) => quote(new URL(path, location.href.split("#")[0]).href);

export const curlOf = (path, ...options) => ["curl", ...options.map(quote), address(path)].join(" ");

// Fields as a form sends them; what a form would read otherwise is encoded.
export function curlOfForm(path, fields) {
  const options = [...fields].flatMap(([name, value]) => [/[%&+;=\s]/.test(value) ? "--data-urlencode" : "-d", `${name}=${value}`]);
  return curlOf(path, ...options);
}

// The line as it is to be typed: with the token where the daemon wants one.
export const typed = (line) => (token.matters ? line.replace(/^curl/gm, BEARER) : line);

async function copyText(element) {
  try {
    await navigator.clipboard.writeText(element.textContent);
    return "copied";
  } catch { // no secure origin, or forbidden
    getSelection().selectAllChildren(element);
    return document.execCommand("copy") ? "copied" : "copyFailed";
  }
}

export class Command {
  #line = "";

  constructor(id) {
    this.code = make("code", { id });
    this.state = make("span", { className: "quiet", role: "status" });
    const copy = make("button", { type: "button", className: "copy" }, text("copy"));
    copy.addEventListener("click", async () => say(this.state, text(await copyText(this.code))));
    this.element = make("div", { className: "command" },
      make("p", { className: "label" }, text("equivalent")),
      make("pre", { tabIndex: 0, role: "group", "aria-label": text("equivalent") }, this.code), make("p", { className: "row" }, copy, this.state));
    token.addEventListener("change", () => this.show(this.#line));
  }

  show(line) {
    this.#line = line;
    say(this.state, "");
    say(this.code, typed(line));
  }
}
