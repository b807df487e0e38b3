// The two signals themselves over the window: in each column the least and the most of its values, x above y.

import { $, colour, duration, say, short } from "./format.js";

const LEFT = 58, BOTTOM = 20, GAP = 8; // px

export class Signals {
  constructor() {
    this.found = null;
    new ResizeObserver(() => this.draw()).observe($("lines"));
  }

  take(found) {
    this.found = found;
    $("trace").hidden = !found;
    this.draw();
  }

  draw() {
    const canvas = $("lines");
    const { clientWidth: width, clientHeight: height } = canvas;
    if (!this.found || !width) return;
    const px = devicePixelRatio;
    canvas.width = Math.round(width * px);
    canvas.height = Math.round(height * px);
    const ctx = canvas.getContext("2d");
    ctx.scale(px, px);
    ctx.font = `12px ${getComputedStyle(document.body).fontFamily}`;
    const { x, y, span, unit } = this.found;
    const strip = (height - BOTTOM - GAP) / 2;
    drawSignal(ctx, x, colour("x"), 0, strip, width);
    drawSignal(ctx, y, colour("y"), strip + GAP, strip, width);
    const back = unit === "s" ? duration(span) : `${Math.round(span).toLocaleString("en")} pairs`;
    ctx.fillStyle = colour("soft");
    ctx.textBaseline = "bottom";
    ctx.textAlign = "left";
    ctx.fillText(`−${back}`, LEFT, height);
    ctx.textAlign = "right";
    ctx.fillText("newest", width, height);
    const newest = [x, y].map((one) => `${one.name} ${short(one.points.at(-1))}${one.unit ? ` ${one.unit}` : ""}`);
    say($("trace-newest"), newest.join(" · "));
    say($("trace-words"), `${x.name} from ${short(least(x))} to ${short(most(x))}, ${y.name} from ${short(least(y))} to ${short(most(y))}, over ${back}`);
  }
}

const known = (values) => values.filter((value) => value !== null);
const least = (signal) => Math.min(...known(signal.low));
const most = (signal) => Math.max(...known(signal.high));

function drawSignal(ctx, signal, ink, top, height, width) {
  const [low, high] = [least(signal), most(signal)];
  if (!Number.isFinite(low)) return;
  const room = width - LEFT, k = signal.low.length, range = high - low || 1;
  const at = (value) => top + (high > low ? (1 - (value - low) / range) : 0.5) * (height - 4) + 2;
  ctx.fillStyle = colour("soft");
  ctx.textAlign = "right";
  ctx.textBaseline = "top";
  ctx.fillText(short(high), LEFT - 6, top);
  ctx.textBaseline = "bottom";
  if (high > low) ctx.fillText(short(low), LEFT - 6, top + height);
  ctx.fillStyle = ctx.strokeStyle = ink;
  ctx.lineWidth = 1.25;
  ctx.beginPath();
  let joined = false;
  signal.low.forEach((value, i) => {
    if (value === null) {
      joined = false;
      return;
    }
    const x = LEFT + ((i + 0.5) / k) * room;
    if (joined) ctx.lineTo(x, at(value));
    else ctx.moveTo(x, at(value));
    ctx.lineTo(x, at(signal.high[i]));
    joined = true;
  });
  ctx.stroke();
}
