/**
 * The language layer of a two-layer session of mars_colony: finds words for the dialogue events that the session granted,
 * after it was played. It has no way back: a source gets a frozen snapshot and gives text, and text is data, never read for
 * commands or numbers. Every call is charged before it is made, at a flat price, never given back and never tried again.
 */
import pLimit from 'p-limit'
import { UserError } from '../../envs/core/errors.ts'
import { type EpisodeLog, eventsOf } from '../../envs/core/log.ts'
import { deepFreeze } from '../../envs/core/plain.ts'
import { stream } from '../../envs/core/random.ts'
import { quote, shorten } from '../../envs/core/text.ts'
import type { AgentId } from '../../envs/core/tool.ts'
import { charge, type Ledger, type Limits, openLedger } from '../../envs/mars_colony/ledger.ts'
import type { MarsTypes } from '../../envs/mars_colony/observe.ts'
import { DIALOGUE, MESSAGE_LENGTH } from '../../envs/mars_colony/parameters.ts'
import type { MarsEvent, Party } from '../../envs/mars_colony/state.ts'

/** A dialogue event that a session granted. */
export type Grant = Extract<MarsEvent, { type: 'dialogue_granted' }>

/** What a source knows when it speaks; deep-frozen, and its own. */
export interface DialogueSnapshot {
  readonly tick: number
  readonly speaker: Party
  readonly listener: Party
  /** Points. */
  readonly bond: number
  /** The last lines between the two, oldest first. */
  readonly recent: readonly DialogueLine[]
}

/** Whoever speaks for the colonists: one line a call. */
export type DialogueSource = (snapshot: DialogueSnapshot, signal: AbortSignal) => string | Promise<string>

export interface DialogueLine {
  readonly tick: number
  readonly speaker: AgentId
  readonly listener: AgentId
  /** At most 280 UTF-16 units; `…` where nothing was said. */
  readonly text: string
  /** What was charged for it. */
  readonly micro_usd: number
  /** `failed`: the source threw, took too long or gave no text; `empty`: it said nothing; `refused`: it was not asked. */
  readonly status: 'spoken' | 'failed' | 'empty' | 'refused'
}

export interface Dialogue {
  /** One for each grant, in order. */
  readonly lines: readonly DialogueLine[]
  readonly ledger: Readonly<Ledger>
}

export interface DialogueOptions {
  /** The publication's by default: 100 calls of 70 micro-dollars under a ceiling of 7,000. */
  readonly limits?: Limits
  /** The time box of one call. */
  readonly timeoutMs?: number
  /** Pairs that talk at once; the lines of one pair are spoken in order. */
  readonly concurrency?: number
  readonly signal?: AbortSignal
}

const SILENCE = '…'
const RECENT = 4

export function grantsOf(log: EpisodeLog<MarsTypes>): Grant[] {
  return [...eventsOf(log)].flatMap(([, event]) => (event.type === 'dialogue_granted' ? [event] : []))
}

/** The talk of one session, found as it is granted. The lines of one pair are spoken in order, each with those before it. */
export class Talk {
  readonly ledger: Ledger
  readonly #source: DialogueSource
  readonly #timeoutMs: number
  readonly #signal: AbortSignal | undefined
  readonly #limit: ReturnType<typeof pLimit>
  readonly #pairs = new Map<string, { readonly lines: DialogueLine[]; last: Promise<unknown> }>()

  /** A RangeError for limits that could exceed their ceiling. */
  constructor(source: DialogueSource, { limits = DIALOGUE, timeoutMs = 60_000, concurrency = 8, signal }: DialogueOptions = {}) {
    this.ledger = openLedger(limits)
    this.#source = source
    this.#timeoutMs = timeoutMs
    this.#signal = signal
    this.#limit = pLimit(concurrency)
  }

  /**
   * Finds words for granted events, one line each. All charges are made in order before anything is asked, so what is refused does not
   * depend on who answers when. The lines reject only where the signal is aborted.
   */
  say(grants: readonly Grant[]): Promise<DialogueLine>[] {
    const charged = grants.map(() => charge(this.ledger))
    return grants.map((grant, n) => (charged[n] ? this.#ask(grant) : Promise.resolve(lineOf(grant, SILENCE, 'refused', 0))))
  }

  #ask(grant: Grant): Promise<DialogueLine> {
    const key = [grant.speaker.agent, grant.listener.agent].sort().join()
    const pair = this.#pairs.get(key) ?? { lines: [], last: Promise.resolve() }
    this.#pairs.set(key, pair)
    const asked = pair.last.then(() =>
      this.#limit(async () => {
        this.#signal?.throwIfAborted()
        const snapshot = snapshotOf(grant, pair.lines.slice(-RECENT))
        const { text, status } = await spoken(this.#source, snapshot, this.#timeoutMs, this.#signal)
        const line = lineOf(grant, text, status, this.ledger.callMicroUsd)
        pair.lines.push(line)
        return line
      }),
    )
    pair.last = asked
    return asked
  }
}

/** Finds words for all granted events of a session. Rejects only where `signal` is aborted; a RangeError as `Talk`. */
export async function renderDialogue(
  grants: readonly Grant[],
  source: DialogueSource,
  options: DialogueOptions = {},
): Promise<Dialogue> {
  const talk = new Talk(source, options)
  return { lines: await Promise.all(talk.say(grants)), ledger: talk.ledger }
}

function lineOf(
  { tick, speaker, listener }: Grant,
  text: string,
  status: DialogueLine['status'],
  micro_usd: number,
): DialogueLine {
  return { tick, speaker: speaker.agent, listener: listener.agent, text, micro_usd, status }
}

/** A copy of its own for every call: what a source does to it is seen by nobody. */
function snapshotOf({ tick, speaker, listener, bond }: Grant, recent: readonly DialogueLine[]): DialogueSnapshot {
  return deepFreeze(structuredClone({ tick, speaker, listener, bond, recent }))
}

/** One call, boxed in time. Whatever goes wrong is a line on which nothing was said. */
async function spoken(
  source: DialogueSource,
  snapshot: DialogueSnapshot,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<Pick<DialogueLine, 'text' | 'status'>> {
  const box = AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(signal === undefined ? [] : [signal])])
  try {
    const text: unknown = await Promise.race([source(snapshot, box), aborted(box)])
    if (typeof text !== 'string') return { text: SILENCE, status: 'failed' }
    const said = shorten(text, MESSAGE_LENGTH)
    return said.trim() === '' ? { text: SILENCE, status: 'empty' } : { text: said, status: 'spoken' }
  } catch {
    signal?.throwIfAborted()
    return { text: SILENCE, status: 'failed' }
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason)
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}

/** The shipped source: lines chosen by how the two get on, from the session's own stream for it. */
export function templateSource(seed: number): DialogueSource {
  return ({ tick, speaker, listener, bond }) => {
    const mood = bond > 15 ? 'close' : bond < -15 ? 'tense' : 'plain'
    const template = stream(seed, 'dialogue', tick, speaker.agent).pick(TEMPLATES[mood])
    return template
      .replaceAll('{you}', listener.name)
      .replaceAll('{your work}', listener.role)
      .replaceAll('{my work}', speaker.role)
  }
}

const TEMPLATES: Readonly<Record<'close' | 'plain' | 'tense', readonly string[]>> = {
  close: [
    'I was hoping to find you here, {you}.',
    'You look like you could use a break too, {you}. Sit with me.',
    'Without you this place would be twice as far from home, {you}.',
    'Remember the first week, {you}? Look at us now.',
  ],
  plain: [
    'How is the work of a {your work} today, {you}?',
    'Another quiet sol, {you}. I will take it.',
    'Do you ever miss rain, {you}?',
    'A {my work} could learn something from you, {you}.',
  ],
  tense: [
    'We do not have to talk, {you}.',
    'I would rather we kept to our own work, {you}.',
    'You left the lock unlatched again, {you}.',
    'Let us say what must be said and go, {you}.',
  ],
}

/** What one call of a model can cost at the most. Prices in micro-dollars a token, which is dollars a million tokens. */
export interface CompletionLimits {
  readonly inputPrice: number
  readonly outputPrice: number
  readonly maxPromptTokens: number
  readonly maxOutputTokens: number
  /** What the ledger charges for a call. */
  readonly callMicroUsd?: number
}

/** Asks a model once, without retries, for at most that many tokens. Anything it claims beside its text is ignored. */
export type Complete = (
  prompt: string,
  maxOutputTokens: number,
  signal: AbortSignal,
) => string | { readonly content: string } | Promise<string | { readonly content: string }>

/**
 * A source that asks a model. The prompt is cut to as many bytes as it may have tokens, and a token stands for at least one
 * byte, so no prompt can cost more than the limits say. A UserError where they could cost more than the ledger charges.
 */
export function completionSource(complete: Complete, limits: CompletionLimits): DialogueSource {
  const { inputPrice, outputPrice, maxPromptTokens, maxOutputTokens, callMicroUsd = DIALOGUE.callMicroUsd } = limits
  for (const [name, value] of Object.entries({ inputPrice, outputPrice, maxPromptTokens, maxOutputTokens, callMicroUsd }))
    if (!(value >= 0 && value < Number.POSITIVE_INFINITY)) throw new UserError(`${name}: expected a number ≥ 0, got ${value}`)
  const most = inputPrice * maxPromptTokens + outputPrice * maxOutputTokens
  if (most > callMicroUsd)
    throw new UserError(
      `A dialogue call could cost ${most} micro-dollars (${maxPromptTokens} prompt and ${maxOutputTokens} output tokens) and is charged ${callMicroUsd}; lower the limits or take a cheaper model.`,
    )
  return async (snapshot, signal) => {
    const answer = await complete(cut(promptOf(snapshot), maxPromptTokens), maxOutputTokens, signal)
    return typeof answer === 'string' ? answer : answer.content
  }
}

/** What matters comes first, others' words last: they are what a cut takes away. */
function promptOf({ speaker, listener, bond, recent }: DialogueSnapshot): string {
  const { energy, social, purpose } = speaker.needs
  return [
    `Say one short line as ${speaker.name}, ${speaker.role} on Mars (${speaker.traits}), to ${listener.name}, ${listener.role}.`,
    `Your energy ${energy.toFixed(0)}, social ${social.toFixed(0)}, purpose ${purpose.toFixed(0)} of 100; your bond ${bond.toFixed(0)} of 100. ${listener.name} is ${listener.action}.`,
    ...recent.map(line => `${line.speaker === speaker.agent ? speaker.name : listener.name} said ${quote(line.text)}`),
  ].join('\n')
}

/** The longest beginning of a text that is at most `bytes` long in UTF-8 and splits no character. */
function cut(text: string, bytes: number): string {
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(Math.floor(bytes)))
  return text.slice(0, read)
}
