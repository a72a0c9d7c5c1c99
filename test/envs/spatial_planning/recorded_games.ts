/**
 * The three example games that the laboratory recorded, written down move by move: `IBEX-TUDelft/IBEX-game_server-documentation`,
 * `{harberger/harberger,futarchy/futarchy,voting/voting}.example.json`. Players by number less one: owner 1, developer, owner 2,
 * speculators.
 */
import type { Pair } from '../../../envs/spatial_planning/roster.ts'

export interface RecordedMarketGame {
  readonly config: object
  readonly round: number
  readonly values: readonly Pair[]
  readonly initial: readonly Pair[]
  /** Plots by speculator and condition. */
  readonly selected: Readonly<Record<number, readonly [readonly number[], readonly number[]]>>
  /** In the order they came; without a price an order at the best there is. */
  readonly orders: readonly {
    readonly player: number
    readonly side: 'bid' | 'ask'
    readonly condition: 0 | 1
    readonly price?: number
  }[]
  /** Medians of the last seven prices as they were told after each trade, by condition. */
  readonly medians: readonly [readonly number[], readonly number[]]
  readonly chosen: 0 | 1
  readonly publicSignal: readonly [number | null, number | null]
  readonly final: readonly number[]
  readonly finalSelected: Readonly<Record<number, readonly number[]>>
  readonly deals: readonly (readonly [speculator: number, plot: number, profit: number])[]
  readonly finalDeals: readonly (readonly [speculator: number, plot: number, profit: number])[]
  readonly dividend: number
  readonly payoffs: readonly number[]
  readonly euros: readonly number[]
}

const roster = { owners: 2, speculators: 2, rounds: 1 }

export const harbergerGame: RecordedMarketGame = {
  config: { ...roster, treatment: 'harberger', session: 4 },
  round: 1,
  values: [
    [399_000, 326_000],
    [205_000, 1_102_000],
    [572_000, 301_000],
  ],
  initial: [
    [387_000, 316_000],
    [197_000, 1_096_000],
    [568_000, 299_000],
  ],
  selected: { 3: [[], [0, 1]], 4: [[], [1, 2]] },
  orders: [
    { player: 0, side: 'ask', condition: 1, price: 8100 },
    { player: 2, side: 'ask', condition: 1, price: 8125 },
    { player: 3, side: 'bid', condition: 1 },
    { player: 1, side: 'bid', condition: 1 },
  ],
  medians: [[], [8100, 8112.5]],
  chosen: 1,
  publicSignal: [null, 5646.3],
  final: [324_000, 1_099_000, 300_000],
  finalSelected: { 3: [1, 2], 4: [2, 0] },
  deals: [
    [3, 0, 5000],
    [3, 1, 1500],
    [4, 1, 1500],
    [4, 2, 1000],
  ],
  finalDeals: [
    [4, 0, 1000],
    [3, 1, 1500],
    [3, 2, 250],
    [4, 2, 250],
  ],
  dividend: 5685.9,
  payoffs: [306_449.5, 1_192_007.9, 294_064.5, 84_265.4, 82_179.5],
  euros: [30.32, 28.84, 29.7, 29.21, 29.11],
}

export const futarchyGame: RecordedMarketGame = {
  config: { ...roster, treatment: 'futarchy', session: 1 },
  round: 1,
  values: [
    [586_000, 216_000],
    [386_000, 820_000],
    [482_000, 195_000],
  ],
  initial: [
    [574_000, 206_000],
    [378_000, 814_000],
    [478_000, 193_000],
  ],
  selected: {
    3: [
      [0, 1],
      [1, 2],
    ],
    4: [
      [0, 2],
      [2, 1],
    ],
  },
  orders: [
    { player: 4, side: 'ask', condition: 1, price: 6500 },
    { player: 4, side: 'ask', condition: 0, price: 10_000 },
    { player: 3, side: 'ask', condition: 1, price: 6400 },
    { player: 3, side: 'bid', condition: 0 },
    { player: 1, side: 'bid', condition: 1 },
    { player: 1, side: 'bid', condition: 1 },
  ],
  medians: [[10_000], [6400, 6450]],
  chosen: 0,
  publicSignal: [4719, 4002.9],
  final: [583_000, 384_000, 481_000],
  finalSelected: { 3: [1, 2], 4: [2, 0, 1] },
  deals: [
    [3, 0, 3000],
    [4, 0, 3000],
    [3, 1, 4000],
    [4, 2, 2000],
  ],
  finalDeals: [
    [4, 0, 1500],
    [3, 1, 500],
    [4, 1, 500],
    [3, 2, 250],
    [4, 2, 250],
  ],
  dividend: 4778.4,
  payoffs: [469_040.4, 693_852, 404_660.4, 76_420.4, 86_363.6],
  euros: [38.45, 18.88, 35.23, 28.82, 29.32],
}

export interface RecordedVote {
  readonly round: number
  readonly values: readonly Pair[]
  readonly requests: readonly number[]
  readonly offer: number
  /** For the project, by owner. */
  readonly votes: readonly boolean[]
  readonly chosen: 0 | 1
  readonly payoffs: readonly number[]
}

/** Owner 1, developer, owner 2; the second round is the paid one. */
export const votingGame = {
  config: { treatment: 'voting', owners: 2, session: 6, rounds: 1, practice: true },
  rounds: [
    {
      round: 0,
      values: [
        [441_000, 289_000],
        [430_000, 677_000],
        [542_000, 338_000],
      ],
      requests: [155_000, 205_000],
      offer: 123_000,
      votes: [false, false],
      chosen: 0,
      payoffs: [441_000, 430_000, 542_000],
    },
    {
      round: 1,
      values: [
        [562_000, 338_000],
        [458_000, 2_742_000],
        [553_000, 311_000],
      ],
      requests: [225_000, 245_000],
      offer: 230_000,
      votes: [true, false],
      chosen: 1,
      payoffs: [568_000, 2_282_000, 541_000],
    },
  ] satisfies RecordedVote[],
  euros: [33.4, 60.64, 32.05],
} as const
