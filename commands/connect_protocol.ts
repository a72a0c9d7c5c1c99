/** The part of `connect` that a protocol brings, by which the command and the protocols know each other. */
import type { Server } from '../connect/run.ts'
import type { Args, Command, OptionSpecs } from './command.ts'
import type { Io } from './io.ts'

/** What a protocol adds to the command. */
export interface ConnectProtocol {
  readonly describe: string
  readonly options: OptionSpecs
  readonly examples: Command['examples']
  /** The server that was meant, from what was typed; `url` has been checked. Throws a UserError. */
  server(url: URL, args: Args, io: Io): Promise<Server>
  /** What a run's folder is called where nobody says. */
  name(url: URL, args: Args): string
}
