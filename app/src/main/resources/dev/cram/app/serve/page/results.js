// Results: tables and figures of the laboratory's databases.
import {complain, count, element, get, number} from "/server.js";

const $ = id => document.getElementById(id);

export class Results {
  constructor(info) {
    this.databases = info.databases;
    $("filters").addEventListener("submit", event => event.preventDefault());
    $("filters").addEventListener("change", () => this.look().catch(complain));
  }

  async enter() {
    const none = this.databases.length === 0;
    $("results-empty").hidden = !none;
    $("filters").hidden = none;
    if (!none) await this.look();
  }

  async look() {
    const filters = $("filters");
    // Before anything is known of a database: another one may be readable where the first is not.
    if (!filters.children.length && this.databases.length > 1) this.filters({});
    const chosen = Object.fromEntries(new FormData(filters));
    const database = chosen.database ?? "0";
    delete chosen.database;
    if (this.database !== database) {
      for (const key of Object.keys(chosen)) chosen[key] = "";
    }
    $("results-state").textContent = "Looking…";
    const asked = this.asked = Symbol();
    let gallery;
    try {
      gallery = await get(`/api/results/${database}`, chosen);
    } catch (e) {
      $("results-state").textContent = "";
      throw e;
    }
    if (this.asked !== asked) return;
    if (this.database !== database) {
      this.database = database;
      this.filters(gallery.choices);
    }
    complain(null);
    $("results-state").textContent = gallery.count ? `${count(gallery.count, "run")}` : "No run is like this; choose less.";
    $("gallery").replaceChildren(
      ...gallery.figures.map(figure => this.figure(figure)),
      ...(gallery.claims.rows.length ? [this.tablePanel(gallery.claims)] : []),
      ...(gallery.runs.rows.length ? [this.tablePanel(gallery.runs)] : []));
  }

  filters(choices) {
    const select = (name, label, options) =>
      element("label", {}, label, element("select", {name}, ...options));
    $("filters").replaceChildren(
      ...(this.databases.length > 1
        ? [select("database", "Database", this.databases.map((name, i) =>
            element("option", {value: i, selected: String(i) === this.database}, name)))]
        : []),
      ...Object.entries(choices)
        .filter(([, values]) => values.length > 1)
        .map(([column, values]) => select(
          column,
          column === "vectors" ? "vectors, K" : column,
          [element("option", {value: ""}, "all"), ...values.map(value => element("option", {}, value))])));
  }

  figure(figure) {
    if (!figure.svg) return this.tablePanel(figure);
    const panel = element("figure", {className: "panel", id: `figure-${figure.id}`},
      element("h2", {}, figure.title),
      element("img", {src: `data:image/svg+xml;base64,${base64(figure.svg)}`, alt: figure.title, loading: "lazy"}),
      element("p", {className: "soft"}, figure.caption));
    panel.append(element("details", {}, element("summary", {}, "The numbers"), this.table(figure)));
    return panel;
  }

  tablePanel(panel) {
    return element("section", {className: "panel wide", id: `figure-${panel.id}`},
      element("h2", {}, panel.title), element("p", {className: "soft"}, panel.caption ?? ""), this.table(panel));
  }

  /** A table whose columns sort when they are clicked. */
  table(panel) {
    const numeric = panel.columns.map((_, c) =>
      panel.rows.some(row => row[c]) && panel.rows.every(row => !row[c] || /^[-−]?[0-9][0-9.,]*(E-?[0-9]+)?$/.test(row[c])));
    const body = element("tbody");
    const fill = rows => body.replaceChildren(...rows.map(row => element("tr", {},
      ...row.map((cell, c) => element("td", {
        className: numeric[c] ? "number" : cell === "holds" || cell === "fails" ? cell : "",
      }, cell)))));
    fill(panel.rows);
    const head = element("tr", {}, ...panel.columns.map((column, c) => {
      const button = element("button", {type: "button", title: "Sort by this"}, column.replaceAll("_", " "));
      const cell = element("th", {scope: "col", className: numeric[c] ? "number" : ""}, button);
      button.addEventListener("click", () => {
        const down = cell.getAttribute("aria-sort") === "ascending";
        for (const other of head.children) other.removeAttribute("aria-sort");
        cell.setAttribute("aria-sort", down ? "descending" : "ascending");
        const key = numeric[c] ? value => parseFloat(value.replaceAll(",", "")) || 0 : value => value;
        fill([...panel.rows].sort((a, b) => (key(a[c]) < key(b[c]) ? -1 : key(a[c]) > key(b[c]) ? 1 : 0) * (down ? -1 : 1)));
      });
      return cell;
    }));
    return element("div", {className: "scroll", tabIndex: 0}, element("table", {}, element("thead", {}, head), body));
  }
}

function base64(text) {
  const bytes = new TextEncoder().encode(text);
  let binary = "";
  for (let i = 0; i < bytes.length; i += 8192) binary += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return btoa(binary);
}
