(() => {
// A table that is wider than its place is laid out as cards; one that fits keeps its head in sight.
const places = [...document.querySelectorAll(".scroll")];
for (const place of places) {
  for (const attribute of ["tabindex", "role", "aria-label", "aria-labelledby"]) place.removeAttribute(attribute); // it never scrolls
}
function fit() {
  for (const place of places) place.classList.remove("fits", "stacked");
  const wide = places.map((place) => place.scrollWidth > place.clientWidth + 1);
  places.forEach((place, number) => {
    place.classList.add(wide[number] ? "stacked" : "fits");
  });
}
for (const table of document.querySelectorAll(".heated")) {
  table.classList.toggle("many", table.querySelectorAll("thead th").length > 9);
}
let width = 0;
new ResizeObserver(() => {
  if (innerWidth !== width) fit();
  width = innerWidth;
}).observe(document.documentElement);
for (const details of document.querySelectorAll("details")) details.addEventListener("toggle", () => fit());

// Tools of a table or a figure: which rows are there, and in what order.
const ordered = new Map();
function arranged(list, parts) { // the rows with the views that they are of, and a place for those of all views in one order
  const ranked = parts[0].cloneNode(false), rows = new Map();
  ranked.removeAttribute("data-view");
  parts.at(-1).after(ranked);
  for (const part of parts) for (const row of part.querySelectorAll(".metric")) rows.set(row, part);
  ordered.set(list, { rows, ranked });
  return ordered.get(list);
}
function choose(form) {
  const list = document.querySelector(`[data-rows="${form.dataset.of}"]`);
  const view = form.elements.view.value, only = form.elements.significant?.checked, far = form.elements.order?.value;
  const parts = [...list.querySelectorAll("[data-view]")];
  const { rows, ranked } = ordered.get(list) ?? arranged(list, parts);
  for (const [row, part] of rows) part.append(row);
  if (far) ranked.append(...[...rows.keys()].sort((one, other) => other.dataset.order - one.dataset.order));
  let shown = 0;
  for (const [row, part] of rows) {
    const out = (view && part.dataset.view !== view) || (only && !row.classList.contains("significant"));
    row.classList.toggle("filtered", Boolean(out));
    shown += !out;
  }
  for (const part of [...parts, ranked]) part.classList.toggle("filtered", !part.querySelector(".metric:not(.filtered)"));
  list.classList.toggle("detailed", Boolean(form.elements.detailed?.checked));
  form.querySelector(".shown").textContent = `${shown} metrics`;
}
for (const form of document.querySelectorAll(".tools")) {
  form.addEventListener("change", () => {
    choose(form);
    fit();
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  choose(form);
}

// One button copies the table that is above it, as it is shown.
const said = (cell) => {
  const copy = cell.cloneNode(true);
  const left = cell.closest(".detailed") ? ".hidden, svg, .swatch, .paper" : ".hidden, svg, .swatch, .paper, .detail";
  for (const part of copy.querySelectorAll(left)) part.remove();
  for (const part of copy.querySelectorAll("*")) part.after(" ");
  return copy.textContent.replace(/\s+/g, " ").trim();
};
const letters = JSON.parse(document.body.dataset.letters); // those of LaTeX, as in the report's own tables
const special = { "\\": "\\textbackslash{}", "^": "\\textasciicircum{}", "~": "\\textasciitilde{}" };
const escaped = {
  csv: (text) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text),
  latex: (text) => [...text].map((one) => special[one] ?? letters[one] ?? ("{}&%$#_".includes(one) ? `\\${one}` : one)).join(""),
  markdown: (text) => text.replaceAll("|", "\\|"),
};
function written(table, as) {
  const rows = [...table.rows].filter((row) => !row.matches(".group, .filtered") && !row.closest(".filtered"));
  const lines = rows.map((row) => [...row.cells].filter((cell) => !cell.matches(".strip")).map((cell) => escaped[as](said(cell))));
  if (as === "csv") return lines.map((line) => line.join(",")).join("\n") + "\n";
  if (as === "markdown") {
    const [head, ...rest] = lines.map((line) => `| ${line.join(" | ")} |`);
    return [head, `|${lines[0].map((_, place) => (place ? "---:" : "---")).join("|")}|`, ...rest].join("\n") + "\n";
  }
  const [head, ...rest] = lines.map((line) => `${line.join(" & ")} \\\\`);
  const columns = `l${"r".repeat(lines[0].length - 1)}`;
  return [`\\begin{tabular}{${columns}}`, "\\toprule", head, "\\midrule", ...rest, "\\bottomrule", "\\end{tabular}"].join("\n") + "\n";
}
async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = document.body.appendChild(Object.assign(document.createElement("textarea"), { value: text }));
    area.select();
    document.execCommand("copy");
    area.remove();
  }
}
document.addEventListener("click", async (event) => {
  const button = event.target.closest(".copies button");
  if (!button) return;
  const place = button.closest(".copies"), kinds = place.querySelector("span");
  if (button.matches(".copy")) {
    kinds.hidden = !kinds.hidden;
    button.setAttribute("aria-expanded", String(!kinds.hidden));
    return;
  }
  await copied(written(place.previousElementSibling.querySelector("table"), button.dataset.as));
  place.querySelector(".done").textContent = `Copied as ${button.textContent}.`;
});

// A link opens what it leads to.
function unfold() {
  const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target) return;
  for (let fold = target.querySelector(":scope > .fold") ?? target; fold; fold = fold.parentElement) if (fold.matches("details")) fold.open = true;
  target.scrollIntoView();
}
addEventListener("hashchange", unfold);
document.addEventListener("click", (event) => event.target.closest("a[href^='#']")?.hash === location.hash && unfold());
unfold();
})();
