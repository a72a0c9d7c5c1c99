/** The package's own wire over WebSocket, at `/agora`: many sessions on one socket. What is said there is `wire.ts`'s. */
import { ServeError } from './errors.ts'
import type { Port } from './routes.ts'
import { Connection } from './wire.ts'

export function agora({ app, host, sockets }: Port): void {
  app.get('/agora', c => {
    if (c.req.header('upgrade')?.toLowerCase() !== 'websocket')
      throw new ServeError('bad_request', '/agora speaks WebSocket: connect with a WebSocket client (see docs/wire.md).')
    return sockets.accept(c, () => {
      const connection = new Connection(host, error => host.onBug(error))
      // The connection itself keeps the requests of a session in order.
      return { overtakes: true, receive: text => connection.receive(text), closed: () => connection.closed() }
    })
  })
}
