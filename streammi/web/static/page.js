// The page: what comes from the server goes to its places, and keys and buttons choose how it is shown.

import { Delays } from "./delays.js";
import { $, clock, elapsed, fill, made, say, spans } from "./format.js";
import { Heat } from "./heat.js";
import { Many } from "./many.js";
import { Past } from "./past.js";
import { Signals } from "./signals.js";

const past = new Past(), heat = new Heat(), delays = new Delays(), signals = new Signals();
const RETRY = [250, 500, 1000, 2000, 5000]; // ms
let socket = null, tries = 0, alive = 5, heard = performance.now(), lost = null;
let frozen = null, waiting = {}; // what came while the picture stands still
let chosen = null, shown = null, opened = null; // pairs, and of many channels the one that is opened

const many = new Many(() => ask(), { event: eventItem, link });

/** Tell the server what is to be shown. */
function ask() {
  const key = chosen ?? shown;
  thaw();
  if (many.view.open !== opened) {
    opened = many.view.open;
    past.empty();
    past.show(null);
  }
  if (key && socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ show: key, view: many.view }));
}

/** Show the pairs of many channels, or one pair. */
function turn(ofMany) {
  document.body.classList.remove("waiting");
  $("many").hidden = !ofMany;
  $("one").hidden = ofMany;
  $("to-all-part").hidden = ofMany || !many.view.open;
  for (const part of document.querySelectorAll(".of-many")) part.hidden = !ofMany;
  for (const part of document.querySelectorAll(".of-one")) part.hidden = ofMany;
}

/** Put what came where it belongs. */
function show(news) {
  if (news.many) shown = news.many.key;
  if (news.head) shown = news.head.key;
  if (news.many || news.head) turn(Boolean(news.many));
  if (news.tabs) showTabs(news.tabs);
  if (!$("many").hidden) {
    many.take(news);
    return;
  }
  if (news.head) showHead(news.head);
  if (news.events) showEvents(news.events);
  if (news.past) past.take(news.past);
  if (news.head || news.past || news.events) past.draw();
  if ("cells" in news) heat.take(news.cells);
  if ("signals" in news) {
    signals.take(news.signals);
    heat.takePoints(news.signals && [news.signals.x.points, news.signals.y.points]);
  }
  if ("profile" in news) delays.take(news.profile);
}

function showHead(head) {
  const { classList } = document.body;
  const then = classList.contains("then");
  classList.remove("waiting");
  classList.toggle("then", head.stale);
  classList.toggle("of-device", many.noun === "device" && Boolean(many.view.open)); // of which no events are looked for
  document.title = head.pair ? `${head.mi ? `${head.mi} ${head.unit} · ` : ""}${head.pair} · streammi` : "streammi";
  say($("pair"), head.pair ?? many.view.open ?? "streammi");
  say($("signals"), head.pair ? `${head.x} × ${head.y}` : "");
  const alarms = (head.alarms ?? []).map((rule) => [[`alarm: ${rule}`, "bad"]]);
  fill($("states"), [...alarms, ...head.states], (words) => made("li", words[0][0], words[0][1]));
  const facts = head.pair ? [...head.warnings.map((text) => [`▲ ${text}`, "warn"]), [head.window, head.filled ? "" : "warn"],
    [head.rate, ""], [clock(head.at), ""]] : head.note ? [[head.note, "warn"]] : [];
  fill($("facts"), facts.filter(([text]) => text), ([text, role]) => made("li", text, role));
  past.unit = heat.unit = head.unit;
  past.normal = head.normal ?? null;
  say($("now-title"), head.delayed ? "Peak MI, at a delay" : "Mutual information");
  say($("past-title"), `${head.delayed ? "Peak MI" : "MI"} over time, ${head.unit}`);
  say($("delays-title"), `MI by delay, ${head.unit}`);
  say($("mi"), head.mi ?? "—");
  say($("unit"), head.mi ? head.unit : "");
  say($("estimator"), head.estimator ?? "");
  fill($("details"), head.details ?? [], spans);
  say($("verdict"), head.verdict ?? head.waiting ?? "");
  $("verdict").classList.toggle("sure", Boolean(head.sure));
  say($("evidence"), head.evidence ?? "");
  showEntropy(head.entropy);
  say($("nmi"), head.nmi ? `NMI ${head.nmi} of 1` : "");
  fill($("coefficients"), head.coefficients ?? [], coefficient);
  showWhy(head.why);
  fill($("links"), head.feed?.links ?? [], link);
  fill($("feed-facts"), head.feed?.facts ?? [], spans);
  if (then !== head.stale) recolour();
}

function showEntropy(found) {
  $("bars").hidden = !found;
  say($("h-xy"), found?.xy ?? "");
  if (!found) return;
  [...$("parts").children].forEach((part, k) => { part.style.flexBasis = `${100 * found.shares[k]}%`; });
  say($("h-x"), found.x);
  say($("h-y"), found.y);
  fill($("part-words"), found.parts, (text) => made("li", text));
}

function coefficient({ name, value, text, role }) {
  const item = made("li", "", role === "mi" ? "mi" : "");
  const scale = made("div", "", "scale"), bar = made("i"), name_ = made("span", name, "dim");
  bar.style.left = `${50 + Math.min(50 * value, 0)}%`;
  bar.style.width = `${50 * Math.abs(value)}%`;
  scale.append(bar);
  item.append(name_, scale, made("output", text));
  return item;
}

function showWhy(why) {
  $("why").hidden = !why;
  if (!why) return;
  say($("given"), why.given ? `given ${why.given}` : "which drives which");
  $("left-bar").hidden = why.share === null;
  if (why.share !== null) [1 - why.share, why.share].forEach((share, k) => { $("left-bar").children[k].style.flexBasis = `${100 * share}%`; });
  say($("left"), why.left);
  fill($("arrows"), why.arrows, (arrow) => spans([[`${arrow.from} → ${arrow.to} `, arrow.sure ? "mi_strong" : "dim"], [arrow.words, "text"]]));
}

function link({ state, tone, signal, endpoint, format, since, note }) {
  const words = [[state, tone], [signal === "both" ? " " : ` ${signal}: `, "dim"], [endpoint, "text"],
    [format ? ` (${format})` : "", "text"], [since ? ` since ${clock(since)}` : "", "dim"]];
  const item = spans(words);
  if (note) item.append(made("span", note, "note"));
  return item;
}

function showEvents(found) {
  past.events = found;
  say($("events-kept"), found.length ? `${found.length} kept` : "");
  fill($("event-list"), found.length ? found : [{ evidence: "none since the start" }], eventItem);
}

function eventItem(event) {
  const item = made("li");
  if (!event.t) return made("li", event.evidence, "none");
  const time = made("time", clock(event.t));
  time.dateTime = new Date(event.t * 1000).toISOString();
  time.title = clock(event.t, true);
  item.append(time, made("span", event.mark, event.tone), made("b", event.what), made("span", event.evidence));
  return item;
}

function showTabs(tabs) {
  $("tabs").hidden = tabs.length < 2;
  document.querySelector(".several").hidden = tabs.length < 2;
  keys = tabs.map((tab) => tab.key);
  fill($("tabs"), tabs.map((tab, k) => [tab, k, same(tab.key, chosen ?? shown)]), ([tab, k, here]) => {
    const button = made("button");
    button.type = "button";
    button.setAttribute("aria-current", String(here));
    button.append(made("span", `${k + 1} ${tab.label} `), made("span", tab.state === "connected" ? tab.mi : tab.state));
    button.addEventListener("click", () => choose(tab.key));
    return button;
  });
}

let keys = [];
const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

function choose(key) {
  if (!key) return;
  chosen = key;
  many.view.open = null;
  past.empty();
  past.show(null);
  ask();
}

function thaw() {
  if (frozen === null) return;
  frozen = null;
  $("frozen").hidden = true;
  for (const news of [waiting]) if (Object.keys(news).length) connect(true); // all of it anew
  waiting = {};
}

function freeze() {
  if (frozen !== null) return thaw();
  frozen = Date.now();
  $("frozen").hidden = false;
  return undefined;
}

function recolour() {
  past.rebuild();
  delays.rebuild();
  signals.draw();
  heat.draw();
  many.recolour();
}

function take(event) {
  heard = performance.now();
  const news = JSON.parse(event.data);
  if (news.hello) {
    if (past.version && past.version !== news.hello.version) return location.reload(); // the server is another now
    past.version = news.hello.version;
    alive = news.hello.alive;
    heat.ramps = many.matrix.ramps = news.hello.ramps;
    say($("version"), `streammi ${news.hello.version}`);
    ask();
    return undefined;
  }
  if (!Object.keys(news).length) return undefined;
  tries = 0;
  found();
  if (frozen !== null) waiting = news;
  else show(news);
  return undefined;
}

/** The connection to the server has ended, or nothing is heard over it. */
function gone() {
  lost ??= Date.now();
  if (!document.body.classList.contains("gone")) {
    document.body.classList.add("gone");
    heat.draw();
    many.recolour();
  }
}

function found() {
  lost = null;
  if (!document.body.classList.contains("gone")) return;
  document.body.classList.remove("gone");
  $("gone").hidden = true;
  heat.draw();
  many.recolour();
}

function connect(anew = false) {
  if (anew && socket) {
    socket.onclose = null;
    socket.close();
  }
  heard = performance.now();
  socket = new WebSocket(`${location.origin.replace(/^http/, "ws")}/live`);
  socket.onmessage = take;
  socket.onclose = () => {
    gone();
    setTimeout(connect, RETRY[Math.min(tries++, RETRY.length - 1)]);
  };
}

/** By the second: how long it has been so. */
function tick() {
  if (performance.now() - heard > 2500 * alive && socket.readyState === WebSocket.OPEN) {
    gone();
    connect(true);
  }
  if (lost !== null && Date.now() - lost > 900) {
    $("gone").hidden = false;
    say($("gone"), `No connection to streammi serve for ${elapsed((Date.now() - lost) / 1000)}, since ${clock(lost / 1000)}. What is shown is of then.`);
  }
  if (frozen !== null) say($("frozen"), `Frozen for ${elapsed((Date.now() - frozen) / 1000)}: space goes on.`);
}

const KEYS = {
  " ": freeze, "+": () => past.zoom(-1), "=": () => past.zoom(-1), "-": () => past.zoom(1), _: () => past.zoom(1),
  ArrowLeft: () => past.scroll(-0.25), ArrowRight: () => past.scroll(0.25), PageUp: () => past.scroll(-1),
  PageDown: () => past.scroll(1), Home: () => past.oldest(), End: () => past.show(null), m: () => heat.next(), v: () => heat.values(),
};

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.id === "filter" && (event.key === "Escape" || event.key === "Enter")) {
    if (event.key === "Escape") many.filter("");
    event.target.blur();
    return;
  }
  if (event.target.closest(".scroll, input")) return;
  if ((event.key === " " || event.key === "Enter") && event.target.closest("button")) return;
  if (!$("many").hidden ? many.key(event.key) : event.key === "Escape" && many.view.open) {
    if ($("many").hidden) many.close();
    event.preventDefault();
    return;
  }
  if (!$("many").hidden && !/^[ 1-9]$/.test(event.key)) return;
  const act = KEYS[event.key] ?? (/^[1-9]$/.test(event.key) && keys.length > 1 ? () => choose(keys[event.key - 1]) : null);
  if (!act) return;
  event.preventDefault();
  act();
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", recolour);
say($("zone"), `Times: ${Intl.DateTimeFormat().resolvedOptions().timeZone}.`);
setInterval(tick, 1000);
connect();
