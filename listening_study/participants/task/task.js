// One task on one screen: what is heard above, what is asked below, panel by panel. What is chosen is kept in the tab until
// it is sent, so that a reload loses nothing; it is sent once, by the last panel's button.

const SEEN = 180 // ms in which a choice is seen before the next panel comes
const RESEND = 2000 // ms before an answer may be sent again, where nothing came of it
const DRAFT = "draft"

class Task {
  constructor(root, data, send) {
    Object.assign(this, { root, send, name: data.task, data })
    this.draft = read(this.name)
    this.reports = 0
    this.panel = Math.min(this.draft.panel ?? 0, data.panels.length - 1)
    this.at = name => root.querySelector(name)
    this.at(".task").dataset.task = this.name
    this.keys = event => this.key(event)
    document.addEventListener("keydown", this.keys)
    this.hearing()
    this.fields = data.items.map((item, number) => new Field(item, number, this.draft.values?.[number] ?? null, decided => this.chosen(number, decided)))
    this.at(".on").onclick = () => this.goOn()
    this.at(".back").onclick = () => this.show(this.panel - 1, true)
    this.at(".panel").onsubmit = event => event.preventDefault()
    this.show(this.panel, false)
    if (this.draft.heard?.some(one => one.share > 0)) this.report("pause") // heard before the page was loaded again
  }

  // --- what is heard ---

  // One player for each sound. What one plays stops the others.
  hearing() {
    const { data } = this
    this.players = data.sounds.map((sound, place) => {
      const box = make("div", { class: "sound" }, this.at("template").content.cloneNode(true))
      this.at(".players").append(box)
      const heard = this.draft.heard?.[place] ?? {}
      const player = new Player(box, {
        clip: place ? `${data.task}-${place}` : data.task, url: sound.url, name: sound.name, together: true,
        mustHear: data.mustHear, heard: Math.max(sound.heard, heard.share ?? 0), sounded: heard.sounded, plays: heard.plays
      })
      player.send = ({ event, givenUp }) => { this.report(event, givenUp); this.unlock() }
      player.onstarted = () => { for (const other of this.players) if (other !== player) other.audio.pause() }
      player.onloaded = () => this.prefetch()
      return player
    })
  }

  // The next clip is loaded while this one is answered, once all of this one's are there.
  prefetch() {
    const { sounds, next } = this.data
    keepOnly([...sounds.map(sound => sound.url), ...next])
    if (this.players.every(player => !player.button.disabled)) for (const address of next) soundAt(address).catch(() => {})
  }

  get shares() {
    return this.players.map(player => player.heard)
  }

  get plays() {
    return this.players.reduce((sum, player) => sum + player.plays, 0)
  }

  // Sounds that belong to a panel: all, or the prompt and the one that the panel is about.
  soundsOf(panel) {
    const places = this.data.sounds.map((_, place) => place)
    const about = this.data.panels[panel].map(number => this.data.items[number].of).find(place => place !== null)
    return this.data.alone && about !== undefined ? places.filter(place => place === about || this.data.sounds[place].prompt) : places
  }

  get isOpen() {
    return this.data.opened || this.soundsOf(this.panel).every(place => this.shares[place] >= this.data.mustHear)
  }

  report(event, givenUp = false) {
    this.reports += 1
    this.last = { event, heard: this.shares, plays: this.plays, number: this.reports, givenUp }
    this.send.report(this.last)
    this.keep()
  }

  toggle() {
    const places = this.soundsOf(this.panel)
    const playing = this.players.find(player => !player.audio.paused)
    const next = places.map(place => this.players[place]).find(player => player.heard < this.data.mustHear)
    const player = playing ?? next ?? this.players[places.at(-1)]
    player.toggle()
  }

  // --- what is asked ---

  chosen(number, decided) {
    this.keep()
    const panel = this.data.panels[this.panel], last = this.panel === this.data.panels.length - 1
    this.unlock()
    if (!decided) return
    if (this.data.atOnce) return this.goOn()
    const next = panel.find(other => this.fields[other].missing)
    if (next !== undefined) this.fields[next].focus()
    else if (!last) this.moving = setTimeout(() => this.show(this.panel + 1, true), SEEN)
    else this.at(".on").focus({ preventScroll: true })
  }

  show(panel, focus) {
    clearTimeout(this.moving)
    this.panel = panel
    this.at(".panel").replaceChildren(...this.data.panels[panel].map(number => this.fields[number].element))
    const shown = this.soundsOf(panel)
    this.players.forEach((player, place) => {
      player.root.hidden = !shown.includes(place)
      if (player.root.hidden) player.audio.pause()
    })
    this.keep()
    this.label()
    if (focus) (this.isOpen ? this.fields[this.data.panels[panel][0]] : this).focus()
  }

  focus() {
    const waiting = this.soundsOf(this.panel).map(place => this.players[place]).find(player => player.heard < this.data.mustHear)
    waiting?.button.focus({ preventScroll: true })
  }

  // Fields wait for the sounds, and those after the first of a panel for the first.
  unlock() {
    const open = this.isOpen && !this.data.closed
    const panel = this.data.panels[this.panel]
    panel.forEach((number, place) => {
      this.fields[number].lock(!open)
      this.fields[number].element.hidden = place > 0 && this.data.items[number].afterFirst && this.fields[panel[0]].missing
    })
    const { words } = this.data
    this.at(".hint").textContent = open || this.data.closed ? "" : this.hurried ? words.locked : words.hint
    this.at(".hint").classList.toggle("asked", Boolean(this.hurried))
  }

  label() {
    const { words, labels, help, panels } = this.data
    for (const player of this.players) player.label({ labels, help })
    this.at(".on").textContent = this.panel === panels.length - 1 ? words.send : words.on
    this.at(".on").hidden = Boolean(this.data.atOnce)
    this.at(".back").textContent = words.back
    this.at(".back").hidden = this.panel === 0
    this.unlock()
  }

  // What is missing is marked, and has the focus.
  goOn() {
    if (!this.isOpen) {
      this.hurried = true
      this.unlock()
      return this.focus()
    }
    const missing = this.data.panels[this.panel].filter(number => this.fields[number].missing)
    for (const number of missing) this.fields[number].mark(this.data.words.missing.replace("{missing}", this.data.items[number].label))
    if (missing.length) {
      this.unlock()
      return this.fields[missing[0]].focus()
    }
    if (this.panel < this.data.panels.length - 1) return this.show(this.panel + 1, true)
    if (this.sent && performance.now() - this.sent < RESEND) return
    this.sent = performance.now()
    this.silence()
    this.answers = (this.answers ?? 0) + 1 // the same again is sent again
    this.send.answer({ values: this.fields.map(field => field.value), number: this.answers })
  }

  silence() {
    for (const player of this.players) player.audio.pause()
  }

  key(event) {
    const field = event.composedPath()[0]
    const typing = field.matches?.("textarea, select, input[type=text]")
    if (typing || event.ctrlKey || event.metaKey || event.altKey || event.repeat || this.data.closed) return
    if (event.key === "Enter") {
      if (field.matches?.("button, a, [role=button]")) return // it does what it says
      event.preventDefault()
      this.goOn()
    } else if (event.key.toLowerCase() === "k") {
      event.preventDefault()
      this.toggle()
    } else if (this.data.panels[this.panel].some(number => !this.fields[number].element.hidden && this.fields[number].press(event.key))) {
      event.preventDefault()
    }
  }

  // --- over time ---

  update(data) {
    const changed = data.closed !== this.data.closed
    const words = this.data.items.some((item, number) => item.label !== data.items[number].label)
    this.data = data
    if (words) { // another language
      this.fields = data.items.map((item, number) => new Field(item, number, this.fields[number].value, decided => this.chosen(number, decided)))
      this.show(this.panel, false)
    } else this.label()
    if (changed) this.sent = undefined
  }

  keep() {
    const heard = this.players.map(player => ({ share: player.heard, sounded: player.sounded.stretches, plays: player.plays }))
    write({ name: this.name, panel: this.panel, values: this.fields?.map(field => field.value), heard })
  }

  stop() {
    clearTimeout(this.moving)
    document.removeEventListener("keydown", this.keys)
    for (const player of this.players) player.stop()
  }
}

// A draft belongs to this listener and this step; another one's is forgotten.
function owned(name) {
  return `${new URLSearchParams(location.search).get("t")}/${name}`
}

function read(name) {
  try {
    const draft = JSON.parse(sessionStorage.getItem(DRAFT)) ?? {}
    return draft.name === owned(name) ? draft : {}
  } catch {
    return {} // the browser keeps nothing
  }
}

function write(draft) {
  try {
    sessionStorage.setItem(DRAFT, JSON.stringify({ ...draft, name: owned(draft.name) }))
  } catch {} // then a reload begins anew
}
