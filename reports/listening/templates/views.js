// What is drawn of a piece: its arrays (reports/listening/views.py) on a canvas, in the colours of the page.
const MARGIN = { left: 44, right: 10, top: 8, bottom: 34 };
const MARKS_HZ = [1000, 1200, 1300];
const TOP_HZ = 5000;
const LOWEST = 24, PITCHES = 78, FRAME_RATE = 8;
const axes = JSON.parse(document.getElementById("systems").dataset.axes);

// Arrays come by script, since a page opened from disk may not read files: one script a piece, asked for once.
const arrived = new Map(), waiting = new Map();
window.clstmViews = (id, packed) => arrived.set(id, unpacked(packed));

function viewsOf(piece) {
  if (arrived.has(piece.id)) return Promise.resolve(arrived.get(piece.id));
  if (!waiting.has(piece.id)) {
    waiting.set(piece.id, new Promise((resolve) => {
      const script = document.createElement("script");
      script.src = piece.views;
      script.onload = script.onerror = () => { script.remove(); resolve(arrived.get(piece.id) || null); };
      document.head.append(script);
    }));
  }
  return waiting.get(piece.id);
}

const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

function unpacked(packed) {
  const views = { ...packed };
  for (const key of ["wave", "spectrum", "sonogram", "similarity", "matrix", "notes"]) if (packed[key] !== undefined) views[key] = bytes(packed[key]);
  if (views.notes) {
    const count = views.notes.length / 6, data = new DataView(views.notes.buffer);
    views.notes = Array.from({ length: count }, (_, i) => ({
      onset: data.getUint16(2 * i, true) / 1000, offset: data.getUint16(2 * (count + i), true) / 1000,
      pitch: data.getUint8(4 * count + i), velocity: data.getUint8(5 * count + i),
    }));
  }
  return views;
}

const decibels = (code) => code / 2 - 120;
const smoothed = (codes) => { // the energy of 41 neighbouring bins of 10 Hz, under a Hann window
  const power = Array.from(codes, (code) => 10 ** (decibels(code) / 10));
  return power.map((_, at) => {
    let sum = 0, weight = 0;
    for (let by = -20; by <= 20; by++) if (power[at + by] !== undefined) {
      const hann = 0.5 + 0.5 * Math.cos(Math.PI * by / 20);
      sum += hann * power[at + by]; weight += hann;
    }
    return 10 * Math.log10(sum / weight);
  });
};

function pageColours() {
  const style = getComputedStyle(document.documentElement);
  return ["--ink", "--soft", "--line", "--card"].map((name) => style.getPropertyValue(name).trim());
}
function theme([ink, soft, line, card], colour, role) {
  const dark = brightness(card) < 0.5;
  const own = role === "reference" ? ink : dark ? mixed(colour, "#ffffff", 0.35) : colour;
  const ramp = dark ? [card, "#5b2a86", "#d1495b", "#ffd9a0"] : [card, "#a8c7e8", "#2b6cb0", "#0b1f3a"];
  return { ink, soft, line, card, own, ramp };
}
const parts = (colour) => [1, 3, 5].map((at) => parseInt(colour.length === 4 ? colour[(at + 1) / 2].repeat(2) : colour.slice(at, at + 2), 16));
const brightness = (colour) => parts(colour).reduce((sum, part) => sum + part, 0) / 765;
const mixed = (one, other, share) => `rgb(${parts(one).map((part, i) => Math.round(part + share * (parts(other)[i] - part))).join(" ")})`;

function table(ramp) { // 256 colours between those of a ramp
  const known = ramp.map(parts);
  return Array.from({ length: 256 }, (_, code) => {
    const at = code / 255 * (known.length - 1), first = Math.min(Math.floor(at), known.length - 2);
    return known[first].map((part, i) => part + (at - first) * (known[first + 1][i] - part));
  });
}

function image(rows, columns, valueAt, ramp) { // valueAt(row, column): 0..1, row 0 at the foot
  const canvas = document.createElement("canvas"), colours = table(ramp);
  canvas.width = columns; canvas.height = rows;
  const context = canvas.getContext("2d"), pixels = context.createImageData(columns, rows);
  for (let row = 0; row < rows; row++) for (let column = 0; column < columns; column++) {
    const colour = colours[Math.round(255 * Math.min(Math.max(valueAt(row, column), 0), 1))];
    pixels.data.set([...colour, 255], 4 * ((rows - 1 - row) * columns + column));
  }
  context.putImageData(pixels, 0, 0);
  return canvas;
}

const nice = (most, count) => [0.5, 1, 2, 3, 5, 10, 15, 20, 30, 60].find((step) => most / step <= count) || 120;
const upTo = (most, step, from = 0) => Array.from({ length: Math.floor((most - from) / step + 1e-9) + 1 }, (_, i) => from + i * step);
const octaves = ([low, high]) => upTo(high, 12, low).map((pitch) => [pitch, `C${pitch / 12 - 1}`]);

// Each kind: the range and ticks of both axes, and what is drawn; x(), y() place a value.
const KINDS = {
  "waveform": {
    y: () => [-1.05 * axes.peak, 1.05 * axes.peak], label: "amplitude",
    ticks: () => [-axes.peak, 0, axes.peak].map((value) => [value, value.toFixed(value ? 2 : 0)]),
    draw({ context, x, y, views, colours }) {
      const count = views.wave.length / 3, at = (side, i) => views.wave[side * count + i];
      const area = (low, high, alpha) => {
        context.globalAlpha = alpha; context.fillStyle = colours.own; context.beginPath();
        for (let i = 0; i < count; i++) context.lineTo(x((i + 0.5) * views.seconds / count), y(high(i)));
        for (let i = count - 1; i >= 0; i--) context.lineTo(x((i + 0.5) * views.seconds / count), y(low(i)));
        context.fill(); context.globalAlpha = 1;
      };
      area((i) => at(0, i) / 127.5 - 1, (i) => at(1, i) / 127.5 - 1, 0.4);
      area((i) => -at(2, i) / 255, (i) => at(2, i) / 255, 1);
    },
  },
  "sonogram": {
    y: () => [0, TOP_HZ / 1000], label: "kHz", ticks: () => upTo(5, 1).map((value) => [value, value]),
    draw({ context, x, y, views, colours }) {
      const columns = views.sonogram.length / views.rows, [low, high] = axes.sonogram;
      const drawn = image(views.rows, columns, (row, column) => (decibels(views.sonogram[row * columns + column]) - low) / (high - low), colours.ramp);
      context.imageSmoothingEnabled = true;
      context.drawImage(drawn, x(0), y(views.hz / 1000), x(views.seconds) - x(0), y(0) - y(views.hz / 1000));
    },
  },
  "spectrum": {
    x: () => [0, TOP_HZ / 1000], xLabel: "frequency (kHz)", xTicks: () => upTo(5, 1).map((value) => [value, value]),
    y: () => [axes.spectrum[0], axes.spectrum[1] + 4], label: "dB",
    ticks: () => upTo(axes.spectrum[1], 20, Math.ceil(axes.spectrum[0] / 20) * 20).map((value) => [value, value]),
    draw({ context, x, y, views, colours, reference, box }) {
      const floor = axes.spectrum[0], line = (levels) => levels.forEach((level, i) => context.lineTo(x((i + 0.5) / 100), y(Math.max(level, floor))));
      context.globalAlpha = 0.3; context.fillStyle = colours.own; context.beginPath(); context.moveTo(x(0), y(floor));
      line(Array.from(views.spectrum, decibels)); context.lineTo(x(views.spectrum.length / 100), y(floor)); context.fill(); context.globalAlpha = 1;
      context.lineWidth = 1.8; context.strokeStyle = colours.own; context.beginPath(); line(smoothed(views.spectrum)); context.stroke();
      context.lineWidth = 1.1; context.strokeStyle = colours.ink;
      if (reference) { context.setLineDash([5, 3]); context.beginPath(); line(smoothed(reference.spectrum)); context.stroke(); }
      MARKS_HZ.forEach((hz, i) => {
        context.setLineDash([[], [4, 3], [1, 3]][i]); context.beginPath();
        context.moveTo(x(hz / 1000), box.top); context.lineTo(x(hz / 1000), box.bottom); context.stroke();
      });
      context.setLineDash([]);
    },
  },
  "piano-roll": {
    y: () => [axes.pitches[0] - 1, axes.pitches[1] + 1], label: "pitch", ticks: () => octaves(axes.pitches),
    draw({ context, x, y, views, colours }) {
      const thick = Math.max(Math.abs(y(1) - y(0)) * 0.9, 1.5);
      context.fillStyle = colours.own;
      for (const note of views.notes || []) {
        context.globalAlpha = 0.25 + 0.75 * note.velocity / 127;
        context.fillRect(x(note.onset), y(note.pitch) - thick / 2, Math.max(x(note.offset) - x(note.onset), 1), thick);
      }
      context.globalAlpha = 1;
    },
  },
  "score-matrix": {
    seconds: (most) => Math.min(most, 15),
    y: () => [0, 2 * (axes.cells[1] - axes.cells[0] + 1)], label: "held      struck",
    ticks() { const span = axes.cells[1] - axes.cells[0] + 1; return [0, span].flatMap((from) => octaves(axes.cells).map(([pitch, name]) => [pitch - axes.cells[0] + from, name])); },
    draw({ context, x, y, views, colours }) {
      if (!views.matrix) return;
      const span = axes.cells[1] - axes.cells[0] + 1, high = y(0) - y(1), wide = x(1 / FRAME_RATE) - x(0);
      for (let row = 0; row < 2 * PITCHES; row++) {
        const pitch = row % PITCHES + LOWEST - axes.cells[0], struck = row >= PITCHES;
        if (pitch < 0 || pitch >= span) continue;
        context.fillStyle = struck ? colours.ink : colours.own;
        for (let frame = 0; frame < views.frames; frame++) {
          const bit = row * views.frames + frame;
          if (views.matrix[bit >> 3] >> (7 - (bit & 7)) & 1) context.fillRect(x(frame / FRAME_RATE), y(pitch + 1 + (struck ? span : 0)), Math.max(wide, 1), Math.max(high, 1));
        }
      }
      context.strokeStyle = colours.ink; context.beginPath(); context.moveTo(x(0), y(span)); context.lineTo(x(views.frames / FRAME_RATE), y(span)); context.stroke();
    },
  },
  "self-similarity": {
    square: true, label: "time (s)",
    draw({ context, x, y, views, colours }) {
      const size = Math.round((Math.sqrt(8 * views.similarity.length + 1) - 1) / 2);
      const drawn = image(size, size, (row, column) => { const [high, low] = row > column ? [row, column] : [column, row]; return views.similarity[high * (high + 1) / 2 + low] / 255; }, colours.ramp);
      context.drawImage(drawn, x(0), y(views.seconds), x(views.seconds) - x(0), y(0) - y(views.seconds));
      context.strokeStyle = colours.line; // silence is like nothing: its place would not be seen
      context.strokeRect(x(0), y(views.seconds), x(views.seconds) - x(0), y(0) - y(views.seconds));
    },
  },
};

const sizeOf = (canvas) => [canvas.clientWidth || 320, canvas.clientHeight || 176];

// Draw one panel; returns where its axes lie, in CSS pixels, and the seconds that they span.
function drawView(canvas, kindName, views, { colours, size: [wide, tall], seconds, reference }) {
  const kind = KINDS[kindName], dense = Math.max(devicePixelRatio || 1, 2);
  canvas.width = wide * dense; canvas.height = tall * dense;
  const context = canvas.getContext("2d");
  context.scale(dense, dense); context.imageSmoothingEnabled = false;
  const box = { left: MARGIN.left, right: wide - MARGIN.right, top: MARGIN.top, bottom: tall - MARGIN.bottom };
  if (kind.square) box.right = Math.min(box.right, box.left + box.bottom - box.top);
  const span = (kind.seconds || ((most) => most))(seconds) || 1;
  const times = () => upTo(span, nice(span, 6)).map((value) => [value, value]);
  const [x0, x1] = kind.x ? kind.x() : [0, span], [y0, y1] = kind.y ? kind.y() : [0, span];
  const x = (value) => box.left + (value - x0) / (x1 - x0) * (box.right - box.left);
  const y = (value) => box.bottom - (value - y0) / (y1 - y0) * (box.bottom - box.top);
  context.font = "11px system-ui, sans-serif"; context.lineWidth = 1;
  context.strokeStyle = colours.line; context.fillStyle = colours.soft;
  context.textAlign = "right"; context.textBaseline = "middle";
  for (const [value, words] of kind.ticks ? kind.ticks() : times()) {
    context.beginPath(); context.moveTo(box.left, y(value)); context.lineTo(box.right, y(value)); context.stroke();
    context.fillText(String(words).replace("-", "−"), box.left - 5, y(value));
  }
  context.textAlign = "center"; context.textBaseline = "top";
  for (const [value, words] of kind.xTicks ? kind.xTicks() : times()) context.fillText(words, x(value), box.bottom + 5);
  context.fillText(kind.xLabel || "time (s)", (box.left + box.right) / 2, box.bottom + 19);
  context.save(); context.translate(7, (box.top + box.bottom) / 2); context.rotate(-Math.PI / 2); context.textBaseline = "middle"; context.fillText(kind.label, 0, 0); context.restore();
  context.save(); context.beginPath(); context.rect(box.left, box.top, box.right - box.left, box.bottom - box.top); context.clip();
  if (views) kind.draw({ context, x, y, views, colours, reference, box });
  context.restore();
  return { ...box, seconds: kind.x ? 0 : span };
}
