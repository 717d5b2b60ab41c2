// Play: vectors are moved, and decoded at once.
import {complain, count, element, get, lines, number} from "/server.js";
import {Chips} from "/chips.js";

const $ = id => document.getElementById(id);

export class Play {
  constructor() {
    this.chips = new Chips($("play-text"));
    this.seed = 1;
    for (const id of ["noise", "mix"]) $(id).addEventListener("input", () => this.changed());
    for (const id of ["bits", "play-b", "swap-to", "swap-from"]) $(id).addEventListener("change", () => this.changed());
    $("play-a").addEventListener("change", () => this.changed(true));
    $("play-b").addEventListener("change", () => this.vectors());
    $("noise-again").addEventListener("click", () => {
      this.seed++;
      if (Number($("noise").value) === 0) $("noise").value = 20;
      this.changed();
    });
    $("play-reset").addEventListener("click", () => {
      $("moves").reset();
      this.choose(this.a);
      this.changed();
    });
    $("moves").addEventListener("submit", event => event.preventDefault());
  }

  async enter(a, b) {
    this.files = await get("/api/files");
    $("play-empty").hidden = this.files.length > 0;
    $("play-ground").hidden = this.files.length === 0;
    if (!this.files.length) return;
    this.choose(a ?? this.a, b);
    this.changed(true);
  }

  leave() {
    this.abort?.abort();
    this.next = false;
  }

  choose(a, b) {
    const options = () => this.files.map(file => element("option", {value: file.id}, `${file.id}. ${file.name}`));
    $("play-a").replaceChildren(...options());
    if (this.files.some(file => file.id === a)) $("play-a").value = a;
    this.a = $("play-a").value;
    $("play-b").replaceChildren(...options());
    const other = this.files.find(file => file.id !== this.a && file.width === this.file().width) ?? this.files[0];
    $("play-b").value = b ?? other.id;
    this.vectors();
  }

  file(id = $("play-a").value) {
    return this.files.find(file => file.id === id);
  }

  vectors() {
    const options = (file, first) => [
      ...first,
      ...file.segmentVectors.flatMap((vectors, segment) =>
        Array.from({length: vectors}, (_, vector) =>
          element("option", {value: `${segment}.${vector}`},
            vectors > 1 ? `segment ${segment + 1}, vector ${vector + 1}` : `vector ${segment + 1}`))).slice(0, 500)];
    $("swap-to").replaceChildren(...options(this.file(), [element("option", {value: ""}, "none")]));
    $("swap-from").replaceChildren(...options(this.file($("play-b").value), []));
  }

  /** Decodes again; while that is under way, only the latest change waits. */
  changed(other = false) {
    if (other) {
      this.a = $("play-a").value;
      this.vectors();
    }
    $("noise-out").textContent = `${$("noise").value}% of its size`;
    $("mix-out").textContent = `${$("mix").value}%`;
    this.next = true;
    if (!this.busy) this.run();
    else if (performance.now() - this.started > 700) this.abort.abort();
  }

  async run() {
    this.busy = true;
    try {
      while (this.next) {
        this.next = false;
        this.started = performance.now();
        complain(null);
        await this.decode();
      }
    } catch (e) {
      if (e.name !== "AbortError") {
        complain(e);
        $("play-state").textContent = "";
      }
    } finally {
      this.busy = false;
      if (this.next) this.run();
    }
  }

  async decode() {
    const swap = $("swap-to").value;
    const [segment, vector] = swap ? swap.split(".") : [];
    const [fromSegment, fromVector] = swap ? $("swap-from").value.split(".") : [];
    const mixes = Number($("mix").value) > 0;
    const parameters = {
      a: $("play-a").value,
      b: mixes || swap ? $("play-b").value : null,
      noise: Number($("noise").value) / 100,
      seed: this.seed,
      bits: document.querySelector("#bits input:checked").value,
      mix: Number($("mix").value) / 100,
      swap: swap ? 1 : null,
      segment,
      vector,
      fromSegment,
      fromVector,
    };
    const total = this.file().segmentTokens.reduce((a, b) => a + b, 0);
    this.chips.place.classList.toggle("large", total <= 120);
    const abort = this.abort = new AbortController();
    let at = 0;
    let broken = false;
    let first = "";
    if (this.shownOf !== parameters.a) {
      this.chips.clear();
      this.shownOf = parameters.a;
    }
    await lines("/api/play", parameters, abort.signal, line => {
      if (line.preparing) return;
      if (line.end) {
        this.chips.cut(at);
        this.state(line, first, mixes && this.asB);
        return;
      }
      const isFirst = !line.ok && !broken;
      broken ||= !line.ok;
      const looks = line.ok ? `t r${Math.min(7, 2 + Math.floor(line.m))}` : line.b ? "t other" : "t bad";
      if (isFirst) first = line.t;
      this.put(at++, line.t, looks + (isFirst ? " first" : ""), line.s > 0);
      this.asB = (at === 1 ? 0 : this.asB) + (line.b ? 1 : 0);
    });
  }

  put(at, text, looks, seam) {
    if (seam && at >= this.chips.chips.length) this.chips.addSeam();
    this.chips.put(at, text, looks);
    this.chips.texts[at] = text;
  }

  state(end, first, asB) {
    const state = $("play-state");
    if (end.firstBreak < 0) {
      state.replaceChildren(element("strong", {}, "It holds"), `: all ${count(end.tokens, "token")} as they were.`);
    } else {
      state.replaceChildren(
        element("span", {className: "bad-news"}, `It breaks at token ${number(end.firstBreak + 1)}`),
        `, with “${first.trim() || "…"}”; ${number(end.right)} of ${count(end.tokens, "token")} are as they were`
        + (asB ? `, ${number(asB)} as in B.` : "."));
    }
  }
}
