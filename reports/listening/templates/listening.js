// One piece is picked for the page; one player sounds at a time; figures and the bar at the foot go along with it.
// Any element with data-play="SYSTEM:PIECE" plays that piece, with data-pick="PIECE" picks it. PIECE is its name, its
// file, or the words in the picker; nothing after the colon is the system's piece at present.
const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
const bar = document.getElementById("playing");
const [barButton, barName, barRange, barTime] = [".play", ".name", "input", ".time"].map((part) => bar.querySelector(part));
const listenSection = document.getElementById("systems");
const picker = document.getElementById("picked");
const says = document.getElementById("picked-says");
const matches = picker ? [...picker.options].map((option) => Number(option.value)) : [];

const listening = new Map();
for (const card of document.querySelectorAll(".systems > li")) {
  listening.set(card.dataset.system, {
    name: card.dataset.system, card, role: card.className, colour: card.dataset.colour, against: card.dataset.against,
    player: card.querySelector("audio"), select: card.querySelector("select"), pieces: [], piece: null,
  });
}
for (const row of document.querySelectorAll("[data-piece]")) {
  const link = row.querySelector("a"), { piece: id, name, file, views, match, system } = row.dataset;
  const own = listening.get(system);
  own.pieces.push({ id, name, file, views, system: own, match: match === undefined ? null : Number(match), audio: link && link.getAttribute("href") });
  if (link) link.dataset.play = `${system}:${id}`;
}
for (const own of listening.values()) own.linked = own.pieces.some((piece) => piece.match !== null);

const called = (piece, words) => [piece.id, piece.name, piece.file].includes(words);
const matchCalled = (words) => matches.find((match, place) => picker.options[place].text === words || String(match) === words);

// SYSTEM:PIECE, both of which may have colons.
function resolved(words) {
  for (let at = words.indexOf(":"); at >= 0; at = words.indexOf(":", at + 1)) {
    const own = listening.get(words.slice(0, at)), rest = words.slice(at + 1);
    if (!own) continue;
    if (!rest) return own.piece;
    const found = own.pieces.find((piece) => called(piece, rest));
    if (found) return found;
    const match = matchCalled(rest);
    if (match !== undefined) return own.pieces.find((piece) => piece.match === match) || null;
  }
  return null;
}

function set(own, piece) {
  own.piece = piece;
  if (own.select && piece) own.select.value = piece.id;
  const title = own.card.querySelector(".now .file"), absent = own.card.querySelector(".absent");
  if (title) title.textContent = piece ? piece.name : "–";
  if (absent) absent.hidden = Boolean(piece);
  if (own.player) {
    own.player.hidden = !piece;
    if (piece && piece.audio) own.player.src = piece.audio;
    else own.player.removeAttribute("src");
    own.player.setAttribute("aria-label", piece ? `${own.name}, ${piece.name}` : own.name);
    if (own.player === current && !own.player.src) { bar.hidden = true; current = null; }
  }
}

// After a reader's own choice: the bar is there, and what was playing goes on with the new piece.
function choose(change) {
  const played = current && !current.paused ? current : null;
  change();
  current = current || [...listening.values()].map((own) => own.player).find((player) => player && player.src) || null;
  bar.hidden = !current;
  if (current) follow(current);
  if (played && played.src) start(played);
  drawAll();
}

function pickMatch(match) {
  picker.value = String(match);
  for (const own of listening.values()) {
    if (own.linked) set(own, own.pieces.find((piece) => piece.match === match) || null);
  }
  sayPicked();
}

function sayPicked() {
  if (!says || !picker) return;
  const option = picker.selectedOptions[0], place = `${picker.selectedIndex + 1} of ${matches.length}`;
  const linked = [...listening.values()].filter((own) => own.linked), those = linked.filter((own) => own.piece).length;
  const what = option.dataset.by === "prompt" ? "the same prompt" : "files of this name";
  says.textContent = `${place}: ${what} in ${those === linked.length && linked.length === listening.size ? "every system" : `${those} of ${listening.size} sets`}`;
}

function pick(piece) {
  if (piece.match !== null && picker) pickMatch(piece.match);
  if (piece.system.piece !== piece) set(piece.system, piece);
}

const around = (list, at) => list[(at % list.length + list.length) % list.length];

function stepOwn(own, by) {
  if (own.pieces.length) set(own, around(own.pieces, own.pieces.indexOf(own.piece) + by));
}

function step(by, card) {
  if (card) stepOwn(listening.get(card.dataset.system), by);
  else if (picker) pickMatch(around(matches, picker.selectedIndex + by));
  else {
    for (const own of listening.values()) stepOwn(own, by);
    if (says) says.textContent = [...listening.values()].map((own) => `${own.name}: ${own.piece ? own.piece.name : "–"}`).join("; ");
  }
}

// ---- players
let current = null;
const ownOf = (player) => [...listening.values()].find((own) => own.player === player);
const quiet = (but = null) => { for (const other of document.querySelectorAll("audio")) if (other !== but) other.pause(); };
const start = (song) => song.play().catch(() => {}); // refused, or overtaken by another choice
const toggle = (song) => (song.paused ? start(song) : song.pause());

function playPiece(piece) {
  if (!piece || !piece.audio) return;
  const { player } = piece.system;
  if (piece.system.piece !== piece) {
    quiet();
    choose(() => pick(piece));
  } else if (!player.paused) return player.pause();
  start(player);
}

function follow(song) {
  const own = ownOf(song), playing = !song.paused;
  for (const figure of figuresOf(own)) moveCursor(figure, song);
  for (const button of document.querySelectorAll("button[data-play]")) {
    const piece = resolved(button.dataset.play);
    if (!piece || piece.system !== own) continue;
    button.setAttribute("aria-pressed", String(playing && piece === own.piece));
    if (button.matches(".play:not(.named)")) button.textContent = playing ? "Pause" : "Play";
  }
  markDots(own, playing);
  if (song !== current) return;
  barName.textContent = own.piece ? `${own.name}, ${own.piece.name}` : own.name;
  barButton.textContent = playing ? "Pause" : "Play";
  barButton.setAttribute("aria-label", `${barButton.textContent} ${own.name}`);
  if (document.activeElement !== barRange) barRange.value = String(1000 * song.currentTime / (song.duration || 1));
  barRange.setAttribute("aria-valuetext", clock(song.currentTime));
  barTime.textContent = `${clock(song.currentTime)} / ${clock(song.duration || 0)}`;
}

let marked = "";
function markDots(own, playing) {
  const now = playing && own.piece ? `${own.name}:${own.piece.id}` : "";
  if (now === marked) return;
  marked = now;
  for (const dot of document.querySelectorAll("circle[data-play]")) dot.classList.toggle("playing", Boolean(now) && resolved(dot.dataset.play) === own.piece);
}

function run() {
  if (current && !current.paused) { follow(current); requestAnimationFrame(run); }
}

document.addEventListener("play", (event) => {
  quiet(event.target);
  if (!event.target.matches(".song")) return;
  current = event.target;
  bar.hidden = false;
  run();
}, true);
for (const { player } of listening.values()) {
  if (player) for (const happening of ["pause", "seeked", "ended", "timeupdate", "emptied", "loadedmetadata"]) player.addEventListener(happening, () => follow(player));
}
barButton.addEventListener("click", () => current && toggle(current));
barRange.addEventListener("input", () => { if (current) seek(current, barRange.value / 1000 * current.duration); });

// ---- figures
const figures = [...document.querySelectorAll("figure.view")].map((element) => ({
  element, kind: element.dataset.kind, own: listening.get(element.dataset.system), canvas: element.querySelector("canvas"),
  plot: element.querySelector(".plot"), cursor: element.querySelector(".cursor"), box: null,
}));
const figuresOf = (own) => figures.filter((figure) => figure.own === own);
let drawing = 0;

async function drawAll() {
  const mine = ++drawing;
  const all = await Promise.all([...listening.values()].map(async (own) => [own, own.piece ? await viewsOf(own.piece) : null]));
  if (mine !== drawing) return; // another piece was picked meanwhile
  const views = new Map(all), seconds = Math.max(...all.map(([, one]) => (one ? one.seconds : 0)), 0.1);
  const reference = listening.get(listenSection.dataset.reference);
  // All that is read of the page is read before anything is written: it is laid out once.
  const colours = pageColours(), sizes = figures.map(({ canvas }) => sizeOf(canvas));
  figures.forEach((figure, place) => {
    const { own } = figure, compared = listening.get(own.against) ?? reference;
    const how = { colours: theme(colours, own.colour, own.role), size: sizes[place], seconds, reference: compared === own ? null : views.get(compared) };
    drawFigure(figure, views.get(own), how);
  });
  document.documentElement.dataset.drawn = String(mine);
}

function drawFigure(figure, views, how) {
  const { own, kind, canvas, element, plot } = figure, [alternative, finding] = (views && views.words[kind]) || ["", ""];
  const why = !own.piece ? "Not among the pieces included here." : own.player ? "No figure." : "Its notes are left out with its audio.";
  figure.box = drawView(canvas, kind, views && alternative ? views : null, how);
  figure.seconds = views ? views.seconds : 0;
  element.querySelector(".of").textContent = own.piece ? own.piece.name : "";
  const play = element.querySelector("button.play");
  if (play) play.disabled = !(own.piece && own.piece.audio);
  element.querySelector("figcaption").textContent = finding ? `${finding[0].toUpperCase()}${finding.slice(1)}.` : why;
  if (canvas.getAttribute("role")) canvas.setAttribute("aria-label", alternative || `${own.name}: ${why}`);
  if (plot.matches(".timed")) { plot.setAttribute("aria-valuemax", String(Math.round(figure.seconds))); moveCursor(figure, own.player); }
}

function moveCursor(figure, song) {
  const { cursor, box, plot } = figure;
  if (!cursor || !box) return;
  const share = song.currentTime / box.seconds;
  cursor.hidden = share > 1 || (song.paused && song.currentTime === 0);
  cursor.style.left = `${box.left + share * (box.right - box.left)}px`;
  cursor.style.top = `${box.top}px`;
  cursor.style.height = `${box.bottom - box.top}px`;
  plot.setAttribute("aria-valuenow", String(Math.round(song.currentTime)));
  plot.setAttribute("aria-valuetext", `${clock(song.currentTime)} of ${clock(song.duration || 0)}`);
}

// A server that sends no parts of a file, such as Python's, lets nobody seek: then the whole file is fetched first.
async function madeSeekable(song) {
  if (song.src.startsWith("blob:") || !song.seekable.length || song.seekable.end(0) > 0) return;
  const from = song.src, whole = await (await fetch(from)).blob(), playing = !song.paused;
  if (song.src !== from) return; // another piece was picked meanwhile
  song.src = URL.createObjectURL(whole);
  await new Promise((done) => song.addEventListener("loadedmetadata", done, { once: true }));
  if (playing) start(song);
}

const seek = async (song, seconds) => {
  if (!song.src) return;
  await madeSeekable(song);
  song.currentTime = Math.min(Math.max(seconds, 0), song.duration || 0);
  follow(song);
};

function keyed(event) {
  const plot = event.target.closest(".plot.timed");
  if (!plot) return;
  const own = figures.find((one) => one.plot === plot).own, song = own.player;
  const by = { ArrowLeft: -1, ArrowRight: 1, PageDown: -10, PageUp: 10, Home: -Infinity, End: Infinity }[event.key];
  if (by !== undefined) seek(song, by === Infinity ? song.duration : song.currentTime + by);
  else if (event.key === " " || event.key === "Enter") { if (song.src) toggle(song); }
  else if (event.key === "ArrowUp" || event.key === "ArrowDown") {
    const beside = [...plot.closest(".panels").querySelectorAll(".plot.timed")];
    const next = beside[(beside.indexOf(plot) + (event.key === "ArrowDown" ? 1 : beside.length - 1)) % beside.length];
    for (const one of beside) one.tabIndex = one === next ? 0 : -1;
    next.focus();
  } else return;
  event.preventDefault();
}

document.addEventListener("click", (event) => {
  const plays = event.target.closest("[data-play]"), picks = event.target.closest("[data-pick]");
  const steps = event.target.closest(".step"), plot = event.target.closest(".plot.timed");
  if (plays) { event.preventDefault(); playPiece(resolved(plays.dataset.play)); }
  else if (picks) {
    const words = picks.dataset.pick, match = matchCalled(words);
    const found = [...listening.values()].flatMap((own) => own.pieces).find((piece) => called(piece, words));
    if (match !== undefined) choose(() => pickMatch(match));
    else if (found) choose(() => pick(found));
  } else if (steps) choose(() => step(Number(steps.dataset.step), steps.closest(".systems > li")));
  else if (plot) {
    const { own, box } = figures.find((one) => one.plot === plot), { left } = plot.getBoundingClientRect();
    if (!own.piece) return;
    const seconds = (event.clientX - left - box.left) / (box.right - box.left) * box.seconds;
    if (own.player.readyState) seek(own.player, seconds);
    else own.player.addEventListener("loadedmetadata", () => seek(own.player, seconds), { once: true });
    start(own.player);
  }
});
document.addEventListener("keydown", (event) => {
  keyed(event);
  const mark = event.target.closest("[data-play], [data-pick]"); // a point of a chart is no button by itself
  if (mark && !mark.matches("a, button") && ["Enter", " "].includes(event.key)) {
    event.preventDefault();
    mark.dispatchEvent(new MouseEvent("click", { bubbles: true }));
  }
});
if (picker) picker.addEventListener("change", () => choose(() => pickMatch(Number(picker.value))));
for (const own of listening.values()) {
  if (own.select) own.select.addEventListener("change", () => choose(() => set(own, own.pieces.find((piece) => piece.id === own.select.value))));
}

for (const own of listening.values()) set(own, own.pieces.find((piece) => piece.id === own.card.dataset.shown) || own.pieces[0] || null);
const first = listening.get(listenSection.dataset.reference).piece;
if (picker) { // the reference's own, unless another is of more systems
  const having = (match) => [...listening.values()].filter((own) => own.role === "system" && own.pieces.some((piece) => piece.match === match)).length;
  const most = Math.max(...matches.map(having));
  pickMatch(first && first.match !== null && having(first.match) === most ? first.match : matches.find((match) => having(match) === most));
}
drawAll();
for (const button of document.querySelectorAll("button[data-play]")) {
  const piece = resolved(button.dataset.play);
  if (!button.matches(".play:not(.named)") && !(piece && piece.audio)) { button.disabled = true; button.title = "This piece is not among those that can be heard here."; }
}

// Widths, themes and print change what is drawn.
let soon = 0;
addEventListener("resize", () => { cancelAnimationFrame(soon); soon = requestAnimationFrame(drawAll); });
for (const query of ["(prefers-color-scheme: dark)", "print"]) matchMedia(query).addEventListener("change", drawAll);
