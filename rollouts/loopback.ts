/** Names of this machine, as they stand in URLs, in Host headers and in what a server listens on. Knows no server. */

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[?::1\]?)(?::\d+)?$/i

/** Whether a host, with or without a port, is this machine by name: only programs of it reach a server that listens there. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host)
}
