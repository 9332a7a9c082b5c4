// Which is the reference? Two pieces without their names; the score stays in the page.
const quiz = document.getElementById("quiz");
if (quiz) {
  const LONGEST = 20; // seconds heard of a clip: both end together, so that their length tells nothing
  const clips = [new Audio(), new Audio()];
  const part = (selector) => quiz.querySelector(selector), all = (selector) => [...quiz.querySelectorAll(selector)];
  const drawn = (list) => list[Math.floor(Math.random() * list.length)];
  const reference = listenSection.dataset.reference;
  const others = [...listening.values()].filter((own) => own.role === "system" && own.player && own.pieces.length);
  const told = new Set(); // pieces of systems that were asked
  let asked = null, right = 0, answered = 0;

  // The reference under the limits of the system, where the report has it: velocities and timing tell nothing either.
  const human = (own) => {
    const limited = listening.get(own.against);
    return limited && limited.player && limited.role !== "system" ? limited : listening.get(reference);
  };

  // After the same prompt where there is one, and not asked before as long as there are such.
  const after = (side, match) => match !== null && side.pieces.find((piece) => piece.match === match);
  function question(own) {
    const side = human(own), shared = own.pieces.filter((piece) => after(side, piece.match));
    const all = shared.length ? shared : own.pieces, fresh = all.filter((piece) => !told.has(piece));
    const theirs = drawn(fresh.length ? fresh : all);
    told.add(theirs);
    return [after(side, theirs.match) || drawn(side.pieces), theirs];
  }

  function ask() {
    const [same, theirs] = question(drawn(others));
    const ours = Math.random() < 0.5 ? 0 : 1;
    asked = { ours, pieces: ours === 0 ? [same, theirs] : [theirs, same], heard: new Set() };
    asked.pieces.forEach((piece, place) => { clips[place].src = piece.audio; clips[place].preload = "metadata"; });
    part(".start").hidden = part(".after").hidden = true;
    part(".question").hidden = false;
    part(".result").textContent = "";
    for (const button of all("[data-answer]")) button.disabled = true;
  }

  function shown() {
    all("[data-clip]").forEach((button, place) => {
      const playing = !clips[place].paused;
      button.setAttribute("aria-pressed", String(playing));
      button.textContent = `${playing ? "Stop" : "Play"} ${"AB"[place]}`;
    });
  }

  const length = () => Math.min(LONGEST, ...clips.map((clip) => clip.duration || LONGEST));
  clips.forEach((clip, place) => {
    for (const happening of ["play", "pause", "ended"]) clip.addEventListener(happening, shown);
    clip.addEventListener("timeupdate", () => { if (clip.currentTime >= length()) clip.pause(); });
    clip.addEventListener("playing", () => {
      asked.heard.add(place);
      if (asked.heard.size === 2) for (const button of all("[data-answer]")) button.disabled = false;
    });
  });

  function answer(place) {
    const won = place === asked.ours;
    answered += 1; right += won;
    for (const clip of clips) clip.pause();
    const [one, other] = asked.pieces.map((piece) => `${piece.system.name}, ${piece.name}`);
    part(".result").textContent = `${won ? "Right" : "Wrong"}. A was ${one}; B was ${other}.`;
    part(".score").textContent = `${right} of ${answered} right. By guessing, half would be.`;
    part(".question").hidden = true;
    part(".after").hidden = false;
    part(".another").focus();
  }

  quiz.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    const { clip, answer: place } = button.dataset;
    if (button.matches(".start, .another")) { ask(); part("[data-clip]").focus(); }
    else if (button.matches(".see")) {
      const same = asked.pieces[asked.ours];
      choose(() => { pick(asked.pieces[1 - asked.ours]); if (same.system.piece !== same) set(same.system, same); });
      document.querySelector("figure.view")?.closest("section").scrollIntoView();
    }
    else if (place !== undefined) answer(Number(place));
    else if (clip !== undefined) {
      const song = clips[clip];
      if (!song.paused) return song.pause();
      quiet();
      clips[1 - clip].pause();
      song.currentTime = 0;
      start(song);
    }
  });
  document.addEventListener("play", () => { for (const clip of clips) clip.pause(); }, true);
}
