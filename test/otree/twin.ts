/** The guessing game of the oTree project's `guess` app, without its pages of results, as an economy of this package. */
import { type AgentId, type Environment, type EpisodeLog, Outcome, perform, toolsFor, z } from '../../index.ts'

interface TwinTypes {
  Config: { rounds: number }
  State: { rounds: number; t: number; targets: number[]; guesses: Record<AgentId, number> }
  Observation: { t: number; rounds: number; targets: readonly number[] }
  Shared: null
  Event: { type: 'judged'; target: number; payoffs: Record<AgentId, number> }
}

const IDS = ['guesser_0', 'guesser_1', 'guesser_2']
const JACKPOT = 100

const { act } = toolsFor<TwinTypes>()
const tools = {
  submit: act({
    description: 'Sends the form of this page: the next one follows.',
    args: z.strictObject({ guess: z.int().min(0).max(100).describe('Your guess') }),
    apply(draft, agent, { guess }) {
      draft.guesses[agent] = guess
      return 'The page was taken.'
    },
  }),
}
const NONE = { payoff: null, reputation: null, survival: null, quality: null }

/** `rules` are those of the pages. */
export function twinGame(rules: string): Environment<TwinTypes> {
  return {
    id: 'twin_game',
    summary: 'Three guess two thirds of the average.',
    version: 1,
    config: z.strictObject({ rounds: z.int().min(1).max(10).default(3).describe('rounds') }),
    presets: { default: {} },
    seats: () => IDS.map((agent, i) => ({ agent, role: 'participant', learner: i === 0 })),
    tools: () => tools,
    offered: () => ['submit'],
    turn: () => ({ maxCalls: 1, repairs: 2, onSilence: 'pass' }),
    rules: () => rules,
    reset: ({ rounds }) => ({ rounds, t: 0, targets: [], guesses: {} }),
    actors: () => IDS,
    shared: () => null,
    observe: ({ t, rounds, targets }) => ({ t, rounds, targets }),
    render: ({ t, rounds, targets }) =>
      [
        `# Round ${t + 1} of ${rounds}`,
        `Guess two thirds of the average of all guesses; the nearest wins ${JACKPOT} points.`,
        `Targets so far:${targets.map(target => ` ${target}`).join('')}`,
        'Your guess\n[guess]',
      ].join('\n\n'),
    step(state, decisions) {
      const draft = structuredClone(state)
      const outcome = new Outcome<TwinTypes>()
      for (const [agent, { calls }] of Object.entries(decisions))
        for (const call of calls) perform(outcome, tools, ['submit'], draft, agent, call)
      const sum = IDS.reduce((total, id) => total + draft.guesses[id]!, 0)
      const target = Math.round(((2 / 3) * sum * 100) / 3) / 100
      const best = Math.min(...IDS.map(id => Math.abs(draft.guesses[id]! - target)))
      const winners = IDS.filter(id => Math.abs(draft.guesses[id]! - target) === best)
      const payoffs = Object.fromEntries(IDS.map(id => [id, winners.includes(id) ? JACKPOT / winners.length : 0]))
      draft.targets.push(target)
      draft.t++
      outcome.emit({ type: 'judged', target, payoffs })
      const { events, results, refused } = outcome
      return { state: draft, rewards: payoffs, events, results, refused, done: draft.t >= draft.rounds ? 'truncated' : false }
    },
    score: log => Object.fromEntries(IDS.map(id => [id, { reward: paid(log, id), ...NONE }])),
    metrics: { docs: {}, of: () => ({}) },
  }
}

function paid({ steps }: EpisodeLog<TwinTypes>, agent: AgentId): number {
  return steps.reduce((sum, { events }) => sum + events.reduce((all, { payoffs }) => all + payoffs[agent]!, 0), 0)
}
