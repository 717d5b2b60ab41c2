// Cram: a text goes into vectors while you watch.
import {complain, count, duration, element, get, number, post, say, takesFiles} from "/server.js";
import {Chips} from "/chips.js";
import {Curves, drawPath} from "/charts.js";

const EXAMPLE =
  "The garden gate stood open when she came home, and nobody could tell her who had been there. "
  + "On the table lay a letter, still sealed, and beside it a cup of tea that was warm.";

const STATES = {
  queued: "Waiting for its turn",
  opening: "Opening the model",
  running: "Cramming",
  stopped: "Stopped",
  verifying: "Reading it back",
  done: "Done",
  given_up: "Given up",
  failed: "Failed",
};

const SHORT = {queued: "Waiting", opening: "Opening", verifying: "Reading"};

const $ = id => document.getElementById(id);

export class Cram {
  constructor(info) {
    this.info = info;
    this.chips = new Chips($("job-text"));
    this.loss = new Curves($("loss-chart"), [{colour: "amber"}], (_, low, high) => [0, Math.max(0.1, high)]);
    this.accuracy = new Curves(
      $("accuracy-chart"),
      [{colour: "green", percent: true}, {colour: "blue", width: 1.4}],
      () => [0, 1.02]);
    this.setUp();
  }

  setUp() {
    const {info} = this;
    $("model").replaceChildren(...info.models.map(model => element("option", {value: model.name}, model.name)));
    $("recipe").replaceChildren(...info.recipes.map(name => element("option", {}, name)));
    $("vectors").max = info.mostVectors;
    const steps = () => $("steps").value = info.recipeSteps[$("recipe").selectedIndex];
    $("recipe").addEventListener("change", steps);
    steps();
    $("model").addEventListener("change", () => this.note());
    this.note();
    $("text").addEventListener("input", () => {
      this.file = null;
      this.measure();
    });
    $("example").addEventListener("click", () => {
      $("text").value = EXAMPLE;
      this.file = null;
      this.measure();
    });
    takesFiles($("drop-text"), $("text-file"), file => this.take(file));
    this.measure();
    $("compose").addEventListener("submit", event => {
      event.preventDefault();
      this.submit().catch(complain);
    });
    $("text").addEventListener("keydown", event => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) $("compose").requestSubmit();
    });
    for (const [button, action] of [["stop", "stop"], ["go-on", "go-on"], ["give-up", "give-up"]]) {
      $(button).addEventListener("click", () => post(`/api/jobs/${this.id}/${action}`).catch(complain));
    }
    $("again").addEventListener("click", async () => {
      try {
        const job = await post(`/api/jobs/${this.id}/again`, {seed: $("again-seed").value});
        location.hash = `#/cram/${job.id}`;
      } catch (e) {
        complain(e);
      }
    });
    document.addEventListener("visibilitychange", () => {
      if (!this.entered) return;
      // A hidden tab costs the job nothing; it catches up when it is seen again.
      if (document.hidden) this.close();
      else if (this.id) this.follow(this.id);
    });
    $("job-text").addEventListener("wheel", () => this.scrolled = performance.now(), {passive: true});
    $("job-text").addEventListener("pointerdown", () => this.scrolled = performance.now());
  }

  note() {
    const model = this.info.models[$("model").selectedIndex];
    $("model-note").textContent =
      `One vector of ${model.name} is ${count(model.embeddingSize, "number")}: by counting bits it can hold at most `
      + `${number(model.bound)} tokens. The text is cut into as many segments as it takes.`;
  }

  measure() {
    const bytes = this.file ? this.file.size : new TextEncoder().encode($("text").value).length;
    $("text-size").textContent =
      `${this.file ? `${this.file.name}, ` : ""}${number(bytes)} of at most ${number(this.info.limits.textBytes)} bytes`;
    $("go").disabled = bytes === 0 || bytes > this.info.limits.textBytes;
  }

  async take(file) {
    if (file.size > this.info.limits.textBytes) {
      complain(`${file.name} has ${number(file.size)} bytes; at most ${number(this.info.limits.textBytes)} are taken`);
      return;
    }
    complain(null);
    $("text").value = (await file.text()).slice(0, 20000);
    this.file = file;
    this.measure();
  }

  async submit() {
    complain(null);
    $("go").disabled = true;
    try {
      const job = await post(
        "/api/jobs",
        {
          name: this.file?.name,
          model: $("model").value,
          vectors: $("vectors").value,
          precision: $("precision").value,
          bits: $("vector-bits").value,
          recipe: $("recipe").value,
          steps: $("steps").value,
          seed: $("seed").value,
        },
        this.file ?? new Blob([$("text").value]));
      location.hash = `#/cram/${job.id}`;
    } finally {
      this.measure();
    }
  }

  async enter(id) {
    this.entered = true;
    clearInterval(this.polling);
    this.polling = setInterval(() => document.hidden || this.list().catch(() => {}), 2500);
    const jobs = await this.list();
    const running = jobs.find(job => ["opening", "running", "verifying"].includes(job.status));
    if (!location.hash && running) {
      location.replace(`#/cram/${running.id}`);
      return;
    }
    this.id = id ? Number(id) : null;
    $("compose").hidden = Boolean(this.id);
    $("job").hidden = !this.id;
    this.close();
    if (this.id) {
      this.mark(jobs);
      await this.find(this.id);
      this.follow(this.id);
    } else {
      $("text").focus({preventScroll: true});
    }
  }

  leave() {
    this.entered = false;
    clearInterval(this.polling);
    this.close();
  }

  async find(id) {
    try {
      this.head(await get(`/api/jobs/${id}`));
    } catch (e) {
      this.id = null;
      history.replaceState(null, "", "#/cram");
      $("compose").hidden = false;
      $("job").hidden = true;
      throw e;
    }
  }

  async list() {
    const jobs = await get("/api/jobs");
    this.mark(jobs);
    return jobs;
  }

  mark(jobs) {
    $("jobs-part").hidden = jobs.length === 0;
    const shown = JSON.stringify([this.id, jobs.map(job => [job.id, job.status])]);
    if (shown === this.listed) return;
    this.listed = shown;
    const fresh = element("li", {}, element("a", {href: "#/cram/new"}, element("span", {className: "dot"}, "new"), element("span", {className: "title"}, "Another text…"), ""));
    fresh.firstChild.href = "#/cram";
    $("jobs").replaceChildren(...(this.id ? [fresh] : []), ...jobs.map(job => {
      const link = element(
        "a", {href: `#/cram/${job.id}`},
        element("span", {className: `dot ${job.status}`}, SHORT[job.status] ?? STATES[job.status]),
        element("span", {className: "title"}, job.name),
        element("span", {className: "soft"}, job.outcome
          ? `${count(job.outcome.tokens, "token")} in ${count(job.outcome.vectors, "vector")}`
          : job.model));
      if (job.id === this.id) link.setAttribute("aria-current", "true");
      return element("li", {}, link);
    }));
  }

  close() {
    this.events?.close();
    this.events = null;
  }

  follow(id) {
    this.close();
    if (!id || !this.entered) return;
    const events = new EventSource(`/api/jobs/${id}/events`);
    this.events = events;
    events.addEventListener("snapshot", event => {
      const snapshot = JSON.parse(event.data);
      this.head(snapshot.job);
      this.whole(snapshot);
      if (["done", "given_up", "failed"].includes(snapshot.job.status)) events.close();
    });
    events.addEventListener("frame", event => this.frame(JSON.parse(event.data)));
    events.addEventListener("status", event => this.head(JSON.parse(event.data)));
  }

  head(job) {
    if (job.id !== this.id) return;
    const over = ["done", "given_up", "failed"].includes(job.status);
    this.status = job.status;
    $("job-name").textContent = job.name;
    $("job-about").textContent =
      `${job.model}, ${job.precision}, ${count(job.vectors, "vector")} a segment${job.bits < 32 ? ` of ${job.bits}-bit numbers` : ""}, recipe ${job.recipe}, seed ${job.seed}, ${count(job.bytes, "byte")}`;
    $("stop").hidden = over || job.status === "stopped";
    $("go-on").hidden = job.status !== "stopped";
    $("give-up").hidden = over;
    $("again-part").hidden = !over && job.status !== "stopped";
    if (this.seedOf !== job.id) {
      this.seedOf = job.id;
      $("again-seed").value = job.seed + 1;
    }
    this.state();
    if (job.status === "failed") {
      $("job-state").replaceChildren(element("span", {className: "bad-news"}, job.message));
      say(job.message);
    }
    this.outcome(job);
    this.list().catch(() => {});
  }

  whole(snapshot) {
    this.loss.clear();
    this.accuracy.clear();
    this.view = null;
    $("bound-part").hidden = !snapshot.view;
    if (!snapshot.view) {
      this.wait(snapshot.job);
      this.path = null;
      $("numbers").replaceChildren();
      this.draw(true);
      return;
    }
    const key = `${snapshot.job.id} ${snapshot.texts.length}`;
    if (this.texts !== key) {
      this.texts = key;
      this.scrolled = 0;
      this.chips.place.classList.toggle("large", snapshot.texts.length <= 120);
      this.chips.show(snapshot.texts, snapshot.raws);
    }
    this.path = null;
    this.frame(snapshot.view);
    this.draw(true);
  }

  /** Before the model has cut the text into tokens, the text itself. */
  wait(job) {
    this.texts = "";
    this.chips.show([], []);
    if (job.bytes > 20000 || ["failed", "given_up"].includes(job.status)) return;
    fetch(`/api/jobs/${job.id}/text`).then(answer => answer.text()).then(text => {
      if (!this.texts && this.id === job.id) {
        this.chips.place.classList.toggle("large", text.length <= 500);
        this.chips.show([text], []);
      }
    }).catch(() => {});
  }

  frame(view) {
    this.view = view;
    for (const stretch of view.levels) this.chips.paint(stretch.at, stretch.levels);
    this.chips.mark(view.firstWrong);
    this.loss.add(view.curve.step, view.curve.loss);
    this.accuracy.add(view.curve.step, view.curve.accuracy, view.curve.share);
    if (view.path) {
      this.path = view.path;
      this.newPath = true;
    }
    if (!this.asked) {
      this.asked = requestAnimationFrame(() => {
        this.asked = 0;
        this.draw(false);
      });
    }
  }

  draw(all) {
    const {view} = this;
    if (view) {
      this.numbers(view);
      this.state();
    }
    const now = performance.now();
    if (all || now - (this.drawn ?? 0) > 240) {
      this.drawn = now;
      this.loss.draw();
      this.accuracy.draw();
      if (all || this.newPath) {
        drawPath($("path"), this.path);
        this.newPath = false;
        $("path-note").textContent = this.path
          ? `in its own two principal components, which show ${number(100 * (this.path.shares[0] + this.path.shares[1]))}% of it`
          : "in its own two principal components";
      }
      if (view && now - (this.scrolled ?? 0) > 4000 && view.firstWrong < view.total) this.chips.follow(view.firstWrong);
    }
    if (view && now - (this.spoken ?? 0) > 5000 && this.status === "running") {
      this.spoken = now;
      say(`${number(view.right)} of ${count(view.total, "token")} right`);
    }
  }

  numbers(view) {
    const underWay = view.segments.filter(segment => !segment.settled);
    const rows = [
      ["step", underWay.length ? underWay.map(s => number(s.steps)).join(" + ") : number(view.steps)],
      ["steps a second", underWay.length ? number(view.stepsPerSecond) : "–"],
      ["time", duration(view.seconds)],
      ["loss, nats", underWay.length ? number(view.loss, 3) : "–"],
      ["smallest margin", underWay.length ? number(view.margin, 2) : "–"],
      [view.leftAtMost ? "left, at most" : "left, about", view.left < 0 || !underWay.length ? "–" : duration(view.left)],
    ];
    const list = $("numbers");
    if (list.children.length !== rows.length) {
      list.replaceChildren(...rows.map(([name]) => element("div", {}, element("dt", {}, name), element("dd", {}, ""))));
    }
    rows.forEach(([name, value], i) => {
      const [term, data] = list.children[i].children;
      if (term.textContent !== name) term.textContent = name;
      if (data.textContent !== value) data.textContent = value;
    });
    const used = Math.min(1, view.used);
    const bar = $("bound");
    bar.firstChild.style.transform = `scaleX(${used})`;
    bar.setAttribute("aria-valuenow", (100 * used).toFixed(1));
    const held = view.vectors ? view.used * this.bound() : 0;
    $("bound-label").textContent =
      `${number(held, 1)} of at most ${number(this.bound())} tokens a vector: ${number(100 * view.used, 1)}% of the theoretical bound`;
  }

  bound() {
    const about = $("job-about").textContent;
    const model = this.info.models.find(one => about.startsWith(one.name + ","));
    return model?.bound ?? 1;
  }

  state() {
    const {view} = this;
    const state = STATES[this.status];
    if (this.status === "failed") return;
    const parts = [element("strong", {}, state)];
    if (view && this.status !== "queued" && this.status !== "opening") {
      parts.push(` · ${number(view.right)} of ${count(view.total, "token")} right, in ${count(view.vectors, "vector")}`);
      const segments = view.segments.filter(segment => !segment.settled).length;
      if (segments > 1) parts.push(`, ${segments} segments at a time`);
    }
    const text = parts.map(part => part.textContent ?? part).join("");
    if ($("job-state").textContent !== text) $("job-state").replaceChildren(...parts);
  }

  outcome(job) {
    const place = $("outcome");
    place.hidden = !job.outcome;
    if (!job.outcome || this.told === job.id) return;
    this.told = job.id;
    const o = job.outcome;
    const verdict = !o.exact
      ? "Read back, it is not the same text."
      : o.patches === 0
        ? `Exact: ${count(o.tokens, "token")} came back from ${count(o.vectors, "vector")}, byte for byte.`
        : `Exact, with ${count(o.patches, "patched token")}: ${count(o.tokens, "token")} came back from ${count(o.vectors, "vector")}.`;
    const row = (name, value) => element("div", {}, element("dt", {}, name), element("dd", {}, value));
    const most = Math.max(...o.sizes.map(size => size.bytes));
    const sizes = element("div", {className: "sizes"});
    for (const size of o.sizes) {
      const bar = element("i", {className: size.name.includes("vectors") || size.name.includes(".cram") ? "ours" : ""});
      bar.style.width = `${Math.max(0.5, 100 * size.bytes / most)}%`;
      sizes.append(element("span", {}, size.name), bar, element("span", {}, `${number(size.bitsPerCharacter, 1)} bits a character`));
    }
    sizes.append(element("p", {className: "soft"}, "It is no way to make files smaller, and the model comes on top: it shows what one input can hold."));
    place.replaceChildren(
      element("div", {},
        element("p", {className: `verdict ${o.exact ? "yes" : "no"}`}, verdict),
        element("dl", {className: "numbers"},
          row("tokens a vector", number(o.tokensPerVector, 1)),
          row("Information Gain", `${number(o.informationGain)} bits`),
          row("Token Gain", `${count(o.tokenGain, "token")}`),
          row("capacity utilisation", `${number(100 * o.utilisation, 1)}%`),
          row("smallest margin", number(o.margin, 2)),
          row("characters", number(o.characters))),
        element("p", {className: "downloads"},
          element("a", {href: `/api/jobs/${job.id}/file.cram`, download: "", id: "download-cram"}, "Download .cram"),
          element("a", {href: `/api/jobs/${job.id}/vectors.npy`, download: "", id: "download-npy"}, "Vectors as .npy"),
          element("a", {href: `#/uncram/${job.specimen}`}, "Uncram it"),
          element("a", {href: `#/play/${job.specimen}`}, "Play with it"))),
      sizes);
    say(verdict);
  }
}
