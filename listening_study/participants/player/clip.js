// The player of one clip: loads all of it, plays it, and reports what was heard.

const PLAY = "M8 5v14l11-7z", PAUSE = "M7 5h4v14H7zM13 5h4v14h-4z", AGAIN = "M12 5V1L7 6l5 5V7a6 6 0 1 1-6 6H4a8 8 0 1 0 8-8z"
const PATIENCE = 6000 // ms without progress before help is offered
const TICK = 100 // ms
const STEP = 0.1 // share of the clip

class Player {
  constructor(root, data) {
    this.root = root
    this.clip = data.clip
    this.mustHear = data.mustHear
    this.name = data.name ?? "" // where there are several: A, B, ...
    this.sounded = new Heard(data.sounded)
    this.before = this.told = data.heard
    this.plays = data.plays ?? 0
    this.reports = this.tries = 0
    this.opened = data.heard >= data.mustHear
    this.audio = new Audio()
    this.audio.preload = "auto"
    this.button = root.querySelector(".play")
    this.audio.onended = () => this.end()
    this.audio.onpause = () => { if (!this.audio.ended) { this.note(); this.show("paused"); this.report("pause") } }
    this.button.onclick = () => this.toggle()
    root.querySelector(".retry").onclick = () => this.load(true)
    root.querySelector(".give-up").onclick = () => this.report("error", true)
    this.keys = event => {
      const field = event.composedPath()[0]
      const typing = field.tagName === "TEXTAREA" || field.tagName === "SELECT" || (field.tagName === "INPUT" && field.type === "text")
      if (event.key.toLowerCase() !== "k" || typing || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return
      event.preventDefault()
      this.toggle()
    }
    if (!data.together) document.addEventListener("keydown", this.keys) // several share one key
    this.timer = setInterval(() => this.tick(), TICK)
    this.url = data.url
    this.load(false)
  }

  label({ labels, help }) {
    this.labels = labels
    const at = name => this.root.querySelector(name)
    at(".player").setAttribute("aria-label", this.name ? `${labels.name} ${this.name}` : labels.name)
    at(".name").textContent = this.name
    at(".name").hidden = !this.name
    at(".name").classList.toggle("letter", this.name.length === 1)
    at(".player").dataset.clip = this.clip // for the page, which puts the focus here when the clip is new
    at(".track").setAttribute("aria-label", labels.progress)
    at(".trouble strong").textContent = labels.trouble
    at(".retry").textContent = labels.retry
    at(".give-up").textContent = labels.give_up
    this.button.title = labels.key
    const lines = help.split("\n").filter(line => line.startsWith("- "))
    at(".trouble ul").replaceChildren(...lines.map(line => Object.assign(document.createElement("li"), { textContent: line.slice(2) })))
    this.show(this.state)
  }

  async load(again) {
    this.tries += again
    this.trouble(false)
    this.show("loading")
    try {
      const sound = new Blob([await soundAt(this.url, again)], { type: "audio/flac" })
      if (this.stopped) return
      URL.revokeObjectURL(this.audio.src)
      this.audio.src = URL.createObjectURL(sound)
      await new Promise((resolve, reject) => {
        this.audio.oncanplaythrough = resolve
        this.audio.onerror = () => reject(this.audio.error)
        this.audio.load()
        setTimeout(reject, PATIENCE)
      })
      this.button.disabled = false
      this.passFocus(this.button)
      this.show("ready")
      this.onloaded?.()
      if (again) this.start()
    } catch {
      this.fail()
    }
  }

  toggle() {
    if (this.button.disabled) return
    if (this.audio.paused) this.start()
    else this.audio.pause()
  }

  async start() {
    if (this.audio.ended) this.audio.currentTime = 0
    const fresh = this.audio.currentTime === 0
    this.moved = { at: this.audio.currentTime, when: performance.now() }
    this.last = this.audio.currentTime // a busy browser says late that it plays: what sounds until then is heard
    try {
      await this.audio.play()
    } catch (error) {
      if (error.name !== "AbortError") this.fail() // paused again before it began is no failure
      return
    }
    this.onstarted?.()
    this.plays += fresh
    this.trouble(false)
    this.show("playing")
    if (fresh) this.report("play")
  }

  end() {
    this.note()
    if (this.audio.duration - this.last < 0.5) this.sounded.add(this.last, this.audio.duration)
    this.last = undefined
    this.show("ended")
    this.report("end")
  }

  // What sounded since the last look. A jump is no hearing: nothing here can jump, but a sleeping phone does.
  note() {
    const now = this.audio.currentTime
    if (this.last !== undefined && now > this.last && now - this.last < 2) this.sounded.add(this.last, now)
    this.last = now
  }

  get heard() {
    return Math.max(this.before, this.sounded.share(this.audio.duration))
  }

  tick() {
    if (!this.audio.paused) {
      this.note()
      const moving = this.audio.currentTime !== this.moved?.at
      if (moving) this.moved = { at: this.audio.currentTime, when: performance.now() }
      else if (performance.now() - this.moved.when > PATIENCE && !document.hidden) this.fail()
      // Where less than the whole opens the answer, it may come before the end: say on the way how far it is.
      if (this.mustHear < 1 && (this.heard >= this.told + STEP || (!this.opened && this.heard >= this.mustHear))) this.report("play")
    }
    this.draw()
  }

  fail() {
    this.tries += 1
    this.audio.pause()
    this.trouble(true)
    this.passFocus(this.root.querySelector(".retry"))
    this.button.disabled = !this.audio.src || Boolean(this.audio.error)
    this.show("trouble")
    this.report("error")
  }

  // While the button waits for the sound it cannot have the focus, and the player itself has it.
  passFocus(to) {
    const focused = this.root.querySelector(":focus")
    if (focused === this.root.querySelector(".player") || focused === this.button) to.focus({ preventScroll: true })
  }

  trouble(there) {
    this.root.querySelector(".trouble").hidden = !there
    this.root.querySelector(".give-up").hidden = this.tries < 2
  }

  report(event, givenUp = false) {
    this.opened ||= this.heard >= this.mustHear
    this.reports += 1
    this.told = this.heard
    this.send?.({ event, heard: this.heard, plays: this.plays, number: this.reports, givenUp })
  }

  show(state) {
    this.state = state
    if (!this.labels) return
    const running = state === "playing", done = state === "ended"
    const does = this.labels[running ? "pause" : done ? "again" : "play"]
    this.button.setAttribute("aria-label", this.name ? `${does}: ${this.name}` : does)
    this.root.querySelector(".play path").setAttribute("d", running ? PAUSE : done ? AGAIN : PLAY)
    this.root.querySelector(".status").textContent = this.labels[state] ?? ""
    this.draw()
  }

  draw() {
    const length = this.audio.duration || 0, now = this.audio.currentTime
    const share = length ? now / length : 0
    this.root.querySelector(".now").style.width = `${100 * share}%`
    this.root.querySelector(".heard").style.width = `${100 * this.heard}%`
    this.root.querySelector(".track").setAttribute("aria-valuenow", Math.round(100 * share))
    this.root.querySelector(".time").textContent = length ? `${clock(now)} / ${clock(length)}` : ""
  }

  stop() {
    this.stopped = true
    clearInterval(this.timer)
    document.removeEventListener("keydown", this.keys)
    this.audio.onpause = this.audio.onended = null
    this.audio.pause()
    URL.revokeObjectURL(this.audio.src)
  }
}

const clock = seconds => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60 + 0.05)).padStart(2, "0")}`
