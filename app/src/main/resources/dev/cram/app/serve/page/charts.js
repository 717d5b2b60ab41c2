// Curves, and the path of a vector.
import uPlot from "/uPlot.js";

const dark = matchMedia("(prefers-color-scheme: dark)");
const colour = name => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

/** Curves over steps. `series` have a label and the name of a colour. */
export class Curves {
  constructor(place, series, range) {
    this.place = place;
    this.series = series;
    this.range = range;
    this.data = [[], ...series.map(() => [])];
    new ResizeObserver(() => this.resize()).observe(place);
    dark.addEventListener("change", () => this.make());
  }

  make() {
    this.plot?.destroy();
    const width = this.place.clientWidth;
    if (!width) {
      this.plot = null;
      return;
    }
    const axis = {
      stroke: colour("soft"),
      font: "11px system-ui",
      grid: {stroke: colour("line"), width: 1},
      ticks: {show: false},
    };
    this.plot = new uPlot(
      {
        width,
        height: this.place.clientHeight,
        cursor: {show: false},
        legend: {show: false},
        padding: [6, 14, 0, 0],
        scales: {x: {time: false}, y: {range: this.range}},
        axes: [
          {...axis, size: 22, gap: 3, space: 70, values: (_, ticks) => ticks.map(t => t.toLocaleString("en"))},
          {...axis, size: 40, gap: 4, space: 28, values: (_, ticks) => ticks.map(t => this.label(t))},
        ],
        series: [{}, ...this.series.map(one => ({
          stroke: colour(one.colour),
          width: one.width ?? 1.8,
          fill: one.fill ? `color-mix(in srgb, ${colour(one.colour)} 12%, transparent)` : undefined,
          points: {show: false},
        }))],
      },
      this.data,
      this.place);
  }

  label(value) {
    return this.series[0].percent ? `${Math.round(100 * value)}%` : String(+value.toFixed(2));
  }

  resize() {
    const width = this.place.clientWidth;
    if (!this.plot) {
      this.make();
    } else if (width && width !== this.plot.width) {
      this.plot.setSize({width, height: this.place.clientHeight});
    }
  }

  clear() {
    this.data = this.data.map(() => []);
  }

  /** Adds points; those that are there already are left out. */
  add(x, ...ys) {
    const last = this.data[0].at(-1) ?? -1;
    for (let i = 0; i < x.length; i++) {
      if (x[i] > last) {
        this.data[0].push(x[i]);
        ys.forEach((y, s) => this.data[s + 1].push(y[i]));
      }
    }
    if (this.data[0].length > 2400) {
      this.data = this.data.map(values => values.filter((_, i) => i % 2 === 0));
    }
  }

  draw() {
    if (this.plot) this.plot.setData(this.data);
    else this.make();
  }
}

/** The path, brighter towards its end. */
export function drawPath(canvas, path) {
  const ratio = devicePixelRatio;
  const width = canvas.clientWidth;
  const height = canvas.clientHeight;
  if (!width) return;
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
  }
  const pen = canvas.getContext("2d");
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, width, height);
  const line = colour("line");
  pen.strokeStyle = line;
  pen.lineWidth = 1;
  pen.strokeRect(0.5, 0.5, width - 1, height - 1);
  if (!path || !path.x.length) return;
  const scaled = (values, size) => {
    const low = Math.min(...values);
    const high = Math.max(...values);
    return {middle: (low + high) / 2, half: (high - low) / 2, room: size / 2 - 16};
  };
  const across = scaled(path.x, width);
  const down = scaled(path.y, height);
  // One scale for both axes: distances in the plane are what they are.
  const scale = Math.min(
    across.half ? across.room / across.half : Infinity, down.half ? down.room / down.half : Infinity);
  const factor = isFinite(scale) ? scale : 0;
  const x = i => width / 2 + (path.x[i] - across.middle) * factor;
  const y = i => height / 2 - (path.y[i] - down.middle) * factor;
  const n = path.x.length;
  pen.strokeStyle = colour("green");
  pen.lineWidth = 1.6;
  pen.lineCap = "round";
  const parts = 12;
  for (let part = 0; part < parts; part++) {
    const from = Math.floor(part * (n - 1) / parts);
    const to = Math.floor((part + 1) * (n - 1) / parts);
    pen.globalAlpha = 0.15 + 0.85 * (part + 1) / parts;
    pen.beginPath();
    pen.moveTo(x(from), y(from));
    for (let i = from + 1; i <= to; i++) pen.lineTo(x(i), y(i));
    pen.stroke();
  }
  pen.globalAlpha = 1;
  pen.fillStyle = colour("soft");
  pen.beginPath();
  pen.arc(x(0), y(0), 3, 0, 7);
  pen.fill();
  pen.fillStyle = colour("green");
  pen.beginPath();
  pen.arc(x(n - 1), y(n - 1), 5, 0, 7);
  pen.fill();
}
