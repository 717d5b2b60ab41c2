// The tokens of a text as chips, painted by one character each (see Levels.java).

const CLASSES = {".": "t u", ",": "t q", "P": "t p"};
for (let i = 0; i < 8; i++) {
  CLASSES[String.fromCharCode(97 + i)] = `t r${i}`;
  CLASSES[String.fromCharCode(65 + i)] = `t s${i}`;
}
for (let i = 0; i < 6; i++) CLASSES[String(i)] = `t w${i}`;

/** Chips stand in blocks, so that the browser lays out only those in sight. */
const BLOCK = 400;
const AT_ONCE = 600;

/** What a token looks like: an empty one (part of a character) and line ends must be seen, too. */
export function shown(text) {
  return text === "" ? "\u200b" : text.replaceAll("\n", "↵\n").replaceAll("\t", "⇥\t");
}

function write(chip, text) {
  const word = text.replace(/^ +/, "");
  const blank = word ? text.slice(0, text.length - word.length) : "";
  chip.blank.data = blank;
  chip.textContent = shown(word || text);
}

export class Chips {
  constructor(place) {
    this.place = place;
    this.clear();
  }

  clear() {
    this.place.replaceChildren();
    this.chips = [];
    this.texts = [];
    this.levels = [];
    this.first = -1;
    this.block = null;
    this.inBlock = 0;
    this.raws = [];
    clearTimeout(this.later);
  }

  /** Shows a text, a part at a time if it is long. */
  show(texts, raws) {
    this.clear();
    this.texts = texts;
    this.raws = [...raws];
    this.place.classList.toggle("long", texts.length > AT_ONCE);
    this.levels = new Array(texts.length).fill(".");
    this.build();
  }

  build() {
    const end = Math.min(this.texts.length, this.chips.length + AT_ONCE);
    for (let i = this.chips.length; i < end; i++) {
      while (this.raws.length && this.raws[0].before <= i) this.addRaw(this.raws.shift().bytes);
      this.add(this.texts[i], CLASSES[this.levels[i]] + (i === this.first ? " first" : ""));
    }
    if (end < this.texts.length) {
      this.later = setTimeout(() => this.build());
    } else {
      while (this.raws.length) this.addRaw(this.raws.shift().bytes);
    }
  }

  room() {
    if (!this.block || this.inBlock >= BLOCK) {
      const last = this.texts[this.chips.length - 1] ?? "\n";
      // A block ends at the end of a line, unless that is too far.
      if (!this.block || last.endsWith("\n") || this.inBlock >= 2 * BLOCK) {
        this.block = document.createElement("span");
        this.block.className = "block";
        this.inBlock = 0;
        this.place.append(this.block);
      }
    }
    this.inBlock++;
    return this.block;
  }

  /** Appends a chip. */
  add(text, className) {
    const chip = document.createElement("span");
    // The blank before a word stands outside: a line may end there.
    chip.blank = document.createTextNode("");
    chip.className = className;
    write(chip, text);
    this.room().append(chip.blank, chip);
    this.chips.push(chip);
    return chip;
  }

  /** Changes the chip at a place, or appends one. */
  put(at, text, className) {
    const chip = this.chips[at];
    if (!chip) return this.add(text, className);
    if (chip.className !== className) chip.className = className;
    if (this.texts[at] !== text) write(chip, text);
    this.texts[at] = text;
    return chip;
  }

  /** Keeps only the first chips. */
  cut(length) {
    for (const chip of this.chips.splice(length)) {
      chip.blank.remove();
      chip.remove();
    }
    this.texts.length = Math.min(this.texts.length, length);
  }

  addRaw(bytes) {
    const chip = document.createElement("span");
    chip.className = "t raw";
    chip.textContent = `${bytes} raw byte${bytes === 1 ? "" : "s"}`;
    this.room().append(chip);
  }

  addSeam() {
    const seam = document.createElement("span");
    seam.className = "seam";
    this.room().append(seam);
  }

  /** Paints consecutive chips. */
  paint(at, levels) {
    for (let i = 0; i < levels.length; i++) {
      const token = at + i;
      if (this.levels[token] === levels[i]) continue;
      this.levels[token] = levels[i];
      this.repaint(token);
    }
  }

  repaint(token) {
    const chip = this.chips[token];
    if (chip) chip.className = CLASSES[this.levels[token]] + (token === this.first ? " first" : "");
  }

  /** Marks the first error. */
  mark(token) {
    const before = this.first;
    if (token === before) return;
    this.first = token < this.texts.length ? token : -1;
    this.repaint(before);
    this.repaint(token);
  }

  /** Scrolls to a chip, if it is not in sight. */
  follow(token) {
    const chip = this.chips[Math.min(token, this.chips.length - 1)];
    if (!chip) return;
    const box = this.place.getBoundingClientRect();
    const at = chip.getBoundingClientRect();
    if (at.bottom > box.bottom - 8 || at.top < box.top + 8) {
      this.place.scrollTop += at.top - box.top - box.height / 3;
    }
  }
}
