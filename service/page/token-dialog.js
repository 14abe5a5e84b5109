// Asks the visitor for the daemon's token: a dialog above all else, and a button in the head that opens it again.
import { find, make, say } from "./dom.js";
import { text } from "./texts.js";
import { token } from "./token.js";

export class TokenDialog {
  #asked = null; // {answer: Promise, settle}: somebody waits for it

  // root: a <dialog>; given(): told when the visitor has given one unasked.
  constructor(root, given) {
    this.root = root;
    this.why = make("p", { id: "token-why", className: "quiet", lang: "en" });
    this.field = make("input", { id: "token-text", type: "password", autocomplete: "off", spellcheck: "false", "aria-describedby": "token-help token-error" });
    this.error = make("p", { id: "token-error", className: "error", role: "alert" });
    this.forget = make("button", { type: "button", id: "token-forget" }, text("tokenForget"));
    this.later = make("button", { type: "button", id: "token-later" }, text("tokenLater"));
    const form = make("form", { noValidate: true },
      make("h2", { id: "token-title" }, text("tokenTitle")), this.why,
      make("label", { htmlFor: "token-text" }, text("tokenLabel")), this.field, this.error,
      make("p", { id: "token-help", className: "quiet" }, text("tokenHelp")),
      make("p", { className: "row" }, make("button", { type: "submit", className: "strong", id: "token-use" }, text("tokenUse")), this.later, this.forget));
    root.append(form);
    form.addEventListener("submit", (event) => this.#give(event));
    this.field.addEventListener("input", () => this.#complain(""));
    this.later.addEventListener("click", () => root.close());
    this.forget.addEventListener("click", () => this.#forget());
    root.addEventListener("close", () => root.open || this.#settle(false)); // it comes late: perhaps it is open again
    this.button = find("token");
    this.button.addEventListener("click", async () => (await this.ask("")) && given());
    token.addEventListener("change", () => this.#show());
    this.#show();
  }

  // True once the visitor has given a token, which may be another wrong one; false: they would rather not. why: what the daemon says.
  ask(why) {
    token.want();
    if (this.#asked === null) {
      this.#asked = {};
      this.#asked.answer = new Promise((settle) => (this.#asked.settle = settle));
      this.#complain("");
      this.field.value = "";
      this.root.showModal();
    }
    say(this.why, why);
    return this.#asked.answer;
  }

  #show() {
    this.button.hidden = !token.matters;
    this.forget.hidden = !token.isKept;
  }

  #complain(detail) {
    say(this.error, detail);
    this.field.setAttribute("aria-invalid", String(detail !== ""));
  }

  #give(event) {
    event.preventDefault();
    if (!token.give(this.field.value.trim())) {
      this.#complain(text("tokenForm"));
      this.field.focus();
      return;
    }
    this.#settle(true);
    this.root.close();
  }

  #forget() {
    token.forget();
    this.root.close();
  }

  #settle(given) {
    this.field.value = ""; // no longer than needed
    this.#asked?.settle(given);
    this.#asked = null;
  }
}
