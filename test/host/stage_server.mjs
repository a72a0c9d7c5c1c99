/**
 * A server on loopback that shows a page whatever it is told to: for stages that a game reaches seldom. It speaks the messages of
 * hosted games and plays none. `page` holds the package's own files (`assets.ts`, `texts.ts`), from the sources or from a build.
 */
import { createServer } from 'node:http'
import { WebSocketServer } from 'ws'

const policyText = policy =>
  Object.entries(policy)
    .map(([name, values]) => `${name.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)} ${values.join(' ')}`)
    .join('; ')

/**
 * `show(place, view)` tells the pages of a place a view and makes its address; `received(place)` are the messages that came;
 * `answer(place, given)` sets what is answered (by default `{ ok: true, texts: [] }`; undefined for silence); `drop(place, code)`
 * closes its sockets.
 */
export async function serveStages(page, texts = page.readTexts()) {
  const places = new Map()
  const files = page.pageFiles()
  const kindOf = view => (view.type === 'monitor' ? 'monitor' : 'seat')
  const server = createServer((request, response) => {
    const [, kind, place, ...rest] = request.url.split('/')
    response.setHeader('Content-Security-Policy', policyText(page.PAGE_POLICY))
    const send = (type, text) => response.setHeader('Content-Type', type).end(text)
    if (request.url === '/texts.json') return send('application/json', JSON.stringify(texts))
    const file = files.get(kind)
    if (place === undefined && file !== undefined) return send(file.type, file.text)
    const found = places.get(place)
    if (found !== undefined && kind === kindOf(found.view) && rest.length === 0)
      return send('text/html; charset=utf-8', page.pageHtml(kind, { title: found.view.title, texts }))
    response.statusCode = 404
    response.end()
  })
  const sockets = new WebSocketServer({ noServer: true })
  server.on('upgrade', (request, socket, head) => {
    const place = places.get(request.url.split('/')[2])
    sockets.handleUpgrade(request, socket, head, client => {
      if (place === undefined || place.isGone) return client.close(place?.isGone ?? 4404)
      place.clients.add(client)
      client.on('close', () => place.clients.delete(client))
      client.on('message', data => {
        const message = JSON.parse(String(data))
        place.received.push(message)
        const answer = place.answer(message)
        if (answer !== undefined) client.send(JSON.stringify({ type: 'answer', id: message.id, ...answer }))
      })
      client.send(JSON.stringify(place.view))
    })
  })
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${server.address().port}`
  const at = place => places.get(place)
  return {
    url,
    show(place, view) {
      if (at(place) === undefined)
        places.set(place, { clients: new Set(), received: [], answer: () => ({ ok: true, texts: [] }), isGone: undefined })
      at(place).view = view
      for (const client of at(place).clients) client.send(JSON.stringify(view))
      return `${url}/${kindOf(view)}/${place}`
    },
    received: place => at(place).received,
    answer: (place, answer) => {
      at(place).answer = answer
    },
    /** Closes what is open; with `isKept` nothing can be opened again until `open`. */
    drop(place, code = 1012, isKept = false) {
      at(place).isGone = isKept ? code : undefined
      for (const client of at(place).clients) client.close(code)
    },
    open: place => {
      at(place).isGone = undefined
    },
    async close() {
      for (const client of sockets.clients) client.terminate()
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
}
