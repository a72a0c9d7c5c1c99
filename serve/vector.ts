/**
 * Many games of one kind stepped together, for learners without language: actions are slots of the economy's encoding, what is seen
 * comes as buffers of numbers. Knows no protocol.
 */
import type { Encoding } from '../envs/core/encoding.ts'
import type { AnyTypes, Decision } from '../envs/core/environment.ts'
import { type Table, TableError, type TableView } from '../envs/core/table.ts'
import type { AgentId } from '../envs/core/tool.ts'
import type { Later } from './after.ts'
import { ServeError } from './errors.ts'
import { type Game, notEncoded } from './game.ts'

/** What a step gives: a header that lists the buffers, and the buffers. */
export interface VectorAnswer {
  readonly body: object
  readonly buffers: readonly Uint8Array[]
}

/** One of the games. */
interface Place {
  readonly game: Game
  table: Table | undefined
  view: TableView | undefined
  seed: number
  /** Why the game was given up, where another player failed. */
  failed: TableError | undefined
}

export class Vector {
  readonly encoding: Encoding<AnyTypes>
  readonly #places: readonly Place[]
  readonly #live: readonly AgentId[]
  /** What each live seat of each game saw last: row = game × seats + seat. */
  readonly #seen: AnyTypes['Observation'][]

  /** Of games that `make` gives, the others like the first. A ServeError where the economy has no encoding. */
  constructor(make: (like?: Game) => Game, n: number) {
    const first = make()
    const encoding = first.economy.env.encode?.(first.config)
    if (encoding === undefined) throw notEncoded(first)
    this.encoding = encoding
    this.#live = first.live
    this.#places = Array.from({ length: n }, (_, i) => ({
      game: i === 0 ? first : make(first),
      table: undefined,
      view: undefined,
      seed: i - n,
      failed: undefined,
    }))
    this.#seen = new Array(n * this.#live.length)
  }

  /** The first of the games; the others are like it. */
  get game(): Game {
    return this.#places[0]!.game
  }

  /** Starts all games, on these seeds or on those that follow. */
  reset(seeds?: readonly number[]): Later<VectorAnswer> {
    const n = this.#places.length
    if (seeds !== undefined && seeds.length !== n)
      throw new ServeError('bad_request', `vreset: seeds: expected ${n}, got ${seeds.length}.`)
    const wrong = seeds?.findIndex(seed => !Number.isSafeInteger(seed) || seed < 0) ?? -1
    if (wrong >= 0)
      throw new ServeError('bad_seed', `vreset: seeds[${wrong}]: expected an integer in [0, 2⁵³), got ${seeds![wrong]}.`)
    return this.#all((place, i) => this.#begin(place, seeds?.[i] ?? place.seed + n))
  }

  /** Plays one slot of each row; games that are over are begun again. */
  step(actions: readonly number[]): Later<VectorAnswer> {
    const live = this.#live
    const rows = this.#places.length * live.length
    const { slots } = this.encoding
    if (actions.length !== rows) throw new ServeError('bad_request', `vstep: actions: expected ${rows}, got ${actions.length}.`)
    if (this.#places.some(({ table }) => table === undefined))
      throw new TableError('not_reset', 'There are no games yet; vreset first.')
    const wrong = actions.findIndex(action => !Number.isInteger(action) || action < 0 || action >= slots.length)
    if (wrong >= 0)
      throw new ServeError(
        'bad_request',
        `vstep: actions[${wrong}]: expected a slot from 0 to ${slots.length - 1}, got ${actions[wrong]}.`,
      )
    return this.#all((place, i) => {
      if (place.failed !== undefined || place.view!.stop !== null) return this.#begin(place, place.seed + this.#places.length)
      const decisions: Record<AgentId, Decision> = {}
      for (const [k, agent] of live.entries()) {
        const row = i * live.length + k
        if (place.view!.acting.includes(agent)) decisions[agent] = this.encoding.decode(this.#seen[row], actions[row]!)
      }
      return place.table!.step(decisions)
    })
  }

  close(): void {
    for (const { game } of this.#places) game.close()
  }

  #begin(place: Place, seed: number): Later<TableView> {
    const { game } = place
    place.seed = seed
    place.failed = undefined
    place.view = undefined
    const table = game.table(seed)
    place.table = table
    return table.reset(seed)
  }

  /** Moves all games and writes down how they stand then. */
  #all(move: (place: Place, i: number) => Later<TableView>): Later<VectorAnswer> {
    let waits: Promise<void>[] | undefined
    for (const [i, place] of this.#places.entries()) {
      const failed = (error: unknown): void => {
        if (!(error instanceof TableError && error.code === 'player_failed')) throw error
        place.failed = error
      }
      try {
        const view = move(place, i)
        if (view instanceof Promise) {
          waits ??= []
          waits.push(
            view.then(later => {
              place.view = later
            }, failed),
          )
        } else place.view = view
      } catch (error) {
        failed(error)
      }
    }
    return waits === undefined ? this.#write() : Promise.all(waits).then(() => this.#write())
  }

  #write(): VectorAnswer {
    const { features, slots } = this.encoding
    const live = this.#live
    const n = this.#places.length
    const rows = n * live.length
    const observation = new Float32Array(rows * features.length)
    const mask = new Uint8Array(rows * slots.length)
    const reward = new Float32Array(rows)
    const acting = new Uint8Array(rows)
    const terminated = new Uint8Array(n)
    const truncated = new Uint8Array(n)
    const final: Record<number, object> = {}
    for (const [i, { table, view, seed, failed }] of this.#places.entries()) {
      if (failed !== undefined) {
        truncated[i] = 1
        final[i] = { seed, error: { code: failed.code, message: failed.message } }
      } else {
        terminated[i] = view!.terminated ? 1 : 0
        truncated[i] = view!.truncated ? 1 : 0
        if (view!.stop !== null) final[i] = { seed, stop: view!.stop, scores: view!.scores }
      }
      for (const [k, agent] of live.entries()) {
        const row = i * live.length + k
        // Slot 0 does nothing, for whoever does not act too.
        mask[row * slots.length] = 1
        if (failed !== undefined) continue
        const seen = table!.observe(agent)
        this.#seen[row] = seen
        this.encoding.observe(seen, observation, row * features.length)
        if (view!.acting.includes(agent)) {
          acting[row] = 1
          this.encoding.mask(seen, table!.offered(agent), mask, row * slots.length)
        }
        reward[row] = view!.rewards[agent]!
      }
      if (failed === undefined && view!.stop !== null) table!.forget()
    }
    const buffers = { observation, mask, reward, terminated, truncated, acting }
    const shapes: Readonly<Record<keyof typeof buffers, readonly number[]>> = {
      observation: [rows, features.length],
      mask: [rows, slots.length],
      reward: [rows],
      terminated: [n],
      truncated: [n],
      acting: [rows],
    }
    const bytes = Object.values(buffers).map(({ buffer }) => new Uint8Array(buffer))
    return {
      body: {
        buffers: Object.entries(buffers).map(([name, data]) => ({
          name,
          dtype: data instanceof Float32Array ? '<f4' : '|u1',
          shape: shapes[name as keyof typeof buffers],
        })),
        bytes: bytes.map(({ length }) => length),
        final,
      },
      buffers: bytes,
    }
  }
}
