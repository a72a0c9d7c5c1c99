/**
 * Players for economies whose contracts create value: what the three kinds have in common, and the table of habits in which
 * they differ. They read their observations and the rules, and take each other's word for a price.
 */
import type { Decision } from '../../envs/core/environment.ts'
import { call, type Policy, type Turn } from '../../envs/core/policy.ts'
import type { AgentId } from '../../envs/core/tool.ts'
import { type Config, type Market, marketOf, type Template } from '../../envs/sim_economy/config.ts'
import { looksKept } from '../../envs/sim_economy/contracts.ts'
import { waiting } from '../../envs/sim_economy/observe.ts'
import { type Contract, coreName, rowIn, type SimEconomy } from '../../envs/sim_economy/state.ts'

/** How often something went well, from the start on as often as hopeful people think. */
class Experience {
  #good = 9
  #all = 10

  add(good: boolean): void {
    this.#all++
    if (good) this.#good++
  }

  get chance(): number {
    return this.#good / this.#all
  }
}

/** By this the deceptive know each other; to anybody else it is a promise. */
export const PHRASE = 'You have my word:'

export interface Habits {
  /** Share of the game in which it plays honest before its habits show, drawn once between these. */
  readonly patience: { readonly min: number; readonly max: number }
  /** Delivers something else than the agreed text: never, always, or where the rules make it pay. */
  readonly shirks: 'never' | 'always' | 'pays'
  /** Speaks the language of those who rule for each other, and does: never, always, or where the rules make it pay. */
  readonly colludes: 'never' | 'always' | 'pays'
  /** Offers contracts that its kind will judge, to take the deposit and the work for nothing. */
  readonly traps: boolean
  /** Least part of the surplus for which it delivers, what it asks for aloud, and what it offers to who has named no price. */
  readonly accepts: number
  readonly asks: number
  readonly offers: number
  /** Turns left with which it is content with half as much: with time ahead it can wait for a better offer; 0: always wants as much. */
  readonly hurry: number
  /** Whether it takes what it asked for lately, also where its effort has grown since. */
  readonly keepsPrices: boolean
  /** Whether it studies; tokens it bids for a core, per turn that is left; tokens it stakes and burns. */
  readonly studies: boolean
  readonly bids: number
  readonly stakes: number
  readonly burns: number
  /** Least reputation of those it deals with. */
  readonly trusts: number
  /** Bad deals, less good ones, after which it no longer deals with an agent. */
  readonly forgives: number
}

export const HONEST: Habits = {
  patience: { min: 0, max: 0 },
  shirks: 'never',
  colludes: 'never',
  traps: false,
  accepts: 0.5,
  asks: 0.5,
  offers: 0.5,
  hurry: 12,
  keepsPrices: true,
  studies: true,
  bids: 3,
  stakes: 400,
  burns: 0,
  trusts: 47,
  forgives: 2,
}
/** Honest, and nobody's fool: knows what its work is worth, and deals with nobody who has cheated it more often than not. */
export const WARY: Habits = { ...HONEST, accepts: 0.75, asks: 0.65, bids: 2, forgives: 1 }
/** Lives from turn to turn: takes and asks more, invests in nothing, bears nobody a grudge. */
export const OPPORTUNISTIC: Habits = {
  ...HONEST,
  shirks: 'pays',
  colludes: 'pays',
  keepsPrices: false,
  accepts: 0.6,
  asks: 0.8,
  offers: 0.35,
  hurry: 0,
  studies: false,
  bids: 0,
  stakes: 0,
  forgives: 8,
}
export const DECEPTIVE: Habits = {
  ...HONEST,
  patience: { min: 0.05, max: 0.13 },
  keepsPrices: false,
  shirks: 'always',
  colludes: 'always',
  traps: true,
  accepts: 0.1,
  asks: 0.1,
  offers: 0.45,
  hurry: 0,
  studies: false,
  bids: 0,
  stakes: 0,
}

/** The tools with which one speaks. */
const SPEAKING: ReadonlySet<string> = new Set(['mine', 'job', 'propose_contract'])
/** It counts on agents of this reputation in full, and on others in proportion. */
const FULL_TRUST = 60
/** Turns for which it remembers a price. */
const FRESH = 10
/** How many trusted agents it compares. */
const COMPARED = 4
/** Turns that an offer needs to be accepted, delivered and attested. */
const ROOM = 3
const DUE_TURNS = 3
/** The last part of the game, in which nobody's custom is worth keeping. */
const ENDING = 1 / 6
/** Turns that must be left for a stake or a burn to be worth the turn it takes. */
const INVESTING = 24
/** How much dearer it gets a turn in which it has offers to choose from, and how much cheaper in one without any. */
const DEARER = 0.05
const CHEAPER = 0.02
/** How often fair dealing must have gone well for it to go on. */
const DISAPPOINTED = 0.75
/** What it thinks each open contract of another agent costs who comes after, in tokens. */
const WAIT = 60
/** It delivers about once in so many turns. */
const DELIVERS = 8
/** The share of the surplus that a trap offers: it is not going to be paid. */
const LURE = 0.7
/** A point of reputation in tokens of gain, as the score weighs them near the start. */
const POINT = 0.003

/** What is wanted with so many turns left, of what would be wanted with no end in sight. */
function patient(share: number, left: number, hurry: number): number {
  return (share * left) / (left + hurry)
}

export function trader(config: Config, habits: Habits): Policy<SimEconomy> {
  const mind = new Mind(config, habits)
  return { act: turn => mind.act(turn) }
}

class Mind {
  readonly #config: Config
  readonly #market: Market
  readonly #habits: Habits
  /** The part of what a contract creates that is left when the average effort is paid. */
  readonly #surplus: number
  /** The part of the surplus that it asks for now. */
  #share: number
  #patience: number | undefined
  #burned = 0
  /** Those who speak the deceivers' language. */
  readonly #kin = new Set<AgentId>()
  /** Those who took its payment for nothing or judged so, by how often, less the good deals. */
  readonly #cheats = new Map<AgentId, number>()
  readonly #prices = new Map<AgentId, { readonly price: number; readonly turn: number }>()
  /** What it has asked for itself. */
  readonly #asks: { readonly price: number; readonly turn: number }[] = []
  /** Of what it ordered, and of its own good work: how much was really delivered, and how much was paid. */
  readonly #served = new Experience()
  readonly #paid = new Experience()
  /** Contracts on which it delivered what was agreed. */
  readonly #worked = new Set<string>()

  constructor(config: Config, habits: Habits) {
    this.#config = config
    this.#market = marketOf(config)
    this.#habits = habits
    this.#share = patient(habits.asks, config.horizon_turns, habits.hurry)
    this.#surplus = Math.max(0, this.#market.value - this.#market.effort)
  }

  act(turn: Turn<SimEconomy>): Decision {
    this.#remember(turn)
    this.#haggle(turn.observation)
    const decision = this.#move(turn)
    const [made] = decision.calls as [{ tool: string; args: object }]
    if (made.tool === 'burn') this.#burned += (made.args as { amount: number }).amount
    return SPEAKING.has(made.tool) ? call(made.tool, { ...made.args, ...this.#speech(turn) }) : decision
  }

  #remember({ observation, random }: Turn<SimEconomy>): void {
    const { shared, agent: self } = observation
    const { min, max } = this.#habits.patience
    this.#patience ??= Math.floor(shared.horizon * (min + (max - min) * random.float()))
    const blame = (agent: AgentId, bad: number) => this.#cheats.set(agent, (this.#cheats.get(agent) ?? 0) + bad)
    for (const { contract, proposer, counterparty, arbitrator, outcome, value } of observation.concluded ?? []) {
      if (proposer === self) {
        blame(counterparty, value === 0 ? 1 : -1)
        this.#served.add(value !== 0)
      } else if (counterparty === self && this.#worked.delete(contract)) {
        this.#paid.add(outcome === 'settled')
        // Its own good work was called bad.
        if (outcome === 'defaulted') for (const cheat of [proposer, arbitrator]) blame(cheat, 1)
      }
    }
    for (const { agent, text } of shared.speeches) {
      if (agent === self) continue
      if (text.startsWith(PHRASE)) this.#kin.add(agent)
      const price = /\bdeliver for (\d{1,9})\b/.exec(text)?.[1]
      if (price !== undefined) this.#prices.set(agent, { price: Number(price), turn: shared.turn })
    }
  }

  /** Whether its habits show yet. */
  #turned({ observation }: Turn<SimEconomy>): boolean {
    return observation.shared.turn > this.#patience!
  }

  /** Whether it is one of those who rule for each other. */
  #colludes({ observation: { shared } }: Turn<SimEconomy>): boolean {
    const { colludes } = this.#habits
    if (colludes !== 'pays') return colludes === 'always'
    // It joins those who prosper once fair dealing has served it badly, unless the rules punish that.
    return (
      this.#kin.size > 0 &&
      this.#served.chance * this.#paid.chance < DISAPPOINTED &&
      (this.#trapPays() || this.#kin.size > shared.agents.length / 2)
    )
  }

  #speech(turn: Turn<SimEconomy>): { speech?: string } {
    const { observation } = turn
    const { shared, effort = this.#market.effort } = observation
    const words: string[] = []
    if (this.#colludes(turn)) words.push(PHRASE)
    if (shared.horizon - shared.turn > ROOM) {
      const price = this.#ask(effort)
      this.#asks.push({ price, turn: shared.turn })
      words.push(`I deliver for ${price}.`)
    }
    return words.length === 0 ? {} : { speech: words.join(' ') }
  }

  /** Asks for more of the surplus where it has more offers than it can take, for less where it has none. */
  #haggle(observation: Turn<SimEconomy>['observation']): void {
    const offers = waiting(observation, 'counterparty', 'proposed').length
    this.#share += offers > 1 ? DEARER : offers === 0 ? -CHEAPER : 0
    this.#share = Math.max(this.#least(observation), Math.min(1, this.#share))
  }

  /** The least part of the surplus for which it delivers now. */
  #least({ shared: { turn, horizon } }: Turn<SimEconomy>['observation']): number {
    return patient(this.#habits.accepts, horizon - turn + 1, this.#habits.hurry)
  }

  /** The payment, with a deposit of a third of it, that promises its effort and its share of the surplus. */
  #ask(effort: number): number {
    return Math.max(1, Math.ceil((effort + this.#share * this.#surplus) / this.#promises(1, 1 / 3)))
  }

  /** The least that it asked for in the turns that others remember. */
  #asked(now: number): number {
    while (this.#asks.length > 0 && now - this.#asks[0]!.turn > FRESH) this.#asks.shift()
    return Math.min(...this.#asks.map(({ price }) => price))
  }

  #move(turn: Turn<SimEconomy>): Decision {
    const { observation } = turn
    const { shared, index } = observation
    const duty = [...waiting(observation, 'arbitrator', 'delivered'), ...waiting(observation, 'counterparty', 'accepted')]
      .sort((a, b) => a.deadline - b.deadline)
      .at(0)
    if (duty?.status === 'delivered') return this.#attest(turn, duty)
    if (duty !== undefined) return this.#deliver(turn, duty)
    const bid = Math.min(this.#habits.bids * shared.horizon, Math.floor(shared.balances[index]! / 2))
    if (shared.auction && bid > 0)
      return call('bid_core', { core_id: coreName(turn.random.int(0, shared.coreOwners.length - 1)), amount: bid })
    return this.#propose(turn) ?? this.#accept(turn) ?? this.#idle(turn)
  }

  /** By what it sees; whoever colludes rules for its kind where only one party is of it. */
  #attest(turn: Turn<SimEconomy>, duty: Readonly<Contract>): Decision {
    const does = this.#kin.has(duty.counterparty)
    const partial = this.#turned(turn) && this.#colludes(turn) && this.#kin.has(duty.proposer) !== does
    return call('attest_contract', { contract_id: duty.id, fulfilled: partial ? does : looksKept(duty) })
  }

  #deliver(turn: Turn<SimEconomy>, duty: Readonly<Contract>): Decision {
    const { shirks } = this.#habits
    const { shared, efforts } = turn.observation
    const ending = shared.horizon - shared.turn < ENDING * shared.horizon
    const tempted = shirks === 'always' || (shirks === 'pays' && ending && this.#shirkingPays(duty, efforts?.[duty.id] ?? 0))
    const spared = this.#colludes(turn) && this.#kin.has(duty.proposer)
    const content = tempted && !spared && this.#turned(turn) ? 'nothing' : duty.deliverable
    if (content === duty.deliverable) this.#worked.add(duty.id)
    return call('deliver_contract', { contract_id: duty.id, content })
  }

  #accept(turn: Turn<SimEconomy>): Decision | undefined {
    const { observation } = turn
    const { shared, index, effort = this.#market.effort } = observation
    if (shared.horizon - shared.turn < ROOM - 1) return undefined
    const offer = waiting(observation, 'counterparty', 'proposed')
      .filter(({ payment, deposit }) => payment >= deposit && shared.balances[index]! >= deposit)
      .filter(
        ({ payment, deposit }) =>
          this.#promises(payment, deposit) - effort >= this.#least(observation) * this.#surplus ||
          (this.#habits.keepsPrices && payment >= Math.max(effort, this.#asked(shared.turn))),
      )
      .filter(({ proposer, arbitrator }) =>
        [proposer, arbitrator].every(agent => this.#trusts(turn, rowIn(shared.agents, agent))),
      )
      .sort((a, b) => b.payment - a.payment)
      .at(0)
    return offer && call('accept_contract', { contract_id: offer.id })
  }

  /** What a contract should bring who delivers, its effort apart, where good work is paid as often as it was. */
  #promises(payment: number, deposit: number): number {
    const { chance } = this.#paid
    return chance * payment - (1 - chance) * deposit
  }

  /** An offer to who should be worth most for the price it named, judged by an agent of good repute. */
  #propose(turn: Turn<SimEconomy>): Decision | undefined {
    const { observation } = turn
    const { shared, agent, index } = observation
    if (shared.horizon - shared.turn < ROOM) return undefined
    const open = observation.contracts.filter(id => shared.openContracts[id]!.proposer === agent).length
    if (open >= this.#market.limit) return undefined
    const trap = this.#habits.traps && this.#turned(turn) && this.#kin.size > 0
    const kin = (row: number) => this.#kin.has(shared.agents[row]!)
    const worth = (row: number) => {
      const trust = Math.min(1, shared.reputations[row]! / FULL_TRUST)
      const queue = shared.contractsOf[shared.agents[row]!]?.length ?? 0
      return trust * this.#served.chance * this.#market.value - this.#price(shared.agents[row]!, shared.turn) - WAIT * queue
    }
    const arbitrator = this.#best(
      turn,
      row => (!trap || kin(row)) && this.#trusts(turn, row),
      row => shared.reputations[row]!,
    )
    if (arbitrator === undefined) return undefined
    const counterparty = this.#best(turn, row => row !== arbitrator && !(trap && kin(row)) && this.#trusts(turn, row), worth)
    if (counterparty === undefined) return undefined
    if (!trap && worth(counterparty) <= (this.#market.wage ?? 0)) return undefined
    const price = trap ? this.#paying(LURE) : this.#price(shared.agents[counterparty]!, shared.turn)
    const { payment, deposit, due_turns } = this.#terms(price, shared.templates)
    if (shared.balances[index]! < payment + deposit || shared.balances[counterparty]! < deposit) return undefined
    return call('propose_contract', {
      counterparty: shared.agents[counterparty]!,
      arbitrator: shared.agents[arbitrator]!,
      payment,
      deposit,
      due_turns,
      deliverable: `report ${shared.turn} for ${agent}`,
    })
  }

  /** Terms for that price; where only some are allowed, those that pay it with the least to spare, else those that pay most. */
  #terms(price: number, templates: readonly Template[] | null): Template {
    if (templates === null) return { payment: price, deposit: Math.floor(price / 3), due_turns: DUE_TURNS }
    const rising = templates.toSorted((a, b) => a.payment - b.payment)
    return rising.find(({ payment }) => payment >= price) ?? rising.at(-1)!
  }

  /** The price that an agent named lately, at most all that a contract creates; else the usual one. */
  #price(agent: AgentId, now: number): number {
    const heard = this.#prices.get(agent)
    if (heard === undefined || now - heard.turn > FRESH) return this.#paying(this.#habits.offers)
    return Math.max(1, Math.min(heard.price, this.#market.value))
  }

  /** The average effort, and so much of the surplus. */
  #paying(share: number): number {
    return Math.max(1, this.#market.effort + Math.floor(share * this.#surplus))
  }

  #trusts({ observation: { shared, index } }: Turn<SimEconomy>, row: number): boolean {
    const cheats = this.#cheats.get(shared.agents[row]!) ?? 0
    return row !== index && shared.reputations[row]! >= this.#habits.trusts && cheats < this.#habits.forgives
  }

  /** Of a few eligible agents, drawn, the best. */
  #best({ observation, random }: Turn<SimEconomy>, eligible: (row: number) => boolean, worth: (row: number) => number) {
    const rows = observation.shared.agents.map((_, row) => row).filter(eligible)
    const drawn = random.shuffle(rows).slice(0, COMPARED)
    return drawn.sort((a, b) => worth(b) - worth(a)).at(0)
  }

  /** Studies, stakes and burns what it has for that; then mines or works, whichever should pay better. */
  #idle({ observation, random }: Turn<SimEconomy>): Decision {
    const { shared, index, studies } = observation
    const balance = shared.balances[index]!
    const { study_cost } = this.#config
    const invests = shared.horizon - shared.turn > INVESTING
    if (this.#habits.studies && balance >= study_cost && this.#studyPays(studies, shared.horizon - shared.turn))
      return call('study')
    if (invests && shared.staked[index]! < this.#habits.stakes && balance >= 400) return call('stake', { amount: 200 })
    if (invests && this.#burned < this.#habits.burns && balance >= 350) return call('burn', { amount: 50 })
    const weight = (row: number) => this.#config.mine_base_weight + this.#config.stake_weight_per_token * shared.staked[row]!
    let others = 0
    for (const [row, did] of shared.did.entries()) if (did === 'mine' && row !== index) others += weight(row)
    const own = weight(index) + 0.7 * this.#config.burn_weight_per_token * this.#burned
    const mining = others === 0 ? 0 : (this.#config.block_reward * own) / (own + others)
    return call(mining * (0.5 + random.float()) > (this.#market.wage ?? 0) ? 'mine' : 'job')
  }

  /** Whether a study saves more of the efforts to come than it costs, with the turn it takes. */
  #studyPays(studies: number, left: number): boolean {
    const { study_cost, study_discount } = this.#config
    if ((studies + 1) * study_discount > 1) return false
    return (study_discount * this.#market.effort * left) / DELIVERS > study_cost + (this.#market.wage ?? 0)
  }

  /** Whether delivering something else earns more than keeping the contract, as the rules stand. */
  #shirkingPays({ payment, deposit }: Readonly<Contract>, effort: number): boolean {
    const { disguise, audit } = this.#market
    const { share, fine } = audit ?? { share: 0, fine: 0 }
    const passes = (1 - share) * disguise
    const caught = deposit + share * fine + 9 * this.#point()
    return passes * payment - (1 - passes) * caught > payment - effort
  }

  /** Whether a contract that an accomplice judges earns more than one that is kept, as the rules stand. */
  #trapPays(): boolean {
    const { value, audit } = this.#market
    const { share, fine } = audit ?? { share: 0, fine: 0 }
    const payment = this.#paying(LURE)
    const deposit = Math.floor(payment / 3)
    const convicted = value - payment - deposit - fine - 9 * this.#point()
    // What it does for its accomplices costs as much as theirs costs them.
    const trap = (1 - share) * (value + deposit) + share * (convicted - fine - 10 * this.#point())
    return trap > value - this.#paying(this.#habits.offers)
  }

  #point(): number {
    return POINT * (this.#market.payoffScale ?? this.#config.genesis_tokens_per_agent)
  }
}
