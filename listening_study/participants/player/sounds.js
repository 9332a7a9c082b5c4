// The bytes of a page's sounds, those of this screen and of the next; and which parts of a sound were heard.

const DOWNLOAD = 30000 // ms for one whole sound, under 1 MiB
const kept = (globalThis[Symbol.for("sounds")] ??= new Map()) // address -> bytes; this module may be loaded again

// A promise of the bytes at an address; what is there already, or on its way, is not asked for twice.
function soundAt(address, again = false) {
  if (again) kept.delete(address)
  if (!kept.has(address)) {
    const loading = load(address, again)
    loading.catch(() => kept.get(address) === loading && kept.delete(address))
    kept.set(address, loading)
  }
  return kept.get(address)
}

async function load(address, again) {
  const answer = await fetch(new URL(address.replace(/^\//, ""), document.baseURI), {
    cache: again ? "reload" : "default", signal: AbortSignal.timeout(DOWNLOAD)
  })
  if (!answer.ok) throw new Error(answer.status)
  return answer.arrayBuffer()
}

function keepOnly(addresses) {
  for (const address of kept.keys()) if (!addresses.includes(address)) kept.delete(address)
}

// Stretches of a sound that were heard: [from, to] in seconds, apart and in order.
class Heard {
  constructor(stretches = []) {
    this.stretches = stretches
  }

  add(from, to) {
    const all = [...this.stretches, [from, to]].sort((a, b) => a[0] - b[0])
    this.stretches = all.slice(0, 1).map(one => [...one])
    for (const [start, stop] of all.slice(1)) {
      const previous = this.stretches.at(-1)
      if (start <= previous[1] + 0.05) previous[1] = Math.max(previous[1], stop)
      else this.stretches.push([start, stop])
    }
  }

  share(duration) {
    if (!duration) return 0 // not loaded yet
    const share = this.stretches.reduce((sum, [from, to]) => sum + to - from, 0) / duration
    return share > 0.985 ? 1 : share
  }
}
