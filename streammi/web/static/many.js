// Many channels: the table of their pairs, the matrix of all of them, and the pair under the cursor.

import { $, clock, colour, fill, made, say, spans } from "./format.js";
import { Matrix } from "./matrix.js";

const SORTS = ["MI", "change", "name", "MI high, r low"];
const SHADES = ["MI", "r", "change"];
const FILTER_MS = 150; // after a letter
const NS = "http://www.w3.org/2000/svg";
const WIDTH = 96, HEIGHT = 22; // of a picture of the past

export class Many {
  /** `ask` tells the server what is wanted; `events` and `link` show an event and a link as the page of a pair does. */
  constructor(ask, { event, link }) {
    this.ask = ask;
    this.event = event;
    this.link = link;
    this.view = { sort: "MI", words: "", first: 0, matrix: false, shade: "MI", pair: null, open: null };
    this.shown = null; // the newest of "many", "pairs"
    this.noun = "pair"; // what a row is: or a device
    this.table = null;
    this.chosen = null;
    this.awaited = null; // the row from which on the table is to be,
    this.next = null; // and where the cursor goes when the next rows are there
    this.matrix = new Matrix((pair) => this.point(pair), (pair) => this.openPair(pair));
    this.rows = [];
    $("filter").addEventListener("input", () => {
      clearTimeout(this.typing);
      this.typing = setTimeout(() => this.want({ words: $("filter").value, first: 0 }), FILTER_MS);
    });
    for (const button of document.querySelectorAll("[data-sort]")) {
      button.addEventListener("click", () => this.want({ sort: button.dataset.sort, first: 0 }));
    }
    for (const button of document.querySelectorAll("[data-shade]")) {
      button.addEventListener("click", () => this.want({ shade: button.dataset.shade }));
    }
    $("as-table").addEventListener("click", () => this.want({ matrix: false }));
    $("as-matrix").addEventListener("click", () => this.toMatrix());
    $("earlier").addEventListener("click", () => this.page(-1));
    $("later").addEventListener("click", () => this.page(1));
    $("open").addEventListener("click", () => this.open());
    $("to-all").addEventListener("click", () => this.close());
    this.press();
  }

  /** Want something else of the server. */
  want(change) {
    Object.assign(this.view, change);
    if ("first" in change) this.awaited = change.first;
    this.press();
    this.ask();
  }

  press() {
    const { sort, shade, matrix } = this.view;
    for (const button of document.querySelectorAll("[data-sort]")) {
      button.parentElement.setAttribute("aria-sort", button.dataset.sort !== sort ? "none" : sort === "name" ? "ascending" : "descending");
    }
    for (const button of document.querySelectorAll("[data-shade]")) button.setAttribute("aria-pressed", String(button.dataset.shade === shade));
    $("as-table").setAttribute("aria-pressed", String(!matrix));
    $("as-matrix").setAttribute("aria-pressed", String(matrix));
    $("table-part").hidden = matrix;
    $("matrix-part").hidden = !matrix;
    say($("pairs-title"), matrix ? `Matrix of ${shade === "change" ? "the change of MI" : shade}` : `${this.noun === "pair" ? "Pairs" : "Devices"} by ${sort === "change" ? "change of MI" : sort}`);
  }

  /** Show rows that are pairs of channels, or devices. */
  call(noun) {
    if (noun === this.noun) return;
    this.noun = noun;
    document.body.classList.toggle("devices", noun === "device");
    say(document.querySelector("[data-sort=name]"), noun);
    say(document.querySelector("th.word"), noun === "device" ? "verdict, untested" : "verdict");
    say($("chosen-title"), `The ${noun} under the cursor`);
    for (const place of document.querySelectorAll(".noun")) say(place, noun);
    Object.assign(this.view, { sort: "MI", matrix: false });
    this.press();
  }

  /** Put what came where it belongs. */
  take(news) {
    if (news.many) this.showHead(news.many);
    if (news.pairs) this.showTable(news.pairs);
    if (news.leaves) this.matrix.arrange(news.leaves, this.view.pair);
    if (news.levels) this.matrix.take(news.levels);
    if ("chosen" in news) this.showChosen(news.chosen);
    if (news.events) {
      fill($("many-event-list"), news.events.length ? news.events : [{ evidence: "none since the start" }], this.event);
      say($("many-events-kept"), news.events.length ? `${news.events.length} kept` : "");
    }
  }

  showHead(head) {
    const anew = this.shown && this.shown.run !== head.run;
    this.shown = head;
    this.call(head.devices ? "device" : "pair");
    const { classList } = document.body;
    const then = classList.contains("then");
    classList.toggle("then", head.stale);
    document.title = `${head.changed ? `${head.changed} changed · ` : ""}${head.name} · streammi`;
    say($("pair"), head.name);
    say($("signals"), head.devices ? `${head.x} × ${head.y} · ${head.devices}` : head.channels ? `${head.channels} channels, ${head.pairs.toLocaleString("en")} pairs` : "");
    fill($("states"), head.states, (words) => made("li", words[0][0], words[0][1]));
    const facts = [[head.window, head.filled ? "" : "warn"], [head.rate, ""], [clock(head.at), ""], [head.note, "warn"]];
    fill($("facts"), facts.filter(([text]) => text), ([text, role]) => made("li", text, role));
    fill($("news"), head.news, ([text, role]) => made("span", text, role));
    fill($("many-links"), head.links, this.link);
    fill($("many-facts"), [...head.facts, ...head.notes.map((note) => [[note, "warn"]])], spans);
    say($("mi-unit"), head.unit);
    if (then !== head.stale) this.recolour();
    if (anew) this.want({ pair: null, first: 0 }); // its pairs may be others
  }

  showTable(found) {
    const { sort, words } = this.view, before = this.table;
    if (found.sort !== sort || found.words !== words) return; // what was wanted before
    if (this.awaited !== null && this.awaited < found.count && Math.floor(this.awaited / found.page) * found.page !== found.first) return;
    this.awaited = null;
    this.table = found;
    this.view.first = found.first;
    const end = found.first + found.rows.length;
    const counted = found.count ? `${found.first + 1} to ${end} of ${found.count.toLocaleString("en")}` : "";
    say($("pairs-shown"), counted);
    $("earlier").disabled = found.first === 0;
    $("later").disabled = end >= found.count;
    const all = this.shown ? this.shown.pairs : found.count;
    say($("pairs-count"), found.words ? `${found.count.toLocaleString("en")} of ${all.toLocaleString("en")} ${this.noun}s` : "");
    $("no-pairs").hidden = found.count > 0;
    say($("no-pairs"), found.words ? `No ${this.noun} has “${found.words}” in its name${this.noun === "pair" ? "s" : ""}.` : this.noun === "pair" ? "No pairs yet." : "No reading of a device yet.");
    while (this.rows.length < found.rows.length) this.rows.push(this.row());
    this.rows.forEach((row, k) => this.fillRow(row, found.rows[k]));
    const there = found.rows.some((row) => row.pair === this.view.pair);
    const elsewhere = before && (before.sort !== found.sort || before.words !== found.words);
    const chosen = this.next === "last" ? found.rows.at(-1) : found.rows[0];
    if (chosen && (this.next !== null || this.view.pair === null || (elsewhere && !there))) this.select(chosen.pair, this.next !== null);
    this.next = null;
    this.mark();
  }

  row() {
    const line = made("tr");
    const cells = Object.fromEntries(["names", "mi", "past", "change", "r", "p", "word"].map((name) => [name, made("td", "", name)]));
    const button = made("button");
    button.type = "button";
    button.append(made("span", "", "first"), made("span", " ~ ", "with"), made("span", "", "second"));
    cells.names.append(button);
    cells.word.append(made("span"));
    const picture = document.createElementNS(NS, "svg");
    picture.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
    picture.setAttribute("width", WIDTH);
    picture.setAttribute("height", HEIGHT);
    picture.setAttribute("aria-hidden", "true");
    const path = document.createElementNS(NS, "path");
    picture.append(path);
    cells.past.append(picture);
    line.append(...Object.values(cells));
    $("pair-rows").append(line);
    const row = { line, cells, button, path, pair: null };
    button.addEventListener("click", () => {
      this.select(row.pair);
      this.open(row.label);
    });
    button.addEventListener("focus", () => this.select(row.pair));
    line.addEventListener("click", () => this.select(row.pair));
    return row;
  }

  fillRow(row, found) {
    row.line.hidden = !found;
    if (!found) return;
    const { cells, button, path, line } = row;
    row.pair = found.pair;
    row.label = found.label;
    say(button.children[0], found.x);
    say(button.children[2], found.y);
    say(cells.mi, found.mi);
    cells.mi.classList.toggle("sure", found.sure);
    say(cells.change, found.change);
    say(cells.r, found.r);
    say(cells.p, found.p);
    say(cells.word.firstChild, found.through ? `${found.word[0]}, by ${found.through}` : found.word[0]);
    cells.word.firstChild.className = found.word[1];
    line.classList.toggle("changed", found.changed);
    path.setAttribute("d", drawn(found.past));
  }

  mark() {
    for (const { line, pair } of this.rows) line.setAttribute("aria-current", String(pair === this.view.pair));
  }

  select(pair, seen = false) {
    if (pair === this.view.pair) return;
    this.want({ pair });
    this.mark();
    if (seen) this.rows.find((row) => row.pair === pair)?.line.scrollIntoView({ block: "nearest" });
  }

  /** A pair of the matrix, or its diagonal: no pair. */
  point(pair) {
    if (pair !== this.view.pair) this.want({ pair });
  }

  showChosen(found) {
    this.chosen = found;
    $("open").disabled = !found;
    say($("chosen-x"), found?.x ?? "");
    say($("chosen-y"), found?.y ?? "");
    say($("chosen-with"), found ? (found.y ? " ~ " : "") : this.view.matrix ? "a channel with itself: no pair" : "");
    fill($("chosen-words"), found?.words ?? [], ([text, role]) => made("span", text, role));
    if (!found && this.noun === "device" && this.table?.rows.length) this.select(this.table.rows[0].pair); // it is gone
    if (found && found.pair === this.opening) this.open();
    this.opening = null;
  }

  open(label = this.chosen?.label) {
    if (label) this.want({ open: label });
  }

  /** Open a pair of the matrix: as soon as it is known what it is called. */
  openPair(pair) {
    if (pair === null) return;
    if (this.chosen?.pair === pair) return this.open();
    this.opening = pair;
    this.point(pair);
    return undefined;
  }

  close() {
    if (this.view.open) this.want({ open: null });
  }

  page(by) {
    if (!this.table) return;
    const first = Math.max(0, Math.min(this.table.first + by * this.table.page, this.table.count - 1));
    if (Math.floor(first / this.table.page) * this.table.page === this.table.first) return;
    this.next = by < 0 ? "last" : "first";
    this.want({ first });
  }

  move(by) {
    const found = this.table?.rows ?? [];
    const at = found.findIndex((row) => row.pair === this.view.pair) + by;
    if (at < 0) this.page(-1);
    else if (at >= found.length) this.page(1);
    else this.select(found[at].pair, true);
  }

  /** Go to the first pair of all, or the last. */
  end(last) {
    if (!this.table?.count) return;
    this.next = last ? "last" : "first";
    this.want({ first: last ? this.table.count - 1 : 0 });
  }

  after(choices, current) {
    return choices[(choices.indexOf(current) + 1) % choices.length];
  }

  /** Act on a key; false where it does nothing here. */
  key(name) {
    const { matrix } = this.view;
    const moves = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1], PageUp: [-10, 0], PageDown: [10, 0] };
    if (matrix && moves[name]) this.matrix.move(...moves[name]);
    else if (name === "ArrowUp" || name === "ArrowDown") this.move(name === "ArrowUp" ? -1 : 1);
    else if (name === "PageUp" || name === "PageDown") this.page(name === "PageUp" ? -1 : 1);
    else if (name === "Home" || name === "End") matrix ? this.matrix.end(name === "End") : this.end(name === "End");
    else if (name === "Enter") this.open();
    else if (name === "Escape" && matrix) this.want({ matrix: false });
    else if (name === "Escape" && this.view.words) this.filter("");
    else if (name === "m" && this.noun === "device") return false;
    else if (name === "m") matrix ? this.want({ matrix: false }) : this.toMatrix();
    else if (name === "v" && matrix) this.want({ shade: this.after(SHADES, this.view.shade) });
    else if (name === "s" && !matrix) this.want({ sort: this.after(SORTS, this.view.sort), first: 0 });
    else if (name === "/" && !matrix) $("filter").focus();
    else return false;
    return true;
  }

  toMatrix() {
    this.matrix.go(this.view.pair);
    this.want({ matrix: true });
  }

  filter(words) {
    $("filter").value = words;
    this.want({ words, first: 0 });
  }

  recolour() {
    this.matrix.redraw();
  }
}

/** MI over time as a path from 0 up; nothing where it is not known. */
function drawn(past) {
  const step = WIDTH / Math.max(past.length - 1, 1);
  let path = "", joined = false;
  past.forEach((height, k) => {
    if (height === null) {
      joined = false;
      return;
    }
    path += `${joined ? "L" : "M"}${(k * step).toFixed(1)} ${(HEIGHT - 2 - (height / 100) * (HEIGHT - 4)).toFixed(1)}`;
    joined = true;
  });
  return path;
}
