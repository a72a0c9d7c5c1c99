/** The page's socket: asks and is answered, and comes back by itself when it is lost. Knows no view. */

/** The server closes with these where trying again makes no sense. */
const FINAL = { 4404: 'gone', 4409: 'elsewhere' }
/** Milliseconds to the first new try, and at most between two. */
const FIRST = 500
const MOST = 10_000
/** Milliseconds without an answer after which a socket is taken for lost: a dead one may look open for minutes. */
const PATIENCE = 10_000

/**
 * Opens the socket beside the page's address. `onView` is told every message that is no answer; `onState` is told `connecting`,
 * `open`, `lost`, `gone` (no such link) or `elsewhere` (another window took the seat).
 */
export function connect({ onView, onState }) {
  const address = new URL(`${location.pathname}/socket`, location.href)
  address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:'
  const waiting = new Map()
  let socket
  let tries = 0
  let timer
  let id = 0

  const drop = () => {
    for (const { resolve, limit } of waiting.values()) {
      clearTimeout(limit)
      resolve(undefined)
    }
    waiting.clear()
  }
  const open = () => {
    clearTimeout(timer)
    timer = undefined
    const mine = new WebSocket(address)
    socket = mine
    mine.onopen = () => {
      tries = 0
      onState('open')
    }
    mine.onmessage = ({ data }) => {
      const message = JSON.parse(data)
      if (message.type !== 'answer') return onView(message)
      const asked = waiting.get(message.id)
      waiting.delete(message.id)
      clearTimeout(asked?.limit)
      asked?.resolve(message)
    }
    mine.onclose = ({ code }) => {
      if (socket === mine) lose(FINAL[code])
    }
  }
  const lose = final => {
    const old = socket
    socket = undefined
    old?.close()
    drop()
    onState(final ?? 'lost')
    if (final !== undefined) return
    clearTimeout(timer)
    const wait = Math.min(MOST, FIRST * 2 ** tries++)
    // Two hundred pages that lose one server do not come back in one moment.
    timer = setTimeout(open, wait * (0.75 + Math.random() / 2))
  }
  const hurry = () => {
    if (timer !== undefined) open()
  }
  addEventListener('online', hurry)
  addEventListener('offline', () => {
    if (socket !== undefined) lose()
  })
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') hurry()
  })
  onState('connecting')
  open()

  return {
    /** Takes the seat back from another window. */
    again: () => {
      tries = 0
      onState('connecting')
      open()
    },
    /** Sends a message and resolves with its answer, or with undefined where the socket was lost before it came. */
    ask(message) {
      if (socket?.readyState !== WebSocket.OPEN) return Promise.resolve(undefined)
      const mine = socket
      const number = ++id
      return new Promise(resolve => {
        const limit = setTimeout(() => {
          if (socket === mine) lose()
        }, PATIENCE)
        waiting.set(number, { resolve, limit })
        mine.send(JSON.stringify({ ...message, id: number }))
      })
    },
  }
}
