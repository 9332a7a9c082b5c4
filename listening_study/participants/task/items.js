// What is asked, one field for each item: a choice of options, a scale, a slider, a box to tick, or a text. A field knows
// its value (null: not given), tells when it changes, and says when it is missing.

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value)
  }
  element.append(...children.filter(child => child !== undefined))
  return element
}

class Field {
  constructor(item, number, value, changed) {
    Object.assign(this, { item, number, value, changed })
    this.element = this[item.kind]()
    this.element.classList.add("item", item.kind)
  }

  get missing() {
    return this.item.required && this.value === null
  }

  // decided: chosen by a pointer or by its key, and not passed by on the way to another option
  set(value, decided = false) {
    this.value = value
    this.mark("")
    this.changed(decided)
  }

  mark(words) {
    this.element.classList.toggle("missing", Boolean(words))
    this.element.querySelector(".note").textContent = words
    for (const input of this.element.querySelectorAll("input")) {
      if (words) input.setAttribute("aria-invalid", "true")
      else input.removeAttribute("aria-invalid")
    }
  }

  focus() {
    const inputs = [...this.element.querySelectorAll("input, textarea")]
    ;(inputs.find(input => input.checked) ?? inputs[0])?.focus({ preventScroll: true })
  }

  lock(locked) {
    this.element.disabled = locked
  }

  // Choose by a key; whether it is one of this field's.
  press(key) {
    const place = this.keys?.indexOf(key.toLowerCase()) ?? -1
    if (place < 0 || this.element.disabled) return false
    const input = [...this.element.querySelectorAll("input")].find(one => one.getAttribute("aria-keyshortcuts") === this.keys[place])
    input.checked = true
    input.focus({ preventScroll: true })
    this.set(Number(input.value), true)
    return true
  }

  fieldset(...children) {
    const { label, heading } = this.item
    const legend = make("legend", { class: heading ? "unseen" : undefined }, label)
    return make("fieldset", {}, legend, make("p", { class: "note", role: "status" }), ...children)
  }

  // Radio buttons: arrows move among them, a pointer or a key decides.
  radios(words, values, spoken = words) {
    const { keys } = this.item
    this.keys = keys
    return words.map((word, place) => {
      const input = make("input", {
        type: "radio", name: `item-${this.number}`, value: values[place], "aria-label": spoken[place], "aria-keyshortcuts": keys?.[place]
      })
      input.checked = this.value === values[place]
      input.onclick = event => this.set(values[place], event.detail > 0) // an arrow key clicks, too, but no times
      const label = make("label", {}, input, make("span", {}, word))
      if (keys && word.toLowerCase() !== keys[place] && !word.startsWith(keys[place])) label.append(make("kbd", { "aria-hidden": "true" }, keys[place].toUpperCase()))
      return label
    })
  }

  choice() {
    const { options } = this.item
    return this.fieldset(make("div", { class: `options of-${options.length}` }, ...this.radios(options, options.map((_, place) => place))))
  }

  scale() {
    const { points, low, high, words } = this.item
    const values = Array.from({ length: points }, (_, place) => place + 1)
    if (words.length) { // a word for each, the best above
      const rows = this.radios(words.map((word, place) => `${place + 1} · ${word}`), values).reverse()
      return this.fieldset(make("div", { class: "options worded" }, ...rows))
    }
    const spoken = values.map(value => value === 1 ? `1, ${low}` : value === points ? `${value}, ${high}` : `${value}`)
    const row = make("div", { class: "points", style: `--points: ${points}` }, ...this.radios(values.map(String), values, spoken))
    return this.fieldset(row, make("div", { class: "ends", "aria-hidden": "true" }, make("span", {}, low), make("span", {}, high)))
  }

  slider() {
    const { low, high, label } = this.item
    const input = make("input", { type: "range", min: 0, max: 100, step: 1, value: this.value ?? 50, "aria-label": label })
    const shown = make("output", {}, this.value === null ? "–" : String(this.value))
    const say = () => input.setAttribute("aria-valuetext", this.value === null ? "–" : `${this.value}`)
    const take = () => {
      shown.textContent = input.value
      this.element.classList.add("given")
      this.set(Number(input.value))
      say()
    }
    input.oninput = take
    input.onpointerup = take // where it stands may be what is meant
    say()
    const ends = make("div", { class: "ends", "aria-hidden": "true" }, make("span", {}, low), shown, make("span", {}, high))
    const element = this.fieldset(input, ends)
    element.classList.toggle("given", this.value !== null)
    return element
  }

  tick() {
    const input = make("input", { type: "checkbox" })
    this.value ??= false
    input.checked = this.value
    input.onchange = () => this.set(input.checked)
    return make("fieldset", {}, make("label", {}, input, make("span", {}, this.item.label)), make("p", { class: "note", role: "status" }))
  }

  text() {
    const input = make("textarea", { rows: 2, maxlength: this.item.longest })
    input.value = this.value ?? ""
    input.oninput = () => this.set(input.value.trim() ? input.value : null)
    return make("fieldset", {}, make("label", {}, make("span", {}, this.item.label), input), make("p", { class: "note", role: "status" }))
  }
}
