// The joint histogram: cells, marginals on the edges, the signals' values on the axes, and what is under the pointer.

import { $, colour, say, short } from "./format.js";

const LEFT = 58, BOTTOM = 40, TOP = 52, RIGHT = 34, GAP = 4; // px, of which at the top 18 are for the name of y
const MODES = ["counts", "conditional", "pointwise", "scatter"];
const TITLES = { counts: "Joint counts", conditional: "p(y|x)", pointwise: "Pointwise MI", scatter: "The newest pairs as points" };

export class Heat {
  constructor() {
    this.cells = null;
    this.points = null; // the newest pairs: [x, y]
    this.mode = "counts";
    this.byValue = false;
    this.ramps = null;
    this.unit = "bit";
    this.canvas = $("heat");
    new ResizeObserver(() => this.draw()).observe(this.canvas);
    for (const button of document.querySelectorAll("[data-mode]")) {
      button.addEventListener("click", () => this.show(button.dataset.mode));
    }
    $("by-value").addEventListener("click", () => this.values());
    this.canvas.addEventListener("pointermove", (event) => this.point(event));
    this.canvas.addEventListener("pointerleave", () => say($("joint-at"), ""));
  }

  take(cells) {
    this.cells = cells;
    this.draw();
  }

  takePoints(points) {
    this.points = points;
    document.querySelector("[data-mode=scatter]").disabled = !points;
    if (!points && this.mode === "scatter") this.show("counts");
    else if (this.mode === "scatter") this.draw();
  }

  next() {
    const modes = this.points ? MODES : MODES.slice(0, -1);
    this.show(modes[(modes.indexOf(this.mode) + 1) % modes.length]);
  }

  show(mode) {
    this.mode = mode;
    for (const button of document.querySelectorAll("[data-mode]")) {
      button.setAttribute("aria-pressed", String(button.dataset.mode === mode));
    }
    this.draw();
  }

  values() {
    if ($("by-value").disabled) return;
    this.byValue = !this.byValue;
    this.draw();
  }

  /** The colours from little to much; from rarer to more often for pointwise MI; greys for what is of then. */
  colours() {
    const then = document.body.matches(".then, .gone");
    if (then) return [colour("line"), colour("soft")];
    const ground = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
    const found = this.mode === "pointwise" ? this.ramps.diverging[ground] : this.ramps.heat.cividis;
    return found.map((hex) => `#${hex}`);
  }

  /** What each cell has, -1 to 1 or 0 to 1, null for nothing; and the words for the ends. */
  field(n) {
    const x = n.map((column) => column.reduce((a, b) => a + b, 0));
    const y = n[0].map((_, k) => n.reduce((a, column) => a + column[k], 0));
    const all = x.reduce((a, b) => a + b, 0);
    const each = (value) => n.map((column, i) => column.map((count, j) => (count > 0 ? value(count, i, j) : null)));
    const most = (values) => Math.max(...values.map((column) => Math.max(...column.map((v) => Math.abs(v ?? 0)))), 1e-9);
    if (this.mode === "pointwise") {
      const per = { bit: 1, nat: Math.LN2, ban: Math.log10(2) }[this.unit] ?? 1;
      const values = each((count, i, j) => Math.log2((count * all) / (x[i] * y[j])) * per);
      const end = most(values);
      const share = values.map((column) => column.map((v) => (v === null ? null : (v / end + 1) / 2)));
      return { x, y, all, values, share, least: `rarer −${end.toFixed(1)}`, most: `+${end.toFixed(1)} ${this.unit}, more often` };
    }
    if (this.mode === "conditional") {
      const values = each((count, i) => count / x[i]);
      const end = most(values);
      const share = values.map((column) => column.map((v) => (v === null ? null : v / end)));
      return { x, y, all, values, share, least: "0 %", most: `${Math.round(end * 100)} % of a column` };
    }
    const end = most(n);
    const share = each((count) => Math.sqrt(count / end)); // brings out what is rare
    return { x, y, all, values: n, share, least: "1", most: `${end.toLocaleString("en")} pairs a cell` };
  }

  /** Where the bins of an axis begin and end, 0 to 1. */
  places(axis, bins) {
    const { edges } = axis;
    if (!this.byValue || !edges || edges.includes(null)) return Array.from({ length: bins + 1 }, (_, k) => k / bins);
    const [low, high] = [edges[0], edges.at(-1)];
    return edges.map((edge) => (edge - low) / (high - low));
  }

  draw() {
    const { canvas } = this;
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    if (!width || !this.ramps) return;
    const px = devicePixelRatio;
    canvas.width = Math.round(width * px);
    canvas.height = Math.round(height * px);
    const ctx = canvas.getContext("2d");
    ctx.scale(px, px);
    say($("joint-title"), TITLES[this.mode]);
    if (!this.cells) return;
    if (this.mode === "scatter" && this.points) return this.drawPoints(ctx, width, height);
    const { n, x, y, ranks } = this.cells;
    $("ramp").hidden = false;
    $("by-value").disabled = !ranks;
    $("by-value").setAttribute("aria-pressed", String(this.byValue && ranks));
    const found = this.field(n);
    const ramp = gradient(this.colours());
    this.drawRamp(found, ramp);
    const w = width - LEFT - RIGHT, h = height - TOP - BOTTOM;
    const [across, up] = [this.places(x, n.length), this.places(y, n[0].length)];
    this.at = { across, up, w, h, found };
    const left = across.map((share) => Math.round((LEFT + share * w) * px) / px);
    const top = up.map((share) => Math.round((TOP + (1 - share) * h) * px) / px);
    ctx.fillStyle = colour("page");
    ctx.fillRect(LEFT, TOP, w, h);
    found.share.forEach((column, i) => column.forEach((share, j) => {
      if (share === null) return;
      ctx.fillStyle = ramp[Math.round(share * (ramp.length - 1))];
      ctx.fillRect(left[i], top[j + 1], Math.max(left[i + 1] - left[i], 1 / px), Math.max(top[j] - top[j + 1], 1 / px));
    }));
    this.drawMarginals(ctx, found, left, top);
    this.drawAxes(ctx, x, y, w, h, this.byValue);
    const kind = ranks ? (this.byValue ? ", axes by value" : ", axes by rank") : "";
    say($("joint-words"), `${x.name} to the right, ${y.name} upwards, ${found.all.toLocaleString("en")} pairs${kind}`);
  }

  drawPoints(ctx, width, height) {
    const { x, y } = this.cells, [xs, ys] = this.points;
    const w = width - LEFT - RIGHT, h = height - TOP - BOTTOM;
    const [across, up] = [xs, ys].map(framed);
    this.at = null;
    $("by-value").disabled = $("ramp").hidden = true;
    ctx.fillStyle = colour("page");
    ctx.fillRect(LEFT, TOP, w, h);
    ctx.fillStyle = colour("mi");
    ctx.globalAlpha = 0.65;
    xs.forEach((value, k) => {
      ctx.beginPath();
      ctx.arc(LEFT + ((value - across[0]) / (across[1] - across[0])) * w, TOP + (1 - (ys[k] - up[0]) / (up[1] - up[0])) * h, 2.2, 0, 7);
      ctx.fill();
    });
    ctx.globalAlpha = 1;
    this.drawAxes(ctx, { ...x, labels: undefined, edges: across }, { ...y, labels: undefined, edges: up }, w, h, true);
    say($("joint-words"), `the newest ${xs.length} pairs as points, ${x.name} to the right, ${y.name} upwards`);
    return undefined;
  }

  drawMarginals(ctx, found, left, top) {
    const room = TOP - 18 - 2 * GAP, side = RIGHT - 2 * GAP;
    const [mx, my] = [Math.max(...found.x), Math.max(...found.y)];
    ctx.fillStyle = colour("x-soft");
    found.x.forEach((count, i) => {
      const high = (count / mx) * room;
      ctx.fillRect(left[i], TOP - GAP - high, left[i + 1] - left[i], high);
    });
    ctx.fillStyle = colour("y-soft");
    found.y.forEach((count, j) => ctx.fillRect(left.at(-1) + GAP, top[j + 1], (count / my) * side, top[j] - top[j + 1]));
  }

  drawAxes(ctx, x, y, w, h, byValue) {
    const family = getComputedStyle(document.body).fontFamily;
    ctx.font = `12px ${family}`;
    ctx.fillStyle = colour("soft");
    ctx.textBaseline = "top";
    for (const [share, text] of this.ticks(x, w, 60, byValue)) {
      ctx.textAlign = x.labels ? "center" : share === 0 ? "left" : share === 1 ? "right" : "center";
      ctx.fillText(fitted(ctx, text, x.labels ? w / x.labels.length : w / 3), LEFT + share * w, TOP + h + 5);
    }
    ctx.textAlign = "right";
    for (const [share, text] of this.ticks(y, h, 40, byValue)) {
      ctx.textBaseline = y.labels ? "middle" : share === 0 ? "bottom" : share === 1 ? "top" : "middle";
      ctx.fillText(fitted(ctx, text, LEFT - 8), LEFT - 6, TOP + (1 - share) * h);
    }
    ctx.font = `600 13px ${family}`;
    ctx.textBaseline = "bottom";
    ctx.textAlign = "center";
    ctx.fillStyle = colour("x");
    ctx.fillText(fitted(ctx, `${titled(x)} →`, w), LEFT + w / 2, TOP + h + BOTTOM);
    ctx.fillStyle = colour("y");
    ctx.textAlign = "left";
    ctx.textBaseline = "middle";
    ctx.fillText(fitted(ctx, `↑ ${titled(y)}`, w / 2), 2, 9);
  }

  /** Places along an axis and what stands there: each label, or values at the ends and between. */
  ticks(axis, room, each, byValue) {
    if (axis.labels) {
      const step = Math.ceil((axis.labels.length * (each / 2.4)) / room);
      return axis.labels.map((text, k) => [(k + 0.5) / axis.labels.length, text]).filter((_, k) => k % step === 0);
    }
    const { edges } = axis;
    const count = room >= 6 * each ? 4 : 2;
    return Array.from({ length: count + 1 }, (_, k) => k / count).map((share) => {
      const [low, high] = [edges[0], edges.at(-1)];
      const value = byValue ? low + share * (high - low) : edges[Math.round(share * (edges.length - 1))];
      if (value === null) return [share, share ? "∞" : "−∞"];
      const digits = 2 - Math.floor(Math.log10(Math.max(high - low, 1e-12)));
      return [share, short(digits < 15 ? Number(value.toFixed(Math.max(Math.min(digits, 15), 0))) : value)];
    });
  }

  drawRamp(found, ramp) {
    say($("least"), found.least);
    say($("most"), found.most);
    const canvas = $("ramp-colours");
    if (canvas.width !== ramp.length) [canvas.width, canvas.height] = [ramp.length, 1];
    const ctx = canvas.getContext("2d");
    ramp.forEach((shade, k) => {
      ctx.fillStyle = shade;
      ctx.fillRect(k, 0, 1, 1);
    });
  }

  /** Say what the cell under the pointer has. */
  point(event) {
    if (!this.at) return;
    const { across, up, w, h, found } = this.at;
    const box = this.canvas.getBoundingClientRect();
    const [a, b] = [(event.clientX - box.left - LEFT) / w, 1 - (event.clientY - box.top - TOP) / h];
    const [i, j] = [across.findLastIndex((share) => share <= a), up.findLastIndex((share) => share <= b)];
    const { n, x, y } = this.cells;
    if (a < 0 || b < 0 || a >= 1 || b >= 1 || i >= n.length || j >= n[0].length) return say($("joint-at"), "");
    const count = n[i][j];
    const more = this.mode === "counts" || !count ? "" : this.mode === "conditional"
      ? `, ${(100 * found.values[i][j]).toFixed(0)} % of the column` : `, ${found.values[i][j].toFixed(2)} ${this.unit}`.replace("-", "−");
    say($("joint-at"), `${place(x, i)} and ${place(y, j)}: ${count.toLocaleString("en")} pair${count === 1 ? "" : "s"}${more}`);
  }
}

const titled = (axis) => (axis.unit ? `${axis.name} (${axis.unit})` : axis.name);

/** From the least to the most, and a little room. */
function framed(values) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const more = (high - low) * 0.03 || Math.abs(low) * 0.03 || 1;
  return [low - more, high + more];
}

const place = (axis, k) => (axis.labels ? axis.labels[k] : `${short(axis.edges[k])} to ${short(axis.edges[k + 1])}`);

/** A text that fits. */
function fitted(ctx, text, room) {
  if (ctx.measureText(text).width <= room) return text;
  let kept = [...text];
  while (kept.length && ctx.measureText(`${kept.join("")}…`).width > room) kept = kept.slice(0, Math.floor(kept.length * 0.9));
  return `${kept.join("")}…`;
}

/** Steps between colours, as CSS has them. */
export function gradient(colours, steps = 48) {
  const parts = colours.map((hex) => [1, 3, 5].map((k) => parseInt(hex.slice(k, k + 2), 16)));
  return Array.from({ length: steps }, (_, k) => {
    const at = (k / (steps - 1)) * (parts.length - 1);
    const from = Math.min(Math.floor(at), parts.length - 2);
    const [r, g, b] = parts[from].map((part, c) => Math.round(part + (parts[from + 1][c] - part) * (at - from)));
    return `rgb(${r} ${g} ${b})`;
  });
}
