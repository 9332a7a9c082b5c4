(() => {
// What a mark says, on hover and on focus. Arrow keys go from mark to mark of a figure.
const tip = document.getElementById("tip");

function tell(mark) {
  tip.hidden = !mark;
  if (!mark) return;
  tip.textContent = mark.dataset.tip;
  const at = mark.getBoundingClientRect(), own = tip.getBoundingClientRect();
  const dot = mark.querySelector?.("circle")?.getBoundingClientRect() ?? at;
  const left = Math.min(Math.max(dot.left + dot.width / 2 - own.width / 2, 8), innerWidth - own.width - 8);
  const above = dot.top - own.height - 8;
  tip.style.left = `${left}px`;
  tip.style.top = `${above < 4 ? dot.bottom + 8 : above}px`;
}

for (const [happening, shown] of [["pointerover", true], ["focusin", true], ["pointerout", false], ["focusout", false]]) {
  document.addEventListener(happening, (event) => tell(shown ? event.target.closest("[data-tip]") : null));
}
document.addEventListener("keydown", (event) => event.key === "Escape" && tell(null));
addEventListener("scroll", () => tell(null), { passive: true });

// Of a figure or a table, one mark is in the order of the Tab key; arrow keys go on from it.
function rows(part) {
  const marks = [...part.querySelectorAll("[data-tip]")].filter((mark) => mark.getClientRects().length);
  const found = new Map();
  for (const mark of marks) {
    const row = mark.closest("tr, .row") ?? part;
    found.set(row, [...(found.get(row) ?? []), mark]);
  }
  return [...found.values()];
}
function rove(part) {
  for (const mark of part.querySelectorAll("[data-tip]")) mark.tabIndex = -1;
  const first = part.querySelector("[data-tip]");
  if (first) first.tabIndex = 0;
  part.addEventListener("keydown", (event) => {
    const step = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] }[event.key];
    const mark = event.target.closest("[data-tip]");
    if (!step || !mark) return;
    event.preventDefault();
    const all = rows(part), row = all.findIndex((marks) => marks.includes(mark));
    const next = all[row + step[0]] ?? all[row];
    const place = Math.min(Math.max(all[row].indexOf(mark) + step[1], 0), next.length - 1);
    mark.tabIndex = -1;
    next[place].tabIndex = 0;
    next[place].focus();
  });
}
for (const part of document.querySelectorAll("[data-roving]")) rove(part);

// Distributions, drawn when their view is opened: a dot for each piece, which a click plays.
const measured = JSON.parse(document.getElementById("values").textContent);
const drawn = (name, attributes, parent) => {
  const part = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) part.setAttribute(key, value);
  return parent.appendChild(part);
};
const made = (name, text, parent) => parent.appendChild(Object.assign(document.createElement(name), { textContent: text }));
const written3 = (value) => String(Number(value.toPrecision(3))).replace("-", "−");
function quantile(sorted, share) {
  const place = share * (sorted.length - 1), low = Math.floor(place);
  return sorted[low] + (place - low) * ((sorted[low + 1] ?? sorted[low]) - sorted[low]);
}
function panel(metric, parent) {
  const figure = made("figure", "", parent);
  const unit = metric.unit === "share" ? "%" : metric.unit, factor = metric.unit === "share" ? 100 : 1;
  made("figcaption", unit ? `${metric.label} (${unit})` : metric.label, figure);
  const all = metric.values.flat().filter((value) => value !== null).map((value) => factor * value);
  const low = Math.min(...all), high = Math.max(...all);
  const place = (value) => `${(high > low ? 3 + 94 * (value - low) / (high - low) : 50).toFixed(2)}%`;
  measured.systems.forEach((system, number) => {
    const row = made("div", "", figure);
    row.className = "row";
    made("span", system.name, row);
    const lane = drawn("svg", { class: "lane", style: `--colour: ${system.colour}` }, row);
    const own = metric.values[number].map((value) => (value === null ? null : factor * value));
    const sorted = own.filter((value) => value !== null).sort((one, other) => one - other);
    if (!sorted.length) return;
    const [lower, middle, upper] = [0.25, 0.5, 0.75].map((share) => quantile(sorted, share));
    own.forEach((value, at) => {
      if (value === null) return;
      const piece = system.pieces[at];
      drawn("circle", {
        class: "point", cx: place(value), cy: `${20 + 60 * ((at * 0.618) % 1)}%`, r: 3, "role": "img",
        "data-tip": `${system.name}, ${piece}: ${written3(value)} ${unit}`.trim(),
        "aria-label": `${system.name}, ${piece}: ${written3(value)} ${unit}`.trim(),
        ...(resolved(`${system.name}:${piece}`)?.audio ? { "data-play": `${system.name}:${piece}` } : {}),
      }, lane);
    });
    drawn("line", { class: "half", x1: place(lower), x2: place(upper), y1: "50%", y2: "50%" }, lane);
    drawn("line", { class: "middle", x1: place(middle), x2: place(middle), y1: "15%", y2: "85%" }, lane);
  });
  const foot = made("div", "", figure);
  foot.className = "row";
  made("span", "", foot);
  const scale = made("span", "", foot);
  scale.className = "scale";
  for (const value of high > low ? [low, (low + high) / 2, high] : [low]) {
    made("i", written3(value), scale).style.left = place(value);
  }
  rove(figure);
}
function drawDots(place) {
  if (place.dataset.drawn) return;
  place.dataset.drawn = "yes";
  for (const metric of measured.views[place.dataset.view] ?? []) panel(metric, place);
}
const allDots = [...document.querySelectorAll(".dots")];
for (const place of allDots) {
  new ResizeObserver(() => place.clientWidth && drawDots(place)).observe(place); // once it is unfolded
}
addEventListener("beforeprint", () => allDots.forEach(drawDots));
})();
