// The matrix of all channels as a heatmap, those that are alike side by side, with a cursor on one pair.

import { $, colour, say } from "./format.js";
import { gradient } from "./heat.js";

const NAMED = 11; // px a channel, from which on there is room for names
const MOST = 760; // px a side
const LEFT = 132; // px for the names, where there are any
const TELL_MS = 60; // between two words to the server on where the pointer is

export class Matrix {
  /** `pointed` is told where the cursor is, `opened` which pair is to be opened. */
  constructor(pointed, opened) {
    this.pointed = pointed;
    this.opened = opened;
    this.ramps = null;
    this.names = [];
    this.order = [];
    this.found = null; // shade, levels of each pair,
    this.image = null; // and the picture of them
    this.row = 0;
    this.column = 1;
    this.canvas = $("matrix");
    new ResizeObserver(() => this.draw()).observe($("matrix-part"));
    this.canvas.addEventListener("pointermove", (event) => event.pointerType === "mouse" && this.point(event));
    this.canvas.addEventListener("click", (event) => {
      const same = this.point(event);
      if (event.pointerType !== "touch" || same) this.opened(this.pair(this.row, this.column));
    });
  }

  /** Take the channels in their order; the cursor stays with its pair, or comes to `pair`. */
  arrange({ names, order }, pair) {
    this.names = names;
    this.order = order;
    this.row = 0;
    this.column = Math.min(1, order.length - 1);
    this.go(pair);
    this.redraw();
  }

  /** Put the cursor on a pair. */
  go(pair) {
    const n = this.order.length;
    if (pair === null || pair >= (n * (n - 1)) / 2) return;
    let first = 0, left = pair;
    while (left >= n - 1 - first) left -= n - 1 - first++;
    [this.row, this.column] = [first, first + 1 + left].map((channel) => this.order.indexOf(channel));
  }

  take(found) {
    this.found = { ...found, levels: Uint8Array.from(atob(found.levels), (letter) => letter.charCodeAt(0)) };
    say($("matrix-least"), found.ends[0]);
    say($("matrix-most"), found.ends[1]);
    this.redraw();
  }

  /** Draw what is otherwise than before; where only the cursor is, the picture of the pairs is kept. */
  redraw() {
    this.image = null;
    this.draw();
  }

  /** The pair of two places in the order; null on the diagonal. */
  pair(row, column) {
    const [a, b] = [this.order[row], this.order[column]].sort((x, y) => x - y);
    const n = this.order.length;
    return a === b || b === undefined ? null : (a * (2 * n - a - 1)) / 2 + b - a - 1;
  }

  move(down, across) {
    const last = this.order.length - 1;
    this.set(Math.max(0, Math.min(this.row + down, last)), Math.max(0, Math.min(this.column + across, last)));
  }

  end(last) {
    const place = last ? this.order.length - 1 : 0;
    this.set(place, place);
  }

  set(row, column) {
    if (row === this.row && column === this.column) return;
    this.row = row;
    this.column = column;
    this.draw();
    this.tell();
  }

  /** Tell where the cursor is, not at each pixel. */
  tell() {
    clearTimeout(this.telling);
    this.telling = setTimeout(() => this.pointed(this.pair(this.row, this.column)), TELL_MS);
    this.name();
  }

  name() {
    const [a, b] = [this.names[this.order[this.row]], this.names[this.order[this.column]]];
    say($("matrix-at"), a === undefined ? "" : this.row === this.column ? a : `${a} ~ ${b}`);
  }

  /** Put the cursor under the pointer; true where it was there. */
  point(event) {
    if (!this.side) return false;
    const box = this.canvas.getBoundingClientRect();
    const n = this.order.length;
    const [column, row] = [event.clientX - box.left - this.left, event.clientY - box.top].map((at) => Math.floor((at / this.side) * n));
    if (row < 0 || column < 0 || row >= n || column >= n) return false;
    const same = row === this.row && column === this.column;
    this.set(row, column);
    return same;
  }

  /** A colour a level: 0 is not known, one above the most has changed. */
  colours({ shade, most }) {
    const then = document.body.matches(".then, .gone");
    const ground = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
    const hexes = then ? [colour("line"), colour("soft")]
      : (shade === "MI" ? this.ramps.heat.cividis : this.ramps.diverging[ground]).map((hex) => `#${hex}`);
    return gradient(hexes, most);
  }

  draw() {
    const { canvas, found, order } = this;
    const room = $("matrix-part").clientWidth;
    const n = order.length;
    if (!room || !found || !n || !this.ramps || found.levels.length !== (n * (n - 1)) / 2) return;
    const px = devicePixelRatio;
    const tall = Math.max(280, innerHeight * 0.72);
    const named = Math.min(room - LEFT, tall, MOST) / n >= NAMED && room > 520;
    this.left = named ? LEFT : 0;
    this.side = Math.min(room - this.left, tall, MOST);
    canvas.style.width = `${this.side + this.left}px`;
    canvas.style.height = `${this.side}px`;
    canvas.width = Math.round((this.side + this.left) * px);
    canvas.height = Math.round(this.side * px);
    const ctx = canvas.getContext("2d");
    const ramp = this.colours(found), step = Math.max(1, Math.ceil(n / (this.side * px)));
    if (this.image?.step !== step) this.image = { step, canvas: this.picture(ramp, step) };
    ctx.imageSmoothingEnabled = false;
    ctx.drawImage(this.image.canvas, this.left * px, 0, this.side * px, this.side * px);
    ctx.scale(px, px);
    const cell = this.side / n;
    if (named) this.drawNames(ctx, cell);
    ctx.lineWidth = 2;
    for (const [row, column] of [[this.row, this.column], [this.column, this.row]]) {
      ctx.strokeStyle = row === this.row ? colour("ink") : colour("soft");
      ctx.strokeRect(this.left + column * cell - 1, row * cell - 1, cell + 2, cell + 2);
    }
    this.legend(ramp);
    this.name();
    say($("matrix-words"), `${n} channels, those that are alike side by side; a colour a pair, from ${found.ends[0]} to ${found.ends[1]}; the arrow keys move the cursor`);
  }

  /** The levels as a picture of a dot a pair, or a dot `step` by `step` pairs: the farthest from the middle, or a change. */
  picture(ramp, step) {
    const { order, found } = this;
    const n = order.length, dots = Math.ceil(n / step), rgb = ramp.map((text) => text.match(/\d+/g).map(Number));
    const bad = rgbOf(colour("bad")), page = rgbOf(colour("page"));
    const middle = found.shade === "MI" ? 0 : (found.most + 1) / 2;
    const best = new Uint8Array(dots * dots), { levels, changed } = found;
    for (let row = 1; row < n; row++) {
      const down = Math.floor(row / step);
      for (let column = 0; column < row; column++) {
        const a = Math.min(order[row], order[column]), b = Math.max(order[row], order[column]);
        const level = levels[(a * (2 * n - a - 1)) / 2 + b - a - 1], across = Math.floor(column / step);
        const one = down * dots + across, known = best[one];
        if (known === changed || level === 0 || (known !== 0 && level !== changed && Math.abs(level - middle) <= Math.abs(known - middle))) continue;
        best[one] = best[across * dots + down] = level;
      }
    }
    const image = new ImageData(dots, dots);
    best.forEach((level, k) => {
      const shade = level === 0 ? page : level === changed ? bad : rgb[level - 1];
      for (let part = 0; part < 3; part++) image.data[4 * k + part] = shade[part];
      image.data[4 * k + 3] = 255;
    });
    const canvas = new OffscreenCanvas(dots, dots);
    canvas.getContext("2d").putImageData(image, 0, 0);
    return canvas;
  }

  drawNames(ctx, cell) {
    ctx.font = `${Math.min(12, cell)}px ${getComputedStyle(document.body).fontFamily}`;
    ctx.textAlign = "right";
    ctx.textBaseline = "middle";
    this.order.forEach((channel, place) => {
      const here = place === this.row || place === this.column;
      ctx.fillStyle = here ? colour("ink") : colour("soft");
      let name = this.names[channel];
      while (name.length > 1 && ctx.measureText(name).width > LEFT - 10) name = `${name.slice(0, -2)}…`;
      ctx.fillText(name, LEFT - 6, (place + 0.5) * cell);
    });
  }

  legend(ramp) {
    const canvas = $("matrix-ramp");
    if (canvas.width !== ramp.length) [canvas.width, canvas.height] = [ramp.length, 1];
    const ctx = canvas.getContext("2d");
    ramp.forEach((shade, k) => {
      ctx.fillStyle = shade;
      ctx.fillRect(k, 0, 1, 1);
    });
  }
}

const rgbOf = (hex) => [1, 3, 5].map((k) => parseInt(hex.slice(k, k + 2), 16));
