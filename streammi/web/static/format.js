// Numbers, times and elements as the page has them.

export const $ = (id) => document.getElementById(id);

/** An element with this text and these classes; a text is never HTML. */
export function made(tag, text = "", ...classes) {
  const element = document.createElement(tag);
  element.textContent = text;
  element.classList.add(...classes.filter(Boolean));
  return element;
}

/** Set a text only where it is another: what is the same is not laid out anew. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Have these be an element's children, if `key`, what they are made of, is otherwise than the last time. */
export function fill(element, made_of, make) {
  const key = JSON.stringify(made_of);
  if (element.madeOf === key) return;
  element.madeOf = key;
  element.replaceChildren(...made_of.map(make));
}

/** An item of texts in their roles. */
export const spans = (words) => {
  const item = made("li");
  item.append(...words.map(([text, role]) => made("span", text, role)));
  return item;
};

const two = (n) => String(n).padStart(2, "0");

/** The time of day of seconds since the epoch, where the browser is. */
export function clock(seconds, date = false) {
  const at = new Date(seconds * 1000);
  if (!Number.isFinite(at.getTime())) return "—";
  const time = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  return date ? `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${time}` : time;
}

/** A length of time in one unit. */
export function duration(seconds) {
  for (const [least, scale, unit] of [[172800, 86400, "d"], [5400, 3600, "h"], [60, 60, "min"]]) {
    if (seconds >= least) return `${Number((seconds / scale).toPrecision(3))} ${unit}`;
  }
  return `${Number(seconds.toPrecision(3))} s`;
}

/** How long something has lasted: a clock that runs. */
export function elapsed(seconds) {
  const whole = Math.max(Math.floor(seconds), 0);
  for (const [scale, unit, part, smaller] of [[86400, "d", 3600, "h"], [3600, "h", 60, "min"], [60, "min", 1, "s"]]) {
    if (whole >= scale) return `${Math.floor(whole / scale)} ${unit} ${Math.floor((whole % scale) / part)} ${smaller}`;
  }
  return `${whole} s`;
}

/** A value of a signal in about four digits, with a true minus. */
export function short(value) {
  if (value === null || !Number.isFinite(value)) return "—";
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e15 || size < 1e-3)) return value.toPrecision(2).replaceAll("-", "−");
  for (const [least, letter] of [[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e4, "k"]]) {
    const scale = letter === "k" ? 1e3 : least;
    if (size >= least) return `${Number((value / scale).toPrecision(3))}${letter}`.replace("-", "−");
  }
  return String(Number(value.toPrecision(4))).replace("-", "−");
}

/** A colour of the page's style sheet, as it is now. */
export const colour = (name) => getComputedStyle(document.body).getPropertyValue(`--${name}`).trim();
