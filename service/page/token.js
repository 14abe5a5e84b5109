// The token that a daemon may want (--token-file), as the visitor gave it: kept by this tab, and gone with it.
const KEPT = "leaklab.token";
const FORM = /^[\w.~+/-]+=*$/; // RFC 6750, 2.1

function kept() {
  try {
    return sessionStorage.getItem(KEPT);
  } catch {
    return null; // a browser may forbid it
  }
}

function keep(text) {
  try {
    if (text === null)
      sessionStorage.removeItem(KEPT);
    else
      sessionStorage.setItem(KEPT, text);
  } catch {
    // then it lasts until the page is loaded again
  }
}

// Sends "change" when it is wanted for the first time, given, or forgotten.
class Token extends EventTarget {
  #text = kept();
  #wanted = false;

  get isKept() {
    return this.#text !== null;
  }

  // Whether the daemon wants one, as far as is known.
  get matters() {
    return this.#wanted || this.isKept;
  }

  get headers() {
    return this.isKept ? { Authorization: `Bearer ${this.#text}` } : {};
  }

  want() {
    if (!this.matters)
      this.#set(this.#text, true);
  }

  // False: no token can look like this.
  give(text) {
    if (!FORM.test(text))
      return false;
    this.#set(text, true);
    return true;
  }

  forget() {
    this.#set(null, true);
  }

  #set(text, wanted) {
    this.#text = text;
    this.#wanted = wanted;
    keep(text);
    this.dispatchEvent(new Event("change"));
  }
}

export const token = new Token();
