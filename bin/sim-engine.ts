#!/usr/bin/env node
/**
 * The program `sim-engine`: the HTTP protocol of the original engine over our sim_economy. Reads PORT and DB_PATH (both
 * needed), SEED (0) and HOST (loopback) from the environment.
 */
import { inspect } from 'node:util'
import { startSimEngine } from '../economies/sim_economy/engine/server.ts'
import { printable } from '../envs/core/text.ts'

const USAGE = 'Usage: PORT=8000 DB_PATH=economy.sqlite [SEED=0] [HOST=127.0.0.1] sim-engine'

/** A whole number of the environment; ends the program with code 2 where it is none. */
function integer(name: string, text: string | undefined, max: number): number {
  const value = Number(text)
  if (text !== undefined && /^\d+$/.test(text) && value <= max) return value
  return fail(`${name}: expected an integer from 0 to ${max}, got ${text === undefined ? 'nothing' : `'${text}'`}.\n${USAGE}`, 2)
}

function fail(message: string, code: number): never {
  process.stderr.write(`${printable(message)}\n`)
  process.exit(code)
}

const { PORT, DB_PATH, SEED = '0', HOST } = process.env
const port = integer('PORT', PORT, 65535)
const seed = integer('SEED', SEED, Number.MAX_SAFE_INTEGER)
if (!DB_PATH) fail(`DB_PATH: expected the path of a SQLite file, got nothing.\n${USAGE}`, 2)

try {
  const onBug = (error: unknown): void => void process.stderr.write(printable(`${inspect(error)}\n`))
  const engine = await startSimEngine({ port, dbPath: DB_PATH, seed, onBug, ...(HOST ? { host: HOST } : {}) })
  process.stdout.write(`sim-engine listening on ${engine.url}\n`)
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void engine.close())
} catch (error) {
  fail(`sim-engine cannot start: ${(error as Error).message}`, 1)
}
