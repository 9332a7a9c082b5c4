// One clip on a screen of its own. Called again on every run of the page; the clip that is already there is left alone, or
// it would stop playing.

const players = new WeakMap()

export default function ({ data, parentElement, setStateValue }) {
  let player = players.get(parentElement)
  if (player?.clip !== data.clip) {
    player?.stop()
    player = new Player(parentElement, data)
    players.set(parentElement, player)
  }
  player.send = report => setStateValue("report", report)
  player.label(data)
  return () => setTimeout(() => parentElement.isConnected || player.stop(), 0)
}
