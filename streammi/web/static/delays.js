// MI at each delay, as bars.

import { $, colour, say } from "./format.js";

export class Delays {
  constructor() {
    this.found = null;
    this.chart = null;
    new ResizeObserver(() => this.rebuild()).observe($("delays-chart"));
  }

  take(found) {
    $("delays").hidden = !found;
    const same = this.found && found && this.found.lags.length === found.lags.length;
    this.found = found;
    if (!found) return this.rebuild();
    say($("delays-words"), found.words);
    if (same && this.chart) this.chart.setData([found.lags, found.mi]);
    else this.rebuild();
  }

  rebuild() {
    this.chart?.destroy();
    this.chart = null;
    const place = $("delays-chart");
    const bars = this.found?.lags.length;
    if (!this.found || !place.clientWidth || !window.uPlot) return;
    const font = `12px ${getComputedStyle(document.body).fontFamily}`;
    const axis = { stroke: colour("soft"), font, ticks: { show: false }, grid: { stroke: colour("line"), width: 1 } };
    const minus = (value) => String(Number(value.toPrecision(4))).replace("-", "−");
    this.chart = new uPlot({
      width: place.clientWidth,
      height: place.clientHeight,
      legend: { show: false },
      padding: [8, 12, 0, 0],
      cursor: { show: false },
      scales: { x: { time: false, range: (_, low, high) => widened(low, high, bars) }, y: { range: (_, low, high) => [Math.min(low ?? 0, 0), high > 0 ? high * 1.08 : 1] } },
      axes: [
        { ...axis, size: 26, grid: { show: false }, label: `delay, ${this.found.unit}`, labelSize: 18, labelGap: 0, labelFont: font,
          values: (_, at) => at.map(minus) },
        { ...axis, size: 46, values: (_, at) => at.map(minus) },
      ],
      series: [{}, { paths: uPlot.paths.bars({ size: [0.85, 40] }), fill: colour("mi"), stroke: colour("mi"), width: 0, points: { show: false } }],
    }, [this.found.lags, this.found.mi], place);
  }
}

/** Room for half a bar at either end. */
function widened(low, high, bars) {
  const half = bars > 1 ? (high - low) / (bars - 1) / 2 : 0.5;
  return [low - half, high + half];
}
