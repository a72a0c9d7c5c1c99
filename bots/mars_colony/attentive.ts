/**
 * A colonist who uses everything it is told: looks after its needs by weather and health, learns whose word about the fields is
 * true and whose promises are kept, asks those for both, builds and promises labour. The three kinds of player differ only in
 * when they promise and whether they mean it.
 */
import type { Decision } from '../../envs/core/environment.ts'
import { PASS, type PolicyFactory, type Turn } from '../../envs/core/policy.ts'
import type { AgentId } from '../../envs/core/tool.ts'
import type { AgenticConfig } from '../../envs/mars_colony/config.ts'
import type { MarsObservation, MarsTypes } from '../../envs/mars_colony/observe.ts'
import { rolesFit } from '../../envs/mars_colony/substrate.ts'
import type { MarsCall } from './habits.ts'
import { worthOfBuilding, worthOfWorking } from './worth.ts'

/** What a colonist decides its promises by. */
export interface Moment {
  /** The share of the session that is over. */
  readonly elapsed: number
  readonly reputation: number
  /** Different colonists who declined a promise so far. */
  readonly decliners: number
}

/** How much is enough, in numbers. */
export interface Taste {
  /**
   * Points of need below which it looks after itself, what is added where no storms come, in which to rest costs little, how much
   * is let go towards the end, and what a storm adds.
   */
  readonly need: number
  readonly calm: number
  readonly relief: number
  readonly shelter: number
  /** Credits that a shift of building is worth beside its arithmetic. */
  readonly building: number
  /** How good somebody's word must be to be asked for help. */
  readonly reliance: number
  /** What is added to the chance that somebody's first word is true, and how many experiences that first opinion weighs. */
  readonly faith: number
  readonly firmness: number
}
const TASTE: Taste = {
  need: 54,
  calm: 14,
  relief: 36,
  shelter: 22,
  building: 0,
  reliance: 0.45,
  faith: 0.16,
  firmness: 1.5,
}
/** The share of storms with which there are enough of them to rest in. */
const STORMY = 0.24

/** How one kind of player treats others; each field can be varied alone. */
export interface Kind {
  /** Whether it builds where that is worth it. */
  builds(moment: Moment): boolean
  /** Whether it promises labour that it will not do, in a shift in which it does not build. */
  falsePromise(moment: Moment): boolean
  /** Whether it asks residents about the fields, and for help; both by default. */
  readonly asksFields?: boolean
  readonly asksHelp?: boolean
  /** Whether it heeds what it is told of the fields. */
  readonly heedsTips?: boolean
  readonly taste?: Taste
}

/** What is remembered of another colonist. */
interface Acquaintance {
  /** Tips that turned out true, and untrue. */
  rights: number
  wrongs: number
  /** Times it was asked about the fields, and times it answered. */
  asked: number
  answered: number
  /** Promises it made to this player, and kept. */
  promises: number
  kept: number
  /** The last shift in which it declined a promise of this player. */
  declinedAt: number | undefined
}

/** A bond that needs no more tending, and one that is worth a warm word. */
const TENDED = 40
const FRIENDLY = 1
/** Shifts for which somebody who declined is left alone. */
const PATIENCE = 3

export function attentive(kind: Kind): PolicyFactory<MarsTypes> {
  return ({ config }) => (config.mode === 'agentic' ? new Attentive(kind, config) : { act: () => PASS })
}

class Attentive {
  readonly #kind: Kind
  readonly #config: AgenticConfig
  readonly #taste: Taste
  readonly #known = new Map<AgentId, Acquaintance>()
  /** What it was told of the field of the shift that is being decided. */
  #tips: readonly Tip[] = []
  /** Whom it asked in the last shift, about the field and for help. */
  #asked: AgentId | undefined
  #helper: AgentId | undefined

  constructor(kind: Kind, config: AgenticConfig) {
    this.#kind = kind
    this.#taste = kind.taste ?? TASTE
    this.#config = config
  }

  act({ observation, offered }: Turn<MarsTypes>): Decision {
    this.#learn(observation)
    const view = this.#look(observation)
    const action = this.#action(view)
    const calls = [action, ...this.#promise(view, action), ...this.#question(view), ...this.#request(view)]
    return { calls: calls.filter(({ tool }) => offered.includes(tool)) }
  }

  #acquaintance(agent: AgentId): Acquaintance {
    let found = this.#known.get(agent)
    if (found === undefined) {
      found = { rights: 0, wrongs: 0, asked: 0, answered: 0, promises: 0, kept: 0, declinedAt: undefined }
      this.#known.set(agent, found)
    }
    return found
  }

  /** What the last shift showed, and what was said since. */
  #learn({ shared, agent, lastField = -1, lastRich = false, messages }: MarsObservation): void {
    for (const [from, field] of lastField < 0 ? [] : this.#tips) {
      if (field === lastField && lastRich) this.#acquaintance(from).rights++
      // Another field than the one worked in may have been rich, unless that one was.
      else if (field === lastField || lastRich) this.#acquaintance(from).wrongs++
    }
    this.#tips = messages.flatMap(({ from, field }) => (field === undefined ? [] : [[from, field] as const]))
    if (this.#asked !== undefined) {
      const source = this.#acquaintance(this.#asked)
      source.asked++
      if (this.#tips.some(([from]) => from === this.#asked)) source.answered++
    }
    for (const { from, to, outcome } of shared.settled) {
      if (to !== agent || outcome === 'void') continue
      this.#acquaintance(from).promises++
      if (outcome === 'kept') this.#acquaintance(from).kept++
    }
    for (const { from, to } of shared.declined ?? []) if (from === agent) this.#acquaintance(to).declinedAt = shared.step
  }

  #look(observation: MarsObservation): View {
    const { shared, agent, role, bonds } = observation
    const bondWith = new Map(bonds.map(({ agent: other, bond }) => [other, bond]))
    return {
      observation,
      people: shared.colonists
        .filter(other => other.agent !== agent)
        .map(other => {
          const own = this.#acquaintance(other.agent)
          return {
            ...other,
            own,
            bond: bondWith.get(other.agent)!,
            fits: rolesFit(role, other.role),
            truth: truthOf(other, own, this.#taste),
          }
        }),
      elapsed: shared.step / this.#config.max_steps,
      open: shared.sites.flatMap(({ completed, progress, labour }, site) =>
        completed ? [] : [{ site, left: labour - progress }],
      ),
    }
  }

  /** Looks after what it lacks most; a free shift is built or worked, whatever is worth more. */
  #action(view: View): MarsCall {
    const { observation, people, elapsed, open } = view
    const { needs, shared, suspended } = observation
    const rest = chosen({ action: 'resting' })
    if (suspended) return rest
    if (observation.ill === true) {
      const medic = people.find(({ role }) => role === 'medic')
      return medic !== undefined && needs.social < needs.energy ? chosen({ action: 'socializing', partner: medic.agent }) : rest
    }
    // Towards the end needs have no time left to matter; in a storm work drains.
    const { need, calm, relief, shelter, building } = this.#taste
    const fair = Math.max(0, 1 - this.#config.storms / STORMY)
    const enough = need + calm * fair - relief * elapsed * elapsed + (shared.storm === true ? shelter : 0)
    const [lack, remedy] = (
      [
        [needs.energy - enough, 'resting'],
        [needs.social - enough + 2, 'socializing'],
        [needs.purpose - enough + 13, 'working'],
      ] as const
    ).reduce((worst, other) => (other[0] < worst[0] ? other : worst))
    if (lack < 0 && remedy === 'resting') return rest
    if (lack < 0 && remedy === 'socializing') return chosen({ action: 'socializing', partner: companion(people).agent })
    const odds = this.#odds(people)
    const chance = odds === undefined ? 1 / this.#config.fields : Math.max(...odds)
    const builds =
      open.length > 0 &&
      this.#kind.builds(this.#moment(view)) &&
      worthOfBuilding(this.#config, observation) + building > worthOfWorking(this.#config, observation, chance)
    if (builds) return chosen({ action: 'building', site: best(open, ({ left }) => -left)!.site })
    return chosen({ action: 'working', ...(odds !== undefined && { field: odds.indexOf(chance) }) })
  }

  /** Accepts a request, or promises its best friend among those who did not decline of late. */
  #promise(view: View, action: MarsCall): MarsCall[] {
    const { observation, people } = view
    const builds = action.tool === 'choose_action' && action.args.action === 'building'
    if (!builds && !this.#kind.falsePromise(this.#moment(view))) return []
    // Where two promise each other neither has a harvest, so it promises whoever is not about to help it.
    const request = observation.asks.find(({ from }) => from !== this.#helper)
    if (request !== undefined) return [{ tool: 'answer', args: { ask_id: request.ask_id, accept: true } }]
    const { step } = observation.shared
    const willing = people.filter(
      ({ agent, own: { declinedAt } }) => agent !== this.#helper && (declinedAt === undefined || step - declinedAt > PATIENCE),
    )
    const friend = best(willing, ({ bond }) => bond)
    return friend === undefined ? [] : [{ tool: 'pledge', args: { to: friend.agent } }]
  }

  /** Asks about the next field whoever is most telling, be it by truth or by reliable untruth. */
  #question({ people }: View): MarsCall[] {
    this.#asked = undefined
    if (this.#kind.asksFields === false || this.#config.fields === 1) return []
    const source = best(people, ({ own: { asked, answered }, truth, bond }) => {
      const telling = Math.max(truth, 0.55 * (1 - truth))
      return telling + (asked === 0 ? 0.08 : 0) - (asked > answered ? 0.3 : 0) + 0.003 * bond
    })!
    this.#asked = source.agent
    const tone = source.fits || source.bond > FRIENDLY ? 'warm' : 'neutral'
    return [{ tool: 'talk', args: { to: source.agent, message: 'Which field will be rich next shift?', tone, question: true } }]
  }

  /** Asks for help whoever's word is worth the advance. */
  #request({ observation, people, open }: View): MarsCall[] {
    this.#helper = undefined
    if (this.#kind.asksHelp === false || open.length === 0 || observation.credits < this.#config.advance) return []
    const helper = best(people, helpfulness)!
    if (helpfulness(helper) <= this.#taste.reliance) return []
    this.#helper = helper.agent
    return [{ tool: 'ask', args: { to: helper.agent } }]
  }

  /** How likely each field is the rich one by what was said; undefined where nothing was. */
  #odds(people: readonly Person[]): number[] | undefined {
    const { fields } = this.#config
    if (this.#kind.heedsTips === false || this.#tips.length === 0) return undefined
    const truth = new Map(people.map(person => [person.agent, person.truth]))
    const chances = Array.from({ length: fields }, (_, field) =>
      this.#tips.reduce((product, [from, named]) => {
        const word = truth.get(from)!
        return product * (named === field ? word : (1 - word) / (fields - 1))
      }, 1),
    )
    const sum = chances.reduce((total, chance) => total + chance, 0)
    return chances.map(chance => chance / sum)
  }

  #moment({ observation: { reputation }, elapsed }: View): Moment {
    return {
      elapsed,
      reputation,
      decliners: [...this.#known.values()].filter(({ declinedAt }) => declinedAt !== undefined).length,
    }
  }
}

/** Who told which field. */
type Tip = readonly [from: AgentId, field: number]
type Colonist = MarsObservation['shared']['colonists'][number]
type Person = Colonist & { readonly own: Acquaintance; readonly bond: number; readonly fits: boolean; readonly truth: number }

/** An observation with what is remembered of everybody in it. */
interface View {
  readonly observation: MarsObservation
  readonly people: readonly Person[]
  /** The share of the session that is over. */
  readonly elapsed: number
  readonly open: readonly { readonly site: number; readonly left: number }[]
}

const chosen = (args: Extract<MarsCall, { tool: 'choose_action' }>['args']): MarsCall => ({ tool: 'choose_action', args })

/** Whom to socialize with: a role that fits until the bond is tended, else whom the bond is best with. */
function companion(people: readonly Person[]): Person {
  return best(people, ({ fits, bond }) => (fits && bond < TENDED ? 1000 + bond : bond))!
}

/** How likely somebody's tip is true: own experience, beginning with what its public record suggests. */
function truthOf({ kept, broken, reputation }: Colonist, { rights, wrongs }: Acquaintance, { faith, firmness }: Taste): number {
  const record = (kept + 1.5) / (kept + broken + 2)
  const prior = Math.max(0.05, Math.min(0.95, 0.85 * (0.4 + 0.6 * record) + (reputation - 50) / 100 + faith))
  return (rights + firmness * prior) / (rights + wrongs + firmness)
}

/** How worthwhile it is to ask somebody for help. */
function helpfulness({ kept, broken, reputation, ill, suspended, own, bond }: Person): number {
  const record = (kept + 1.5) / (kept + broken + 2)
  const word = (own.kept + 1.2 * record + (reputation - 50) / 60) / (own.promises + 1.2)
  return word + bond / 100 - (ill === true || suspended ? 1 : 0)
}

/** The item of the highest value, the first of equals; undefined where there is none. */
function best<T>(items: readonly T[], value: (item: T) => number): T | undefined {
  let found: T | undefined
  let most = Number.NEGATIVE_INFINITY
  for (const item of items) {
    const worth = value(item)
    if (worth > most) {
      found = item
      most = worth
    }
  }
  return found
}
