// One player sounds at a time; a system's figures and the bar at the foot go along with its song.
const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
const bar = document.getElementById("playing");
const [barButton, barName, barRange, barTime] = [".play", ".name", "input", ".time"].map((part) => bar.querySelector(part));
let current = null;

function follow(song) {
  for (const plot of document.querySelectorAll(`.plot[data-song="${song.id}"]`)) {
    const cursor = plot.querySelector(".cursor");
    const share = song.currentTime / Number(plot.dataset.seconds);
    cursor.hidden = share > 1 || (song.paused && song.currentTime === 0);
    cursor.style.left = `calc(var(--left) + ${share} * var(--width))`;
  }
  for (const button of document.querySelectorAll(`button[data-song="${song.id}"]`)) {
    button.setAttribute("aria-pressed", String(!song.paused));
    button.textContent = song.paused ? "Play" : "Pause";
  }
  if (song !== current) return;
  barName.textContent = song.dataset.name;
  barButton.textContent = song.paused ? "Play" : "Pause";
  barButton.setAttribute("aria-label", `${barButton.textContent} ${song.dataset.name}`);
  if (document.activeElement !== barRange) barRange.value = String(1000 * song.currentTime / (song.duration || 1));
  barTime.textContent = `${clock(song.currentTime)} / ${clock(song.duration || 0)}`;
}

function step() {
  if (current && !current.paused) {
    follow(current);
    requestAnimationFrame(step);
  }
}

const toggle = (song) => (song.paused ? song.play() : song.pause());

document.addEventListener("play", (event) => {
  for (const other of document.querySelectorAll("audio")) {
    if (other !== event.target) other.pause();
  }
  if (!event.target.matches(".song")) return;
  current = event.target;
  bar.hidden = false;
  step();
}, true);

for (const song of document.querySelectorAll("audio.song")) {
  for (const happening of ["pause", "seeked", "ended", "timeupdate"]) song.addEventListener(happening, () => follow(song));
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-song]");
  if (button) toggle(document.getElementById(button.dataset.song));
  const plot = event.target.closest(".plot[data-song]");
  if (!plot) return;
  const song = document.getElementById(plot.dataset.song);
  const { left, width } = plot.getBoundingClientRect();
  const [from, wide] = ["--left", "--width"].map((name) => parseFloat(plot.style.getPropertyValue(name)) / 100);
  const seconds = ((event.clientX - left) / width - from) / wide * Number(plot.dataset.seconds);
  song.currentTime = Math.min(Math.max(seconds, 0), song.duration || 0);
  song.play();
});
barButton.addEventListener("click", () => current && toggle(current));
barRange.addEventListener("input", () => {
  if (current) current.currentTime = barRange.value / 1000 * current.duration;
});

// To print: load every figure and open what is folded, except lists that manifest.json has; then fold it again.
const folded = [];
addEventListener("beforeprint", () => {
  for (const image of document.querySelectorAll("img[loading=lazy]")) image.loading = "eager";
  for (const details of document.querySelectorAll("details:not([open], .long)")) {
    details.open = true;
    folded.push(details);
  }
});
addEventListener("afterprint", () => {
  for (const details of folded.splice(0)) details.open = false;
});
