/**
 * What a player's observation holds, the text that a model reads tells: whatever number is changed in it, the text is another. And such
 * texts are laid out to be read.
 */
import { expect, test } from 'vitest'
import { type AnyEnvironment, clone, Episode, economies, resolveConfig, stream } from '../../index.ts'

/** Every number and truth value in a value, by its path; places in lists are all one. */
function* leaves(value: unknown, path: readonly string[] = []): Generator<readonly [path: readonly string[], name: string]> {
  if (typeof value === 'number' || typeof value === 'boolean')
    yield [path, path.map(key => (/^\d+$|^[a-z]+_\d+$|^[CK]\d+$/i.test(key) ? '*' : key)).join('.')]
  else if (typeof value === 'object' && value !== null)
    for (const [key, inner] of Object.entries(value)) yield* leaves(inner, [...path, key])
}

/** The observation with another value at that place. */
function changed(observation: object, path: readonly string[]): object {
  const copy = clone(observation) as Record<string, unknown>
  let at = copy
  for (const key of path.slice(0, -1)) at = at[key] as Record<string, unknown>
  const last = path.at(-1)!
  at[last] = typeof at[last] === 'number' ? (at[last] as number) + 7 : !at[last]
  return copy
}

/** What is wrong with how a text for a model is laid out; its headings stand apart, and nothing else does. */
function mislaid(text: string): string[] {
  const lines = text.split('\n')
  return lines.flatMap((line, i) => {
    const [before, after] = [lines[i - 1], lines[i + 1]]
    const wrong =
      /\s$/.test(line) ||
      (line === '' && (i === 0 || before === '' || after === undefined)) ||
      (line.startsWith('#') && ((i > 0 && before !== '') || after === undefined))
    return wrong ? [`${before}\n${line}`] : []
  })
}

/** The names of what is in some observation of a game and in no text of it, and what is wrong with the layout of its texts. */
function untold(env: AnyEnvironment, preset: string, seed: number): { readonly names: string[]; readonly layout: string[] } {
  const config = resolveConfig(env, preset)
  const encoding = env.encode!(config)
  const random = stream(seed, 'told')
  const episode = new Episode(env, config, seed)
  const told = new Map<string, boolean>()
  const layout = new Set(env.seats(config).flatMap(({ agent }) => mislaid(env.rules(config, agent))))
  while (!episode.over && episode.t < 400) {
    const decisions: Record<string, ReturnType<typeof encoding.decode>> = {}
    for (const agent of episode.actors()) {
      const observation = episode.observe(agent)
      const mask = new Uint8Array(encoding.slots.length)
      encoding.mask(observation, episode.offered(agent), mask)
      decisions[agent] = encoding.decode(observation, random.pick([...mask].flatMap((open, i) => (open === 1 ? [i] : []))))
    }
    episode.step(decisions)
    if (!random.chance(0.2)) continue
    const agent = random.pick(env.seats(episode.config)).agent
    const observation = episode.observe(agent)
    const text = env.render(observation)
    for (const wrong of mislaid(text)) layout.add(wrong)
    for (const [path, name] of leaves(observation)) {
      if (told.get(name) === true) continue
      let other: string
      try {
        other = env.render(changed(observation, path))
      } catch {
        // A row that is not there, say.
        other = ''
      }
      told.set(name, other !== text)
    }
  }
  return { names: [...told].flatMap(([name, seen]) => (seen ? [] : [name])).sort(), layout: [...layout] }
}

/** Games of each kind of observation, and what their texts leave out, with the reason. */
const GAMES = {
  sim_economy: {
    presets: ['standard', 'paper'],
    untold: {
      'shared.block.turn': 'always the turn before',
      'shared.market.effort': 'in the rules',
      'shared.market.limit': 'in the rules',
      'shared.market.value': 'in the rules',
      'shared.studyCost': 'in the rules',
      'shared.openContracts.*.dueTurns': 'the deadline that follows is told',
    },
  },
  swarm_economy: {
    presets: ['standard', 'v0.1', 'v0.2'],
    untold: {
      'shared.lastPost': 'what a call may name',
      'shared.lastTask': 'what a call may name',
      'shared.lending.limit': 'in the rules',
      'shared.lending.possible': 'which tools are offered says it',
      'shared.rules.bounty_multiplier': 'bounties hold it',
      'shared.tasks.*.difficulty': 'pages and questions stand for it',
      'task.difficulty': 'pages and questions stand for it',
      'task.problem.questions.*.budget': 'in the words of the question',
      'task.problem.questions.*.pages': 'in the words of the question',
      'voted.*': 'posts that one may no longer vote on',
      'shared.explainTrades': 'whether the sign of a transfer is explained',
      'answers.*.accepted': 'not in the basic observation of v0.1',
      'answers.*.made': 'not in the basic observation of v0.1',
      'offers.*.asking': 'not in the basic observation of v0.1',
      'offers.*.received': 'not in the basic observation of v0.1',
    },
  },
  spatial_planning: {
    presets: ['harberger', 'futarchy', 'voting'],
    untold: {
      'shared.taxes.initial': 'in the rules',
      'shared.taxes.final': 'in the rules',
      ...Object.fromEntries(
        ['no_project', 'project'].flatMap(condition => [
          [`markets.${condition}.publicSignal`, 'told once for both markets'],
          [`markets.${condition}.privateSignal`, 'told once for both markets'],
          [`markets.${condition}.trades.*.turn`, 'trades are told in order'],
        ]),
      ),
      'boughtPlot.result': 'where nobody bought there is none; random play of futarchy comes to nothing else here',
      'history.*.account.dividend': 'its product with the shares is told',
      'history.*.account.initialBuyers': 'what it came to is told',
      'history.*.account.finalBuyers': 'what it came to is told',
      'history.*.account.offer': 'told while it stands',
      'history.*.account.request': 'told while it stands',
    },
  },
  mars_colony: {
    presets: ['easy', 'two-layer'],
    untold: { 'shared.fields': 'in the rules', 'shared.ticks_per_step': 'in the rules' },
  },
} as const

test.each(
  Object.entries(GAMES).flatMap(([id, { presets, untold: known }]) =>
    presets.map(preset => [id, preset, Object.keys(known)] as const),
  ),
)('%s, %s', (id, preset, known) => {
  const { names, layout } = untold(economies.get(id).env, preset, 1)
  expect(names.filter(name => !known.includes(name))).toEqual([])
  expect(layout).toEqual([])
})
