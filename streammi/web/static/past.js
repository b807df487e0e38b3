// MI over time: the line and its range, what chance reaches, what is normal, events; and how far back one looks.

import { $, clock, colour, duration, fill, made, say } from "./format.js";

const SPANS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600, 43200, 86400, 172800, 604800, 2592000];
const USUAL = 600; // readings
const COLUMNS = ["t", "mi", "low", "high", "null", "warming"];
const MARK = 11; // px
const RIGHT = 12; // px beside the chart
const HALF = 28; // px of a time, half of it

export class Past {
  constructor() {
    this.empty();
    this.span = null; // index of SPANS; null: what suits the data
    this.until = null; // s at the right edge; null: the newest
    this.events = [];
    this.normal = null;
    this.unit = "";
    this.chart = null;
    new ResizeObserver(() => this.resize()).observe($("past-chart"));
    for (const [id, act] of [["in", () => this.zoom(-1)], ["out", () => this.zoom(1)], ["back", () => this.scroll(-0.5)],
      ["forward", () => this.scroll(0.5)], ["live", () => this.show(null)]]) $(id).addEventListener("click", act);
  }

  empty() {
    this.rows = Object.fromEntries(COLUMNS.map((name) => [name, []]));
  }

  /** Take in the past, or what is new of it. */
  take(news) {
    if (news.whole) this.empty();
    const { rows } = this;
    const warming = new Set(news.warming);
    const gaps = new Set(news.gaps);
    news.t.forEach((after, k) => {
      const t = news.base + after / 1000;
      if (gaps.has(k) && rows.t.length) this.push(t - 1e-3, null, null, null, null, false);
      this.push(t, news.mi[k], (news.low ?? news.mi)[k], (news.high ?? news.mi)[k], news.null?.[k] ?? null, warming.has(k));
    });
  }

  push(...values) {
    COLUMNS.forEach((name, k) => this.rows[name].push(values[k]));
  }

  /** What is drawn: a column each for uPlot. */
  data() {
    const { t, mi, low, high, null: chance, warming } = this.rows;
    const full = mi.map((value, k) => (warming[k] && warming[k + 1] !== false ? null : value));
    const filling = mi.map((value, k) => (warming[k] ? value : null));
    return [t, low.map((v, k) => (warming[k] ? null : v)), high.map((v, k) => (warming[k] ? null : v)), chance, full, filling];
  }

  usual() {
    const { t } = this.rows;
    if (t.length < 2) return 5;
    const last = t.slice(-9);
    const apart = last.slice(1).map((at, k) => at - last[k]).sort((a, b) => a - b)[Math.floor((last.length - 1) / 2)];
    const seconds = Math.min(t.at(-1) - t[0], USUAL * apart) * 0.999;
    const index = SPANS.findIndex((span) => span >= seconds);
    return index < 0 ? SPANS.length - 1 : index;
  }

  get seconds() {
    return SPANS[this.span ?? this.usual()];
  }

  zoom(step) {
    this.span = Math.max(0, Math.min((this.span ?? this.usual()) + step, SPANS.length - 1));
    this.draw();
  }

  /** Scroll by so much of the span. */
  scroll(share) {
    const { t } = this.rows;
    if (t.length > 1) this.show((this.until ?? t.at(-1)) + share * this.seconds);
  }

  oldest() {
    if (this.rows.t.length) this.show(this.rows.t[0] + this.seconds);
  }

  /** Show what ends at this time; null: the newest. */
  show(until) {
    const { t } = this.rows;
    const newest = t.at(-1);
    if (until !== null) until = Math.max(until, Math.min(t[0] + this.seconds, newest));
    this.until = until === null || until >= newest ? null : until;
    this.draw();
  }

  rebuild() {
    this.chart?.destroy();
    this.chart = null;
    this.draw();
  }

  resize() {
    const { clientWidth: width, clientHeight: height } = $("past-chart");
    if (this.chart && width) this.chart.setSize({ width, height });
    else this.draw();
  }

  draw() {
    const { t, mi } = this.rows;
    const end = this.until ?? t.at(-1) ?? Date.now() / 1000;
    say($("span"), duration(this.seconds));
    $("live").disabled = this.until === null;
    this.range = [end - this.seconds, end];
    if (!this.chart) this.make();
    if (!this.chart) return;
    this.chart.setData(this.data(), false);
    this.chart.setScale("x", { min: this.range[0], max: this.range[1] });
    const seen = mi.filter((value, k) => value !== null && t[k] >= this.range[0] && t[k] <= end);
    const words = seen.length
      ? `the last ${duration(this.seconds)}: least ${Math.min(...seen).toFixed(3)}, most ${Math.max(...seen).toFixed(3)} ${this.unit}`
      : "nothing yet";
    say($("past-words"), words);
    this.name();
  }

  name() {
    const { warming, null: chance } = this.rows;
    const lines = [["", "MI"]];
    if (warming.some(Boolean)) lines.push(["warming", "window not full"]);
    if (chance.some((value) => value !== null)) lines.push(["chance", "chance: 95 % of unrelated signals"]);
    if (this.normal) lines.push(["normal", "normal"]);
    fill($("legend"), lines, ([kind, words]) => made("li", words, kind));
  }

  make() {
    const place = $("past-chart");
    if (!place.clientWidth || !window.uPlot) return;
    const [ink, line, soft, mi] = ["ink", "line", "soft", "mi"].map(colour);
    const font = `12px ${getComputedStyle(document.body).fontFamily}`;
    const axis = { stroke: soft, font, ticks: { show: false }, grid: { stroke: line, width: 1 } };
    const dots = { show: false };
    this.chart = new uPlot({
      width: place.clientWidth,
      height: place.clientHeight,
      legend: { show: false },
      padding: [MARK + 3, RIGHT, 0, 0],
      cursor: { y: false, points: { show: false }, drag: { x: true, y: false, setScale: false } },
      scales: { x: { time: true, range: () => this.range }, y: { range: (_, low, high) => this.reach(low, high) } },
      axes: [
        { ...axis, size: 40, space: 70, values: (chart, at) => this.times(chart, at) },
        { ...axis, size: 46, space: 36, values: (_, at) => at.map((value) => String(Number(value.toPrecision(6)))) },
      ],
      series: [
        {},
        { points: dots },
        { points: dots },
        { stroke: colour("null"), width: 1.5, dash: [5, 4], points: dots, fill: colour("under-null") },
        { stroke: mi, width: 2, points: { show: (_, __, from, to) => to - from < 2, size: 5, fill: mi } },
        { stroke: mi, width: 1.5, dash: [2, 3], points: dots },
      ],
      bands: [{ series: [2, 1], fill: colour("mi-soft") + "99" }],
      hooks: {
        drawClear: [(chart) => this.drawNormal(chart)],
        draw: [(chart) => this.drawEvents(chart, ink)],
        setCursor: [(chart) => this.point(chart)],
        setSelect: [(chart) => this.select(chart)],
      },
    }, this.data(), place);
  }

  /** From 0, or from below it where estimates are, to a little above what is seen. */
  reach(low, high) {
    const most = Math.max(high ?? 0, this.normal?.[1] ?? 0);
    if (!(most > 0)) return [Math.min(low ?? 0, 0), most > 0 ? most : 1];
    return [Math.min(low ?? 0, 0) * 1.1, most * 1.08];
  }

  /** The words below the times; none where there is no room for all of it before the right edge. */
  times(chart, at) {
    const room = ((HALF - RIGHT) / Math.max(chart.width - 46 - RIGHT, 1)) * this.seconds;
    return at.map((t, k) => (t > this.range[1] - room ? "" : this.time(t, k ? at[k - 1] : null)));
  }

  time(t, before) {
    const day = (s) => new Date(s * 1000).toDateString();
    const text = clock(t, true);
    const time = this.seconds >= 600 ? text.slice(11, 16) : text.slice(11);
    return this.seconds > 43200 || (before !== null && day(t) !== day(before)) ? `${time}\n${text.slice(5, 10)}` : time;
  }

  drawNormal(chart) {
    if (!this.normal) return;
    const [low, high] = this.normal.map((value) => chart.valToPos(value, "y", true));
    const { ctx, bbox } = chart;
    ctx.save();
    ctx.globalAlpha = 0.16;
    ctx.fillStyle = colour("good");
    ctx.fillRect(bbox.left, high, bbox.width, low - high);
    ctx.restore();
  }

  drawEvents(chart, ink) {
    const { ctx, bbox } = chart;
    const px = devicePixelRatio;
    ctx.save();
    ctx.textAlign = "center";
    ctx.textBaseline = "bottom";
    ctx.font = `${MARK * px}px system-ui, sans-serif`;
    if (chart.scales.y.min < 0) {
      ctx.fillStyle = ink;
      ctx.fillRect(bbox.left, chart.valToPos(0, "y", true), bbox.width, px);
    }
    for (const { t, tone, mark } of this.events) {
      if (t < this.range[0] || t > this.range[1]) continue;
      const x = Math.round(chart.valToPos(t, "x", true));
      ctx.fillStyle = ctx.strokeStyle = colour(tone);
      ctx.setLineDash([4 * px, 3 * px]);
      ctx.lineWidth = px;
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
      ctx.fillText(mark, x, bbox.top - px);
    }
    ctx.restore();
  }

  /** Say what is under the pointer. */
  point(chart) {
    const k = chart.cursor.idx;
    const { t, mi, low, high } = this.rows;
    if (k === null || k === undefined || mi[k] === null || mi[k] === undefined) return say($("past-at"), "");
    const range = low[k] === high[k] ? "" : ` (${low[k].toFixed(3)} to ${high[k].toFixed(3)})`;
    return say($("past-at"), `${clock(t[k])}  ${mi[k].toFixed(3)} ${this.unit}${range}`);
  }

  /** Show what was drawn around: the least span that has it all. */
  select(chart) {
    const { left, width } = chart.select;
    if (width < 8) return;
    const [start, end] = [left, left + width].map((at) => chart.posToVal(at, "x"));
    chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    const index = SPANS.findIndex((span) => span >= end - start);
    this.span = index < 0 ? SPANS.length - 1 : index;
    this.show((start + end + this.seconds) / 2);
  }
}
