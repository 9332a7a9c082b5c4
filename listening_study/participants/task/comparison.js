// Several sounds that run together on one clock, of which one is heard: switching is in step and without a gap. Each clip
// has a slider (ITU-R BS.1534-3); the first sound is the open reference and has none.

const FADE = 0.01 // s from one sound to another: both are the same music, so their sum stays as loud
const LEAD = 0.05 // s before all begin, to begin together

// One of the sounds: how much of it was heard, and the button that switches to it.
class Track {
  constructor({ share, sounded, plays }, name, mustHear) {
    this.before = share ?? 0 // heard before the page was loaded again
    this.sounded = new Heard(sounded)
    this.plays = plays ?? 0
    this.mustHear = mustHear
    this.audio = { paused: true, pause() {} }
    this.bar = make("i", {})
    this.button = make("button", { type: "button", class: "switch", disabled: true, "aria-pressed": "false" }, make("span", {}, name), make("span", { class: "heard" }, this.bar))
    this.root = this.button
  }

  get heard() {
    return Math.max(this.before, this.sounded.share(this.buffer?.duration))
  }

  get isHeard() {
    return this.heard >= this.mustHear
  }

  draw(active) {
    this.button.setAttribute("aria-pressed", String(active))
    this.bar.style.width = `${100 * Math.min(1, this.heard / (this.mustHear || 1))}%`
  }

  label() {}
  stop() {}
}

class Comparison extends Task {
  hearing() {
    const { data } = this
    this.players = data.sounds.map((sound, place) => {
      const track = new Track(this.draft.heard?.[place] ?? {}, sound.name, data.mustHear)
      track.button.onclick = () => this.switchTo(place)
      track.button.setAttribute("aria-keyshortcuts", this.keyOf(place))
      return track
    })
    this.active = null // place of what is heard
    this.tries = 0
    this.context = new AudioContext()
    this.timer = setInterval(() => this.tick(), 50)
    this.build()
    this.load(false)
  }

  keyOf(place) {
    return place ? String.fromCharCode(96 + place) : "r" // a, b, ...; r: the reference
  }

  // The reference and what stops the sound on the left; then the clips, each with its slider.
  build() {
    const { words, sounds } = this.data
    this.where = make("i", {})
    this.halt = make("button", { type: "button", class: "halt", disabled: true })
    this.halt.onclick = () => this.pause()
    this.status = make("p", { class: "status", role: "status" })
    this.trouble = make("div", { class: "trouble", hidden: true })
    this.columns = sounds.slice(1).map((_, place) => make("div", { class: "column" }, this.players[place + 1].button))
    const zones = make("ol", { class: "zones", "aria-hidden": "true" }, ...[...words.scale].reverse().map(word => make("li", {}, word)))
    const left = make("div", { class: "column first" }, this.players[0].button, zones)
    this.at(".players").append(
      make("p", { class: "small" }),
      make("div", { class: "compare" },
        make("p", { class: "text" }),
        make("div", { class: "columns", role: "group" }, left, ...this.columns),
        make("div", { class: "transport" }, this.halt, make("div", { class: "track" }, this.where), this.status),
        this.trouble))
    this.at(".task").classList.add("switching")
  }

  label() {
    super.label()
    const { words, labels } = this.data
    this.at(".small").textContent = words.small
    this.at(".text").textContent = words.text
    this.at(".columns").setAttribute("aria-label", labels.name)
    this.halt.textContent = words.stop
  }

  async load(again) {
    this.tries += again
    this.trouble.hidden = true
    this.status.textContent = this.data.labels.loading
    try {
      const bytes = await Promise.all(this.data.sounds.map(sound => soundAt(sound.url, again)))
      const buffers = await Promise.all(bytes.map(one => this.context.decodeAudioData(one.slice(0))))
      if (this.stopped) return
      buffers.forEach((buffer, place) => { this.players[place].buffer = buffer })
      this.length = Math.min(...buffers.map(buffer => buffer.duration))
      for (const track of this.players) track.button.disabled = false
      const first = this.players[0].button
      if (this.root.querySelector(".player") === this.root.querySelector(":focus")) first.focus({ preventScroll: true })
      this.status.textContent = this.data.labels.ready
      this.prefetch()
      this.unlock()
      this.tick()
    } catch {
      this.fail()
    }
  }

  fail() {
    if (this.stopped) return
    this.tries += 1
    const { labels } = this.data
    const retry = make("button", { type: "button" }, labels.retry), giveUp = make("button", { type: "button", hidden: this.tries < 2 }, labels.give_up)
    retry.onclick = () => this.load(true)
    giveUp.onclick = () => this.report("error", true)
    this.trouble.replaceChildren(make("strong", {}, labels.trouble), make("div", { class: "ways" }, retry, giveUp))
    this.trouble.hidden = false
    this.status.textContent = ""
    this.report("error")
  }

  // --- one clock for all ---

  get position() {
    return ((this.context.currentTime - this.began) % this.length + this.length) % this.length
  }

  async start() {
    await this.context.resume()
    const when = this.context.currentTime + LEAD
    this.began = when - (this.stoppedAt ?? 0)
    this.last = undefined
    this.sources = this.players.map(({ buffer }, place) => {
      const source = new AudioBufferSourceNode(this.context, { buffer, loop: true, loopEnd: this.length })
      const gain = new GainNode(this.context, { gain: place === this.active ? 1 : 0 })
      source.connect(gain).connect(this.context.destination)
      source.start(when, this.stoppedAt ?? 0)
      return { source, gain }
    })
    this.halt.disabled = false
    this.status.textContent = this.data.labels.playing
  }

  async switchTo(place) {
    if (this.players[place].button.disabled) return
    this.note()
    const before = this.active
    this.active = place
    this.players[place].plays += 1
    if (!this.sources) {
      await this.start()
      this.report("play")
    } else if (before !== place) {
      const now = this.context.currentTime
      for (const [other, { gain }] of this.sources.entries()) {
        gain.gain.cancelScheduledValues(now)
        gain.gain.setValueAtTime(gain.gain.value, now)
        gain.gain.linearRampToValueAtTime(other === place ? 1 : 0, now + FADE)
      }
    }
    this.last = undefined
    this.unlock()
    this.tick()
  }

  pause() {
    if (!this.sources) return
    this.note()
    this.stoppedAt = this.position
    for (const { source } of this.sources) source.stop()
    this.sources = this.last = undefined
    this.halt.disabled = true
    this.status.textContent = this.data.labels.paused
    this.report("pause")
    this.tick()
  }

  silence() {
    this.pause()
  }

  toggle() {
    if (this.sources) this.pause()
    else this.switchTo(this.active ?? 0)
  }

  // What sounded since the last look, of what is heard now; it may have begun anew in between.
  note() {
    if (!this.sources || this.context.currentTime < this.began) return
    const now = this.position, track = this.players[this.active]
    if (this.last !== undefined) {
      const whole = track.isHeard
      if (now >= this.last) track.sounded.add(this.last, now)
      else {
        track.sounded.add(this.last, this.length)
        track.sounded.add(0, now)
      }
      if (!whole && track.isHeard) this.report("end")
    }
    this.last = now
  }

  tick() {
    if (this.sources && isSmall()) return this.pause()
    this.note()
    this.players.forEach((track, place) => track.draw(Boolean(this.sources) && place === this.active))
    this.where.style.width = this.sources ? `${100 * this.position / this.length}%` : `${100 * (this.stoppedAt ?? 0) / (this.length || 1)}%`
  }

  // --- the sliders ---

  show(panel, focus) {
    super.show(panel, focus)
    this.data.items.forEach((item, number) => {
      const field = this.fields[number].element
      field.querySelector("input").setAttribute("aria-orientation", "vertical")
      this.columns[item.of - 1].replaceChildren(this.players[item.of].button, field)
    })
    this.at(".panel").hidden = true
  }

  // A clip can be rated once it was heard at all; all is sent once all was heard.
  unlock() {
    super.unlock()
    this.data.items.forEach((item, number) => this.fields[number].lock(!this.players[item.of].plays))
    if (this.isOpen) this.at(".hint").textContent = ""
    for (const track of this.players) track.button.classList.toggle("unheard", Boolean(this.hurried) && !track.isHeard)
  }

  report(event, givenUp) {
    super.report(event, givenUp)
    this.unlock()
  }

  focus() {
    this.players.find(track => !track.isHeard)?.button.focus({ preventScroll: true })
  }

  goOn() {
    this.note()
    if (!isSmall()) super.goOn()
  }

  prefetch() {
    const { sounds, next } = this.data
    keepOnly([...sounds.map(sound => sound.url), ...next])
    for (const address of next) soundAt(address).catch(() => {})
  }

  key(event) {
    const place = this.players.findIndex((_, place) => this.keyOf(place) === event.key.toLowerCase())
    const field = event.composedPath()[0]
    const typing = field.matches?.("textarea, select, input[type=text]")
    if (place < 0 || typing || event.ctrlKey || event.metaKey || event.altKey || isSmall()) return super.key(event)
    event.preventDefault()
    this.switchTo(place)
  }

  stop() {
    this.stopped = true
    clearInterval(this.timer)
    this.context.close()
    super.stop()
  }
}

function isSmall() {
  return innerWidth < 600 // px, as in task.css
}
