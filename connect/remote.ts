/** Which servers may be joined without being asked twice: those on this machine. Knows no protocol. */
import { UserError } from '../envs/core/errors.ts'
import { isLoopback } from '../rollouts/loopback.ts'

/** The URL of a server. A UserError where it is none, or is on another machine and `remote` does not say that this is meant. */
export function serverUrl(text: string, remote: boolean): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw new UserError(`Expected the URL of a server such as http://127.0.0.1:8000, got '${text.slice(0, 200)}'.`)
  if (url.username !== '' || url.password !== '')
    throw new UserError('The URL of a server holds no user and password here: they would stand in files and lists of processes.')
  if (!isLoopback(url.hostname) && !remote)
    throw new UserError(
      `${url.host} is not this machine, and people may take part there: read docs/connect.md on consent, then add --remote.`,
    )
  return url
}
