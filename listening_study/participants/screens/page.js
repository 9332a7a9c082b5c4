// What belongs to the page as a whole: its language, a word when the connection is lost, and where a screen begins.
//
// A new screen begins at its top, with the focus on its player, or on its heading where there is nothing to hear: else
// the page would stay scrolled (Streamlit scrolls a container of its own, not the window) and the focus fall to the
// body. Within a screen nothing is moved, however often it is drawn again.

const PATIENCE = 20000 // ms for what is to have the focus to come
const HOLD = 1000 // ms in which it is given back when drawing takes it away
const LOOK = 50 // ms
const page = document.documentElement
let parts // of Streamlit's page (listening_study.streamlit_internals.page_selectors)

export default function ({ data, parentElement }) {
  page.lang = data.code
  document.getElementById("first")?.remove() // what was shown before the app (listening_study.server.first_page)
  parts = data.parts
  tellWhenLost(data.lost)
  const { screen, detail } = page.dataset // not in a variable: this module may be loaded again
  page.dataset.screen = data.screen
  page.dataset.detail = data.detail
  if (screen !== data.screen) {
    if (!data.player) forgetDraft()
    toTop(parentElement)
    moveFocus(data.player ? () => player(data.screen) : heading, true)
  } else if (data.detail && detail !== data.detail) {
    moveFocus(() => isDrawn() && document.querySelector(data.detail), false)
  }
}

// What a task keeps in the tab until it is sent (listening_study.participants.task).
function forgetDraft() {
  try {
    sessionStorage.removeItem("draft")
  } catch {} // the browser keeps nothing
}

// Put the focus on what `find` gives as soon as it is there; unless the listener puts it elsewhere, or goes on.
function moveFocus(find, top) {
  const { screen, detail } = page.dataset
  const before = focused(), begun = performance.now()
  let target, moved
  const look = () => {
    const here = focused(), now = performance.now()
    const isTheirs = ![document.body, null, before, target].includes(here) && here.isConnected
    if (page.dataset.screen !== screen || page.dataset.detail !== detail || isTheirs) return
    const found = here !== target || !target ? find() : target
    if (found && found !== here) {
      if (top && !moved) toTop(found)
      found.focus({ preventScroll: top })
    }
    if (found) {
      target = found
      moved ??= now
    }
    if (now - (moved ?? begun) < (moved ? HOLD : PATIENCE)) setTimeout(look, LOOK)
  }
  look()
}

function focused() {
  let element = document.activeElement
  while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement
  return element
}

// Scroll to its beginning whatever scrolls around an element.
function toTop(element) {
  for (let e = element; e; e = e.parentElement ?? e.parentNode?.host ?? null) e.scrollTop = 0
  document.scrollingElement.scrollTop = 0
}

// The last clip's player may stay for a moment: the right one says which it is.
function player(screen) {
  for (const element of document.querySelectorAll("*")) {
    const found = element.shadowRoot?.querySelector(".player")
    if (found?.dataset.clip === screen) return found.querySelector(".play:enabled") ?? found
  }
}

function heading() {
  const title = isDrawn() && document.querySelector("h1")
  if (title) title.tabIndex = -1
  return title
}

// Before, the last screen's elements may be there still, and become this one's.
function isDrawn() {
  return document.querySelector(parts.app)?.getAttribute(parts.scriptState) !== parts.running
}

function tellWhenLost(words) {
  let lost = document.getElementById("lost")
  if (!lost) {
    lost = Object.assign(document.createElement("p"), { id: "lost", hidden: true })
    lost.setAttribute("role", "alert")
    document.body.append(lost)
    addEventListener("offline", () => { lost.hidden = false })
    addEventListener("online", () => { lost.hidden = true })
    setInterval(() => {
      const status = document.querySelector(parts.connectionStatus)
      lost.hidden = navigator.onLine && !status
    }, 1000)
  }
  lost.textContent = words
}
