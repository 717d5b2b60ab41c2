// Uncram: a file is decoded before your eyes, and says of each token how sure the model was.
import {complain, count, element, get, lines, number, post, say, takesFiles} from "/server.js";
import {Chips, shown} from "/chips.js";

const $ = id => document.getElementById(id);

/** How sure: the same shades as while cramming. */
const SHADES = [0.1, 0.3, 0.7, 1.5, 3, 5, 8];
const shade = margin => SHADES.filter(from => margin >= from).length;

export class Uncram {
  constructor(info) {
    this.info = info;
    this.chips = new Chips($("uncram-text"));
    this.tokens = [];
    takesFiles($("drop-cram"), $("cram-file"), file => this.take(file).catch(complain));
    $("uncram-again").addEventListener("click", () => this.decode(this.id).catch(complain));
    $("uncram-play").addEventListener("click", () => location.hash = `#/play/${this.id}`);
    $("uncram-text").addEventListener("click", event => {
      const chip = event.target.closest("[data-token]");
      if (chip) this.choose(Number(chip.dataset.token));
    });
    $("uncram-text").addEventListener("keydown", event => {
      const step = {ArrowRight: 1, ArrowDown: 10, ArrowLeft: -1, ArrowUp: -10}[event.key];
      const to = event.key === "Home" ? 0 : event.key === "End" ? this.tokens.length - 1
        : step ? Math.max(0, Math.min(this.tokens.length - 1, (this.chosen ?? -1) + step)) : null;
      if (to === null || !this.tokens.length) return;
      event.preventDefault();
      this.choose(to);
      this.chips.follow(to);
    });
  }

  async take(file) {
    complain(null);
    if (file.size > this.info.limits.fileBytes) {
      throw new Error(`${file.name} has ${number(file.size)} bytes; at most ${number(this.info.limits.fileBytes)} are taken`);
    }
    const taken = await post("/api/files", {name: file.name}, file);
    if (location.hash === `#/uncram/${taken.id}`) await this.enter(taken.id);
    else location.hash = `#/uncram/${taken.id}`;
  }

  async enter(id) {
    const files = await get("/api/files");
    this.files = files;
    $("files").replaceChildren(...files.slice(0, 12).map(file => {
      const button = element("button", {type: "button", title: file.name}, `${file.id}. ${file.name}`);
      button.setAttribute("aria-pressed", String(file.id === id));
      button.addEventListener("click", () => {
        if (location.hash === `#/uncram/${file.id}`) this.decode(file.id).catch(complain);
        else location.hash = `#/uncram/${file.id}`;
      });
      return button;
    }));
    if (id) await this.decode(id);
    else if (!this.id) $("uncrammed").hidden = true;
  }

  leave() {
    this.abort?.abort();
  }

  async decode(id) {
    const file = this.files.find(one => one.id === id);
    if (!file) throw new Error("there is no such file here any more; drop it again");
    this.abort?.abort();
    const abort = this.abort = new AbortController();
    this.id = id;
    $("uncrammed").hidden = false;
    $("uncram-name").textContent = file.name;
    const vectors = file.segmentVectors.reduce((a, b) => a + b, 0);
    const total = file.segmentTokens.reduce((a, b) => a + b, 0);
    $("uncram-about").textContent =
      `${count(vectors, "vector")} of ${file.width} numbers for ${file.model}, ${file.precision}; ${count(total, "token")}, ${count(file.bytes, "byte")}; recipe ${file.recipe}, seed ${file.seed}`;
    $("uncram-state").textContent = "Opening the model";
    $("uncram-text").tabIndex = 0;
    this.chips.clear();
    this.chips.place.classList.toggle("large", total <= 120);
    this.tokens = [];
    this.chosen = null;
    $("token").replaceChildren(element("p", {className: "soft"}, "Click a token, or use the arrow keys: how sure was the model?"));
    this.waiting = [];
    const ended = new Promise(resolve => this.ended = resolve);
    await lines(`/api/files/${id}/decode`, {}, abort.signal, line => {
      if (this.abort === abort) this.heard(line, total);
    });
    if (this.abort === abort) await ended;
  }

  heard(line, total) {
    this.waiting.push(line);
    this.asked ??= requestAnimationFrame(() => this.draw(total));
  }

  draw(total) {
    this.asked = null;
    // Faster than the eye would be a pity, slower than the decoder a lie: a second or two at most.
    const most = Math.max(1, Math.ceil(total / 90));
    for (const line of this.waiting.splice(0, most)) {
      if (line.raw !== undefined) this.chips.addRaw(line.raw);
      else if (line.end) this.end(line);
      else this.add(line);
    }
    if (this.waiting.length) this.asked = requestAnimationFrame(() => this.draw(total));
    if (this.tokens.length < total) {
      $("uncram-state").replaceChildren(element("strong", {}, "Reading"), ` · ${number(this.tokens.length)} of ${count(total, "token")}`);
    }
  }

  add(token) {
    if (token.s > 0) this.chips.addSeam();
    const chip = this.chips.add(token.t, `t ${token.patched ? "p" : `s${shade(token.m)}`}`);
    chip.dataset.token = this.tokens.length;
    chip.id = `token-${this.tokens.length}`;
    chip.setAttribute("role", "option");
    chip.setAttribute("aria-selected", "false");
    this.chips.texts.push(token.t);
    this.tokens.push(token);
  }

  end(line) {
    const patched = this.tokens.filter(token => token.patched).length;
    const text = line.exact
      ? `The original came back, byte for byte: ${count(line.tokens, "token")}${patched ? `, ${number(patched)} of them patched` : ""}.`
      : line.message;
    $("uncram-state").replaceChildren(element(line.exact ? "strong" : "span", {className: line.exact ? "" : "bad-news"}, text));
    say(text);
    this.ended();
  }

  choose(index) {
    const token = this.tokens[index];
    if (!token) return;
    const before = this.chips.chips[this.chosen];
    before?.classList.remove("now");
    before?.setAttribute("aria-selected", "false");
    this.chosen = index;
    const chip = this.chips.chips[index];
    chip.classList.add("now");
    chip.setAttribute("aria-selected", "true");
    $("uncram-text").setAttribute("aria-activedescendant", chip.id);
    const odds = (text, p, second) => {
      const bar = element("div", {className: `meter ${second ? "second" : ""}`}, element("i"));
      bar.firstChild.style.transform = `scaleX(${p})`;
      return [element("b", {}, visible(text)), bar, element("span", {}, percent(p))];
    };
    $("token").replaceChildren(
      element("p", {className: "soft"}, `Token ${number(index + 1)} of ${number(this.tokens.length)}`),
      element("p", {className: "word"}, visible(token.t)),
      ...(token.patched
        ? [element("p", {}, "Patched: the vectors alone would have said"), element("div", {className: "odds"}, ...odds(token.u, token.q))]
        : [element("div", {className: "odds"}, ...odds(token.t, token.p), ...odds(token.u, token.q, true))]),
      element("dl", {className: "numbers"},
        ...[["probability", token.patched ? "–" : percent(token.p)], ["runner-up", percent(token.q)], ["margin, logits", number(token.m, 2)]]
          .map(([name, value]) => element("div", {}, element("dt", {}, name), element("dd", {}, value)))));
  }
}

const visible = text => shown(text).replace(/^ /, "␣").trimEnd() || "(part of a character)";
const percent = p => p > 0.999 ? ">99.9%" : p < 0.0005 ? "<0.1%" : `${(100 * p).toFixed(1)}%`;
