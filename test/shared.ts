/**
 * Fails a test file that leaves something behind for the files that share its process: an economy, a player, a provider, a variable of
 * the environment, another working directory, a clock, or another global that was replaced. Such files stand under ALONE in vitest.config.ts.
 */
import { afterAll, beforeAll, expect } from 'vitest'
import { economies } from '../economies/registry.ts'
import { providers } from '../rollouts/models/providers.ts'
import { ownPlayers } from '../rollouts/players/own.ts'

/** What tests could change for each other. */
const state = () => ({
  economies: economies.ids(),
  bots: economies.list().map(({ bots }) => Object.keys(bots).length),
  imported: economies.thread.imports,
  players: ownPlayers(),
  providers: providers(),
  env: { ...process.env },
  cwd: process.cwd(),
  globals: [Date.now, Math.random, setTimeout, fetch, Request, Response],
})
let before: ReturnType<typeof state>

beforeAll(() => {
  before = state()
})
afterAll(() => expect(state(), 'left behind: list this file under ALONE in vitest.config.ts').toEqual(before))
