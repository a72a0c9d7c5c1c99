/**
 * Encodings for learners without language: an observation as a fixed list of bounded numbers, and what can be done as a fixed
 * list of slots of which a mask says which are legal now. Both are read off observations alone, never off states, so a learner
 * knows exactly what a model is shown. Knows no economy.
 */
import { type Decision, PASS, type PlayTypes } from './exchange.ts'
import { groupBy } from './grouped.ts'
import type { Call, ToolName } from './tool.ts'

/** One number of an encoded observation. */
export interface Feature {
  /** snake_case; counterparts and tasks by rank: `other_1_reputation`. */
  readonly name: string
  /** It lies in [low, high]; what would lie outside is cut. */
  readonly low: number
  readonly high: number
  readonly meaning: string
}

/** One action: the same tools with arguments chosen by the same rule at every step. */
export interface Slot {
  /** snake_case; counterparts and tasks by rank: `lend_40_to_other_1`. */
  readonly name: string
  /** The tools it calls, in order; none is silence. */
  readonly tools: readonly ToolName[]
  readonly meaning: string
}

/** How the observations and actions of one configuration are written as numbers. */
export interface Encoding<T extends PlayTypes> {
  readonly features: readonly Feature[]
  /** The first does nothing and is legal for everybody who may act. */
  readonly slots: readonly Slot[]
  /** Writes the observation to `into[at]` … `into[at + features.length - 1]`. */
  observe(observation: T['Observation'], into: Float32Array, at?: number): void
  /** Writes 1 for each slot that is legal now and 0 for the others to `into[at]` … `into[at + slots.length - 1]`. */
  mask(observation: T['Observation'], offered: readonly ToolName[], into: Uint8Array, at?: number): void
  /**
   * What the slot is now. One that is not legal is refused when it is played, or silence where it names what is not there.
   * Throws a RangeError for a number that is no slot.
   */
  decode(observation: T['Observation'], slot: number): Decision
}

/** A feature with the rule that gives it. */
export interface FeatureRule<View> extends Feature {
  of(view: View): number
}

/** A slot with the rules that give it. */
export interface SlotRule<View> extends Slot {
  /** Whether it is legal while its tools are offered; always by default. */
  legal?(view: View): boolean
  /** The arguments of each call, also where it is not legal; `{}` of each by default, undefined where what it names is not there. */
  args?(view: View): readonly object[] | undefined
}

/** An encoding as an economy writes it. */
export interface EncodingRules<T extends PlayTypes, View> {
  /** What features and slots are read off, computed once for an observation: ranks, sums, lookups. */
  view(observation: T['Observation']): View
  readonly features: readonly FeatureRule<View>[]
  /** All slots but the first. */
  readonly slots: readonly SlotRule<View>[]
  /** What the first slot is where a move without arguments does nothing; silence otherwise. */
  readonly pass?: ToolName
  /** What the first slot comes to, where that is more than nothing. */
  readonly passMeaning?: string
}

const NO_ARGS = Object.freeze({})

/** An encoding of its rules. Throws where two features or two slots have one name, or a feature has no range. */
export function defineEncoding<T extends PlayTypes, View>(rules: EncodingRules<T, View>): Encoding<T> {
  const { view, features, pass, passMeaning = 'does nothing' } = rules
  const first: SlotRule<View> = { name: 'pass', tools: pass === undefined ? [] : [pass], meaning: passMeaning }
  const slots = [first, ...rules.slots]
  for (const [what, list] of Object.entries({ feature: features, slot: slots })) {
    const names = list.map(({ name }) => name)
    const twice = names.find((name, i) => names.indexOf(name) !== i)
    if (twice !== undefined) throw new RangeError(`encoding: two ${what}s are called '${twice}'`)
  }
  for (const { name, low, high } of features)
    if (!(low < high && Number.isFinite(high - low)))
      throw new RangeError(`encoding: feature '${name}': expected finite low < high, got ${low} and ${high}`)

  // Each tool is looked up once for a mask, however many slots call it.
  const tools = [...new Set(slots.flatMap(slot => slot.tools))]
  const toolsOf = slots.map(slot => slot.tools.map(tool => tools.indexOf(tool)))

  // Features, mask and choice are asked for one observation after another: the last view is enough.
  let seen: { readonly observation: T['Observation']; readonly view: View } | undefined
  const viewOf = (observation: T['Observation']): View => {
    if (seen?.observation !== observation) seen = { observation, view: view(observation) }
    return seen.view
  }

  return {
    features: features.map(({ name, low, high, meaning }) => ({ name, low, high, meaning })),
    slots: slots.map(({ name, tools, meaning }) => ({ name, tools, meaning })),
    observe(observation, into, at = 0) {
      const of = viewOf(observation)
      for (let i = 0; i < features.length; i++) {
        const feature = features[i]!
        const value = feature.of(of)
        into[at + i] = value < feature.low ? feature.low : value > feature.high ? feature.high : value
      }
    },
    mask(observation, offered, into, at = 0) {
      const of = viewOf(observation)
      const open = tools.map(tool => offered.includes(tool))
      for (let i = 0; i < slots.length; i++) {
        const { legal } = slots[i]!
        into[at + i] = toolsOf[i]!.every(tool => open[tool]) && (legal === undefined || legal(of)) ? 1 : 0
      }
    },
    decode(observation, number) {
      const slot = slots[number]
      if (slot === undefined) throw new RangeError(`decode: expected a slot, 0 to ${slots.length - 1}, got ${number}`)
      const args = slot.args === undefined ? slot.tools.map(() => NO_ARGS) : slot.args(viewOf(observation))
      if (args === undefined) return PASS
      return { calls: slot.tools.map((tool, i): Call => ({ tool, args: args[i] ?? NO_ARGS })) }
    },
  }
}

/** A feature in one line. */
export function feature<View>(
  name: string,
  [low, high]: readonly [low: number, high: number],
  meaning: string,
  of: (view: View) => number,
): FeatureRule<View> {
  return { name, low, high, meaning, of }
}

/** A feature that is 1 or 0. */
export function flag<View>(name: string, meaning: string, of: (view: View) => boolean): FeatureRule<View> {
  return { name, low: 0, high: 1, meaning, of: view => (of(view) ? 1 : 0) }
}

/** A slot of one call; arguments are undefined where what it names is not there. */
export function slot<View>(
  name: string,
  tool: ToolName,
  meaning: string,
  legal?: (view: View) => boolean,
  args?: (view: View) => object | undefined,
): SlotRule<View> {
  return {
    name,
    tools: [tool],
    meaning,
    ...(legal !== undefined && { legal }),
    ...(args !== undefined && {
      args: view => {
        const one = args(view)
        return one && [one]
      },
    }),
  }
}

/** The first so many ranks: 1, 2, … */
export function ranks(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i + 1)
}

/** The items by falling `value`; of equals the first stays first. */
export function ranked<Item>(items: readonly Item[], value: (item: Item) => number): Item[] {
  return [...items].sort((one, other) => value(other) - value(one))
}

/** Names and meanings that differ in numbers alone, as one: `other_{1–4}_reputation`. */
export interface Family {
  readonly name: string
  readonly meaning: string
}

/** The features or slots of an encoding with those that differ in their ranks alone taken together, in order. */
export function families<Item extends Feature | Slot>(items: readonly Item[]): (Item & Family)[] {
  const groups = groupBy(items, ({ name }) => name.replace(/_\d+(?=_|$)/g, '_#'))
  return [...groups.values()].map(group => {
    const first = group[0]!
    return { ...first, name: merged(group.map(({ name }) => name)), meaning: merged(group.map(({ meaning }) => meaning)) }
  })
}

/** Texts that differ in numbers alone as one text; the first where they differ otherwise. */
function merged(texts: readonly string[]): string {
  const numbers = texts.map(text => text.match(/\d+/g) ?? [])
  const plain = texts.map(text => text.replace(/\d+/g, '#'))
  if (plain.some(text => text !== plain[0])) return texts[0]!
  let at = 0
  return texts[0]!.replace(/\d+/g, () => {
    const values = numbers.map(list => Number(list[at]))
    at++
    const [least, most] = [Math.min(...values), Math.max(...values)]
    return least === most ? String(least) : `{${least}–${most}}`
  })
}

/** The tables of an economy's documentation, as Markdown: features, then slots. */
export function encodingDocs<T extends PlayTypes>({ features, slots }: Encoding<T>): string {
  const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
    [head, head.map(() => '---'), ...rows].map(cells => `| ${cells.join(' | ')} |`).join('\n')
  return [
    table(
      ['feature', 'range', 'meaning'],
      families(features).map(({ name, low, high, meaning }) => [`\`${name}\``, `${low} … ${high}`, meaning]),
    ),
    table(
      ['slot', 'calls', 'what it does'],
      families(slots).map(({ name, tools, meaning }) => [
        `\`${name}\``,
        tools.map(tool => `\`${tool}\``).join(', ') || 'nothing',
        meaning,
      ]),
    ),
  ].join('\n\n')
}
