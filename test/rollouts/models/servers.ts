/** One rollout of a model at a strict server that does something of its own: what a case is, and how it is played. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import type { Dialect, FakeReply, FakeRequest, QuirkName, RawAnswer } from '../../../rollouts/models/fake/index.ts'
import { startFakeProvider } from '../../../rollouts/models/fake/index.ts'
import { Models, type ModelsOptions } from '../../../rollouts/models/index.ts'
import { list, object } from '../../../rollouts/models/json.ts'
import type { CallRow } from '../../../rollouts/player.ts'
import type { ErrorRow } from '../../../rollouts/rows.ts'
import { playRuns, type RunPlan } from '../../../rollouts/run.ts'
import { readCalls, readErrors, readMetadata, readResults } from '../../../rollouts/store.ts'
import { toyMarket } from '../../toy_market/index.ts'

type Json = Readonly<Record<string, unknown>>

export interface Case {
  /** What the server or the model does. */
  readonly name: string
  /** `chat` by default. */
  readonly dialect?: Dialect
  /** What the model would say; sells one unit a turn by default. */
  readonly script?: (request: FakeRequest) => FakeReply
  /** What goes out instead, by how many answers went before. */
  readonly server?: (usual: Json, before: number, request: FakeRequest) => RawAnswer | undefined
  readonly quirks?: readonly QuirkName[]
  readonly options?: ModelsOptions
  /** Absent where the rollout is scored. */
  readonly error?: { readonly code: string; readonly says: RegExp }
  /** Of the first call. */
  readonly reply?: object
  readonly usage?: object
  /** The model's metrics, without their prefix. */
  readonly counts?: Readonly<Record<string, number>>
  /** Requests that arrived; 2 by default, one a turn. */
  readonly requests?: number
  /** The body of the last request, and all of them. */
  readonly wire?: (last: Json, all: readonly Json[]) => void
  readonly metadata?: object
}

export interface Played {
  readonly scores: readonly number[]
  readonly errors: readonly ErrorRow[]
  readonly calls: readonly CallRow[]
  readonly metrics: Readonly<Record<string, number>>
  readonly metadata: object
  readonly stopped: readonly string[]
  readonly bodies: readonly Json[]
  /** Everything that was written, as text. */
  readonly files: string
}

const TURNS = 2
export const sell: FakeReply = { content: 'I sell.', calls: [{ name: 'sell', arguments: { quantity: 1 } }] }

/** Plays two turns of one trader. */
export async function playAt({
  dialect = 'chat',
  script = () => sell,
  server,
  quirks,
  options,
}: Omit<Case, 'name'>): Promise<Played> {
  const folder = mkdtempSync(join(tmpdir(), 'agoragym-'))
  let before = 0
  const provider = await startFakeProvider({
    script,
    ...(quirks !== undefined && { quirks }),
    respond: (request, usual) => server?.(usual, before++, request),
  })
  try {
    const models = new Models({ retry: { timeoutMs: 2000, backoffMs: 1, backoffCapMs: 2, maxRetries: 2 }, ...options })
    const player = models.player(`${dialect === 'messages' ? 'anthropic' : 'openai'}:m@${provider.url}`)
    const config = toyMarket.config.parse({ traders: 1, horizon: TURNS })
    const plan: RunPlan = {
      env: toyMarket as never,
      preset: 'default',
      set: {},
      config,
      seat: () => ({ lineup: { trader_0: player }, evaluated: ['trader_0'] }),
      examples: { name: 'seeds', rows: [{ index: 0, config, seed: 3 }] },
      repeats: 1,
    }
    const { runs, batch } = await playRuns([plan], { out: folder, concurrency: 1 })
    const at = runs[0]!.folder
    const results = [...readResults(at)]
    const [result] = results
    return {
      scores: results.map(({ reward }) => reward),
      errors: [...readErrors(at)],
      calls: [...readCalls(at)],
      metrics: Object.fromEntries(
        Object.entries(result?.metrics ?? {}).flatMap(([name, value]) =>
          name.startsWith('model_') ? [[name.slice('model_'.length), value as number]] : [],
        ),
      ),
      metadata: readMetadata(at)!,
      stopped: batch.stopped,
      bodies: provider.requests.map(({ body }) => body),
      files: readdirSync(at, { recursive: true, withFileTypes: true })
        .filter(entry => entry.isFile())
        .map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'utf8'))
        .join('\n'),
    }
  } finally {
    await provider.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Plays a case and holds it to what it says. */
export async function check(one: Case): Promise<void> {
  const dialect = one.dialect ?? 'chat'
  const played = await playAt({
    ...one,
    options: { ...(dialect === 'responses' && { api: 'responses' as const }), ...one.options },
  })
  const { scores, errors, calls, metrics, stopped, bodies } = played
  const said = [...errors.map(({ message }) => message), ...stopped]
  if (one.error === undefined) {
    // Scored, nothing listed, nothing said.
    expect({ scored: scores.length, errors, stopped }).toEqual({ scored: 1, errors: [], stopped: [] })
    expect(Number.isFinite(scores[0])).toBe(true)
  } else {
    expect(scores).toEqual([])
    expect(said.join('\n')).toMatch(one.error.says)
    if (errors.length > 0) expect(errors[0]).toMatchObject({ code: one.error.code })
    else expect(said.join('\n')).toContain(` ${one.error.code}`)
  }
  if (one.reply !== undefined) expect(calls[0]!.reply).toMatchObject(one.reply)
  if (one.usage !== undefined) expect(calls[0]!.usage).toMatchObject(one.usage)
  if (one.counts !== undefined) expect(metrics).toMatchObject(one.counts)
  if (one.requests !== undefined || one.error === undefined) expect(bodies).toHaveLength(one.requests ?? TURNS)
  one.wire?.(bodies.at(-1)!, bodies)
  if (one.metadata !== undefined) expect(played.metadata).toMatchObject(one.metadata)
  // No half of a surrogate pair is in any file.
  expect(played.files).not.toMatch(/(?<!\\)\\ud[89a-f]/i)
}

/** The first choice of a chat answer, changed. */
export const choice =
  (change: object) =>
  (usual: Json): RawAnswer => ({
    body: { ...usual, choices: list(usual.choices).map(one => ({ ...one, ...change })) },
  })
/** The message of a chat answer, changed. */
export const message =
  (change: object | ((message: Json) => object)) =>
  (usual: Json): RawAnswer => ({
    body: {
      ...usual,
      choices: list(usual.choices).map(one => {
        const before = object(one.message)
        return { ...one, message: { ...before, ...(typeof change === 'function' ? change(before) : change) } }
      }),
    },
  })
/** The first call of a chat answer, changed. */
export const call = (change: object) =>
  message(({ tool_calls }) => ({ tool_calls: list(tool_calls).map(one => ({ ...one, ...change })) }))
export const called = (change: object) =>
  message(({ tool_calls }) => ({
    tool_calls: list(tool_calls).map(one => ({ ...one, function: { ...object(one.function), ...change } })),
  }))
/** The body of an answer, changed. */
export const body =
  (change: object) =>
  (usual: Json): RawAnswer => ({ body: { ...usual, ...change } })

/** Only the answers before this many are spoilt. */
export const first =
  (spoil: (usual: Json) => RawAnswer, many = 1) =>
  (usual: Json, before: number): RawAnswer | undefined =>
    before < many ? spoil(usual) : undefined

export const refuse =
  (status: number, answer: unknown, headers: Record<string, string> = {}) =>
  (): RawAnswer => ({ status, headers, body: answer })

/** The assistant messages of a chat request. */
export const spoken = ({ messages }: Json): readonly Json[] => list(messages).filter(({ role }) => role === 'assistant')
/** The calls in a chat request. */
export const callsSent = (sent: Json): readonly Json[] => spoken(sent).flatMap(({ tool_calls }) => list(tool_calls))
