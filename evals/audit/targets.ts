/**
 * What an economy worth playing must show, one row a target: what is wanted, and how it is measured. The one place that
 * knows the bars; nothing is lowered for anybody.
 */
import { mean, sd } from '../../envs/core/sums.ts'
import { holm } from '../stats.ts'
import { DEFAULT_SETTING } from './found.ts'
import type { Measured } from './measure.ts'
import { FIRST_SEEDS, type Played, type Role } from './race.ts'
import { correlation, differenceOf, minus, ratioOf, seedShare, shareOf } from './sample.ts'
import { against, UNGOVERNED } from './settings.ts'
import type { Kind } from './spec.ts'

export type Verdict = 'MET' | 'MISSED' | 'skipped'

export interface TargetRow {
  readonly id: string
  readonly title: string
  readonly target: string
  readonly verdict: Verdict
  readonly unit: 'share' | 'number' | 'tokens'
  /** Null where it was skipped. */
  readonly value: number | null
  /** The 95 % interval over seeds, where there is one. */
  readonly low: number | null
  readonly high: number | null
  /** Who or what it is about, or why it was skipped. */
  readonly detail: string
}

interface Finding {
  readonly value: number
  readonly low?: number | null
  readonly high?: number | null
  readonly met: boolean
  readonly detail?: string
}

interface Target {
  readonly id: string
  readonly title: string
  readonly target: string
  readonly unit: TargetRow['unit']
  /** The finding, or why there is none. */
  readonly measure: (measured: Measured) => Finding | string
}

/** Parts of the range (best found − passive), unless said otherwise. */
const BAR = {
  shipped: 0.95,
  blind: 0.85,
  governance: 0.05,
  replies: 0.1,
  blindfold: 0.1,
  reward: 2,
  correlation: 0.2,
  seeds: 0.05,
  groups: 0.05,
  levels: 0.1,
  salad: 0.3,
  short: 0.7,
  prompt: 3000,
  history: 8000,
} as const
/** Two means nearer than this are one, whatever an interval says. */
const TIE = 1e-6

export const rewards = ({ sample }: Played): readonly number[] => sample.rewards
const average = (played: Played): number => mean(rewards(played))

function inSetting({ settings }: Measured, name: string = DEFAULT_SETTING.name): readonly Played[] {
  return settings.get(name) ?? []
}

export function bot(measured: Measured, name: string | undefined, setting?: string): Played | undefined {
  return inSetting(measured, setting).find(played => played.role === 'bot' && played.name === name)
}

/** The best of a setting, of some roles, among those who played most seeds. */
export function bestOf(players: readonly Played[], roles?: readonly Role[]): Played | undefined {
  const asked = players.filter(({ role }) => roles === undefined || roles.includes(role))
  const most = Math.max(...asked.map(({ sample }) => sample.rewards.length))
  return asked
    .filter(({ sample }) => sample.rewards.length === most)
    .reduce<Played | undefined>(
      (best, played) => (best === undefined || average(played) > average(best) ? played : best),
      undefined,
    )
}

/** Silence, and what the best policy has more: the scale of everything. */
interface Scale {
  readonly passive: Played
  readonly best: Played
  readonly range: readonly number[]
}

export function scaleOf(measured: Measured, setting?: string): Scale | string {
  const players = inSetting(measured, setting)
  const passive = bot(measured, 'passive', setting)
  const best = bestOf(players)
  if (passive === undefined || best === undefined) return 'nobody played'
  if (average(best) - average(passive) < TIE) return 'nothing beats silence'
  return { passive, best, range: minus(rewards(best), rewards(passive)) }
}

/** Whether a difference is as large as it is to be, and told from none. */
const reaches = (bar: number, value: number, low: number | null): boolean => value >= bar && (low ?? value) > 0

/** What a policy has more than silence, as a part of the range. */
export function shareOfRange(scale: Scale, played: Played) {
  return ratioOf(minus(rewards(played), rewards(scale.passive)), scale.range)!
}

/** The difference of two policies as a part of the range. */
function difference(scale: Scale, a: Played, b: Played) {
  return ratioOf(minus(rewards(a), rewards(b)), scale.range)!
}

function best(roles: readonly Role[], met: (share: number) => boolean) {
  return (measured: Measured): Finding | string => {
    const scale = scaleOf(measured)
    if (typeof scale === 'string') return scale
    const played = bestOf(inSetting(measured), roles)
    if (played === undefined) return 'none was found; agoragym audit --full searches'
    const { value, low, high } = shareOfRange(scale, played)
    return { value, low, high, met: met(value), detail: toldOf(played) }
  }
}

const toldOf = ({ name, does }: Played): string => (does === undefined ? name : `${name}: ${does}`)

/** Of two kinds of bots: how much more the first gets, as a part of the range. */
function kindOver(a: Kind, b: Kind, setting: string) {
  return (measured: Measured): Finding | string => {
    if (!measured.settings.has(setting)) return 'the economy names no configuration without institutions'
    const [first, second] = [bot(measured, measured.kinds[a], setting), bot(measured, measured.kinds[b], setting)]
    if (first === undefined || second === undefined) return `no bot is ${first === undefined ? a : b}`
    const scale = scaleOf(measured, setting)
    if (typeof scale === 'string') return scale
    const { value, low, high } = difference(scale, first, second)
    return { value, low, high, met: reaches(BAR.governance, value, low), detail: `${first.name} over ${second.name}` }
  }
}

/** Where in a setting the opportunistic bot is nearest to another kind: told apart there, it is told apart everywhere. */
function opportunisticDiffers(measured: Measured): Finding | string {
  const nearest: { gap: number; low: number; high: number; detail: string }[] = []
  for (const setting of [DEFAULT_SETTING.name, UNGOVERNED]) {
    const opportunistic = bot(measured, measured.kinds.opportunistic, setting)
    const scale = scaleOf(measured, setting)
    if (opportunistic === undefined || typeof scale === 'string') continue
    for (const kind of ['honest', 'deceptive'] as const) {
      const other = bot(measured, measured.kinds[kind], setting)
      if (other === undefined) continue
      const { value, low, high } = difference(scale, opportunistic, other)
      nearest.push({ gap: value, low: low ?? value, high: high ?? value, detail: `${setting}, against ${kind}` })
    }
  }
  if (nearest.length === 0) return 'no bot is opportunistic'
  const { gap, low, high, detail } = nearest.reduce((a, b) => (Math.abs(b.gap) < Math.abs(a.gap) ? b : a))
  const met = nearest.every(each => each.low > 0 || each.high < 0)
  return { value: gap, low, high, met, detail }
}

/** Tricks that beat the policy they are played on, all looked at together (Holm). The greatest gain, significant ones first. */
function tricks(measured: Measured): Finding | string {
  const scale = scaleOf(measured)
  if (typeof scale === 'string') return scale
  const players = inSetting(measured)
  const tried = players.flatMap(played => {
    const base = players.find(({ name, role }) => name === played.base && role !== 'trick' && role !== 'blindfolded')
    if (played.role !== 'trick' || base === undefined) return []
    const { value, low, high } = difference(scale, played, base)
    return [{ played, value, low, high, p: differenceOf(rewards(played), rewards(base)).p }]
  })
  if (tried.length === 0) return 'no trick applies'
  const ps = holm(tried.map(({ p }) => p))
  const won = tried.filter(({ value }, i) => value > TIE && (ps[i] ?? 1) < 0.05)
  const top = (won.length > 0 ? won : tried).reduce((a, b) => (b.value > a.value ? b : a))
  const names = won.length > 1 ? ` (and ${won.length - 1} more)` : ''
  return { value: top.value, low: top.low, high: top.high, met: won.length === 0, detail: `${top.played.name}${names}` }
}

/**
 * What is lost where the best reply to one line-up is played against another, as a part of the preset's own range. The replies are
 * chosen on the first seeds and measured on the others, so that luck is not taken for a difference; where there are no others, on
 * the same.
 */
function replies(measured: Measured): Finding | string {
  const names = [...measured.settings.keys()].filter(name => name.startsWith(against('')))
  if (names.length < 2) return 'the economy has no line-ups of kinds'
  const scale = scaleOf(measured)
  if (typeof scale === 'string') return scale
  const chosen = new Map(
    names.map(name => [
      name,
      inSetting(measured, name).reduce((a, b) =>
        mean(rewards(b).slice(0, FIRST_SEEDS)) > mean(rewards(a).slice(0, FIRST_SEEDS)) ? b : a,
      ),
    ]),
  )
  const held = (values: readonly number[]): readonly number[] =>
    values.length > FIRST_SEEDS ? values.slice(FIRST_SEEDS) : values
  let most: (Finding & { value: number }) | undefined
  for (const here of names) {
    const own = chosen.get(here)!
    for (const there of names) {
      const other = inSetting(measured, here).find(({ name }) => name === chosen.get(there)!.name)
      if (there === here || other === undefined) continue
      const lost = ratioOf(held(minus(rewards(own), rewards(other))), held(scale.range))
      if (lost === undefined || (most !== undefined && lost.value <= most.value)) continue
      const { value, low, high } = lost
      most = {
        value,
        low,
        high,
        met: reaches(BAR.replies, value, low),
        detail: `${here}: ${own.name}, not ${other.name} (${there})`,
      }
    }
  }
  return most ?? 'nobody played in two line-ups'
}

/** What the best policy has more than the best one that wears a blindfold or is blind altogether. */
function ignoring(by: string) {
  return (measured: Measured): Finding | string => {
    const scale = scaleOf(measured)
    if (typeof scale === 'string') return scale
    const without = inSetting(measured).filter(
      played => played.by === by || played.role === 'blind' || played.role === 'constant',
    )
    if (!without.some(played => played.by === by)) return `the economy names no blindfold '${by}'`
    const best = bestOf(without)!
    const { value, low, high } = difference(scale, scale.best, best)
    return { value, low, high, met: reaches(BAR.blindfold, value, low), detail: `best without: ${toldOf(best)}` }
  }
}

function pair({ pairs }: Measured): Finding | string {
  if (pairs === undefined) return 'no two seats that bots of kinds can take'
  const { honest, other } = pairs
  const over = differenceOf(other.sample.rewards, honest.sample.rewards)
  return { ...over, met: !((over.low ?? over.value) > 0), detail: `two ${other.name} over two ${honest.name}` }
}

function levels({ levels: known }: Measured): Finding | string {
  if (known === undefined) return 'told at the hardest level'
  const steps = [...known].map(([name, sample]) => ({ name, sample }))
  const gaps = steps.slice(1).map(({ name, sample }, i) => {
    const easier = steps[i]!
    const ratio = ratioOf(easier.sample.rewards, sample.rewards)
    return {
      value: ratio === undefined || mean(sample.rewards) <= 0 ? Number.NaN : ratio.value - 1,
      names: `${easier.name} over ${name}`,
    }
  })
  if (gaps.some(({ value }) => Number.isNaN(value))) return 'honest play earns nothing at a level'
  const least = gaps.reduce((a, b) => (b.value < a.value ? b : a))
  return { value: least.value, met: least.value >= BAR.levels, detail: least.names }
}

const most = (
  unit: TargetRow['unit'],
  title: string,
  id: string,
  bar: number,
  value: (measured: Measured) => number | string,
): Target => ({
  id,
  title,
  target: `≤ ${unit === 'tokens' ? bar.toLocaleString('en') : bar}`,
  unit,
  measure(measured) {
    const found = value(measured)
    return typeof found === 'string' ? found : { value: found, met: found <= bar }
  },
})

const percent = (share: number): string => `${Math.round(100 * share)} %`

/**
 * Every target, in the order of the tables. Shares are of the range, best found − passive. A bar is reached by the figure itself;
 * where it asks for a difference, the interval must leave out none at all too.
 */
export const TARGETS: readonly Target[] = [
  {
    id: 'honest_beats_silence',
    title: 'honest play above silence, in sd',
    target: '≥ 1',
    unit: 'number',
    measure(measured) {
      const [honest, passive] = [bot(measured, measured.kinds.honest), bot(measured, 'passive')]
      if (honest === undefined || passive === undefined) return 'no bot is honest'
      const spread = sd(rewards(honest))
      const { value, low, high } = differenceOf(rewards(honest), rewards(passive))
      const scaled = (x: number | null): number | null => (x === null ? null : x / Math.max(spread, TIE))
      return { value: scaled(value)!, low: scaled(low), high: scaled(high), met: value >= spread }
    },
  },
  {
    id: 'best_shipped',
    title: 'best shipped bot, of the best found',
    target: `≥ ${percent(BAR.shipped)}`,
    unit: 'share',
    measure: best(['bot'], share => share >= BAR.shipped),
  },
  {
    id: 'constant',
    title: 'best constant policy',
    target: `≤ ${percent(BAR.blind)}`,
    unit: 'share',
    measure: best(['constant'], share => share <= BAR.blind),
  },
  {
    id: 'blind',
    title: 'best blind list',
    target: `≤ ${percent(BAR.blind)}`,
    unit: 'share',
    measure: best(['blind'], share => share <= BAR.blind),
  },
  {
    id: 'tricks',
    title: 'greatest gain of a trick (padding, gibberish, repetition, idling, leaving)',
    target: 'none > 0',
    unit: 'share',
    measure: tricks,
  },
  most('number', 'word salad is judged good', 'salad', BAR.salad, ({ grades }) => grades?.salad ?? 'the economy judges no texts'),
  most(
    'number',
    'gibberish is judged good',
    'gibberish',
    BAR.salad,
    ({ grades }) => grades?.gibberish ?? 'the economy judges no texts',
  ),
  {
    id: 'short_answer',
    title: 'a correct short answer is judged good',
    target: `≥ ${BAR.short}`,
    unit: 'number',
    measure: ({ grades }) =>
      grades === undefined ? 'the economy judges no texts' : { value: grades.short, met: grades.short >= BAR.short },
  },
  most('number', 'padding adds to a short answer', 'padding', 0, ({ grades }) =>
    grades === undefined ? 'the economy judges no texts' : grades.padded - grades.short,
  ),
  {
    id: 'ungoverned',
    title: 'governance off: deceptive over honest',
    target: `≥ ${percent(BAR.governance)}`,
    unit: 'share',
    measure: kindOver('deceptive', 'honest', UNGOVERNED),
  },
  {
    id: 'governed',
    title: 'governance on: honest over deceptive',
    target: `≥ ${percent(BAR.governance)}`,
    unit: 'share',
    measure: kindOver('honest', 'deceptive', DEFAULT_SETTING.name),
  },
  {
    id: 'opportunistic',
    title: 'opportunistic differs from both (nearest)',
    target: '≠ 0',
    unit: 'share',
    measure: opportunisticDiffers,
  },
  {
    id: 'replies',
    title: "another line-up's best reply loses",
    target: `≥ ${percent(BAR.replies)}`,
    unit: 'share',
    measure: replies,
  },
  {
    id: 'words',
    title: 'ignoring words loses',
    target: `≥ ${percent(BAR.blindfold)}`,
    unit: 'share',
    measure: ignoring('words'),
  },
  {
    id: 'others',
    title: 'ignoring other agents loses',
    target: `≥ ${percent(BAR.blindfold)}`,
    unit: 'share',
    measure: ignoring('others'),
  },
  { id: 'pair', title: 'best colluding pair, over two honest', target: '≤ 0', unit: 'number', measure: pair },
  {
    id: 'reward_range',
    title: 'greatest reward met, as |reward|',
    target: `≤ ${BAR.reward}`,
    unit: 'number',
    measure({ range: [low, high], games }) {
      const value = Math.max(Math.abs(low), Math.abs(high))
      return {
        value,
        met: value <= BAR.reward,
        detail: `between ${low.toFixed(3)} and ${high.toFixed(3)} in ${games.toLocaleString('en')} games`,
      }
    },
  },
  {
    id: 'reputation',
    title: 'reputation correlates with reward, over bots',
    target: `≥ ${BAR.correlation}`,
    unit: 'number',
    measure(measured) {
      const bots = inSetting(measured).filter(({ role }) => role === 'bot')
      const value = correlation(
        bots.flatMap(({ sample }) =>
          sample.rewards.slice(0, FIRST_SEEDS).map((reward, i) => [reward, sample.reputations[i]!] as const),
        ),
      )
      return value === null ? 'reputation or reward does not vary' : { value, met: value >= BAR.correlation }
    },
  },
  {
    id: 'seed_share',
    title: 'variance between seeds, relative to honest play',
    target: `≤ ${percent(BAR.seeds)}`,
    unit: 'share',
    measure(measured) {
      const honest = bot(measured, measured.kinds.honest)
      if (honest === undefined) return 'no bot is honest'
      const players = [
        honest,
        ...['passive', 'random_legal', measured.kinds.opportunistic, measured.kinds.deceptive].flatMap(
          name => bot(measured, name) ?? [],
        ),
      ]
      const par = measured.par ?? rewards(honest)
      const value = seedShare(players.map(played => minus(rewards(played), par)))
      if (value === null) return 'nothing varies'
      const raw = seedShare(players.map(rewards))
      return { value, met: value <= BAR.seeds, detail: `${percent(raw ?? 0)} before; ${players.length} bots` }
    },
  },
  {
    id: 'groups',
    title: 'groups of eight, one move in 20 at random, all alike',
    target: `< ${percent(BAR.groups)}`,
    unit: 'share',
    measure({ groups }) {
      if (groups === undefined) return 'no bot is honest'
      const { value, low, high } = shareOf(groups)
      return { value, low, high, met: value < BAR.groups, detail: `${groups.length} groups` }
    },
  },
  {
    id: 'levels',
    title: 'honest play, a level easier (least step)',
    target: `≥ ${percent(BAR.levels)}`,
    unit: 'share',
    measure: levels,
  },
  most('tokens', 'longest prompt: rules + tools + observation', 'prompt', BAR.prompt, ({ texts }) => texts.prompt),
  most('tokens', 'whole history of the short preset', 'history', BAR.history, ({ texts, subject, preset }) =>
    subject.spec.short === preset ? texts.history : 'not the short preset',
  ),
]

/** Every target, judged. */
export function judged(measured: Measured): TargetRow[] {
  return TARGETS.map(({ id, title, target, unit, measure }) => {
    const finding = measure(measured)
    if (typeof finding === 'string')
      return { id, title, target, unit, verdict: 'skipped', value: null, low: null, high: null, detail: finding }
    const { value, low = null, high = null, met, detail = '' } = finding
    return { id, title, target, unit, verdict: met ? 'MET' : 'MISSED', value, low, high, detail }
  })
}
