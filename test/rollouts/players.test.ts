/** Player strings, who sits where, and the person at the terminal. */
import { describe, expect, test } from 'vitest'
import { type Environment, economies, UserError } from '../../index.ts'
import { type Seating, seat } from '../../rollouts/lineup.ts'
import { atTerminal, humanPlayer, type Terminal } from '../../rollouts/players/human.ts'
import { playersFor } from '../../rollouts/players/index.ts'
import type { Rollout } from '../../rollouts/rollout.ts'
import { runRollout } from '../../rollouts/run_rollout.ts'
import { type ToyTypes, toyMarket } from '../toy_market/index.ts'
import { passive, random, toy, toyConfig, toySpec } from './table.ts'

economies.register({ env: toyMarket })

describe('a player string', () => {
  const player = playersFor({ economy: economies.get('toy_market') })

  test('names a bot, under one name however it is written', () => {
    expect(player('bot:passive').name).toBe('bot:passive')
    expect(player('random').name).toBe('random')
    expect(player('bot:random_legal')).toBe(player('random'))
    expect(player('bot:passive')).toBe(player('bot:passive'))
  })

  test('is called what somebody said it is, and by one name only', () => {
    expect(player('bot:passive').label).toBeUndefined()
    expect(player('bot:passive[label=idler]')).toMatchObject({ name: 'bot:passive', label: 'idler' })
    expect(() => player({ player: 'bot:passive', label: 'sleeper' })).toThrow(
      'Player bot:passive has two labels, idler and sleeper',
    )
  })

  test.each([
    [
      'pasive',
      "No player 'pasive'. Players of toy_market: bot:passive, random, human, policy:URL, openai:MODEL, anthropic:MODEL, google:MODEL, openrouter:MODEL, groq:MODEL, together:MODEL, deepseek:MODEL, mistral:MODEL, xai:MODEL, fireworks:MODEL, ollama:MODEL, vllm:MODEL, lmstudio:MODEL, prime:MODEL. Did you mean 'bot:passive'?",
    ],
    ['random_legal', "Did you mean 'random'?"],
    ['bot:pasive', "No bot 'pasive' plays toy_market. Bots: bot:passive, random. Did you mean 'bot:passive'?"],
    ['opnai:m', "Did you mean 'openai:MODEL'?"],
    ['http://localhost:8000/v1', 'a model on a server is written openai:MODEL@http://localhost:8000/v1'],
    ['bot:passive[temperature=1]', 'Player bot:passive is no model, so temperature means nothing to it; it takes a label only.'],
    ['random:x', "No player 'random:x'"],
    ['bot', "No player 'bot'"],
    ['', "No player ''"],
    ['__proto__', "No player '__proto__'"],
    ['constructor:x', "No player 'constructor:x'"],
    ['bot:toString', "No bot 'toString'"],
    ['human', 'A human player needs a terminal'],
    ['policy:http://127.0.0.1:1/', 'This command seats no served policies'],
  ])('%j is a mistake that names what there is', (text, message) => {
    expect(() => player(text)).toThrow(UserError)
    expect(() => player(text)).toThrow(message)
  })
})

describe('seats', () => {
  const five = { ...toyConfig, traders: 5 }
  const names = ({ lineup, evaluated }: ReturnType<typeof seat>) => ({
    lineup: Object.entries(lineup).map(([agent, { name }]) => `${agent.slice(-1)} ${name}`),
    evaluated,
  })
  const seating = (fields: Partial<Seating>): Seating => ({ learner: random, fixed: {}, opponents: [], exact: false, ...fields })
  const mixed = [
    { player: passive, count: 1 },
    { player: random, count: 2 },
  ]

  test('the learner takes its seat, opponents the others in seat order, again from the first where there are too few', () => {
    expect(names(seat(toy, five, seating({ learner: passive, opponents: mixed })))).toEqual({
      lineup: ['0 bot:passive', '1 bot:passive', '2 random', '3 random', '4 bot:passive'],
      evaluated: ['trader_0'],
    })
  })

  test('a fixed seat is not an opponent’s; without a learner the fixed seats are evaluated', () => {
    const fixed = { trader_0: passive, trader_2: passive }
    const { learner: _, ...rest } = seating({ fixed, opponents: [{ player: random, count: 3 }], exact: true })
    expect(names(seat(toy, five, rest))).toEqual({
      lineup: ['0 bot:passive', '1 random', '2 bot:passive', '3 random', '4 random'],
      evaluated: ['trader_0', 'trader_2'],
    })
  })

  test('opponents that were named must fill the seats', () => {
    expect(() => seat(toy, five, seating({ opponents: mixed, exact: true }))).toThrow(
      /Expected as many opponents as toy_market has seats left \(4: trader_1, .*\), got 3/,
    )
  })

  test.each([
    [{ fixed: { trader_7: random } }, "No seat 'trader_7' in toy_market. Seats: trader_0, trader_1. Did you mean 'trader_0'?"],
    [{ fixed: { trader_0: random } }, 'Seat trader_0 is where --players sit'],
    [{}, 'Nobody plays trader_1 of toy_market'],
  ])('%j is a mistake', (fields, message) => {
    expect(() => seat(toy, toyConfig, seating(fields))).toThrow(message)
  })

  test('residents keep their seats unless one is given away', () => {
    const resident: Environment<ToyTypes> = {
      ...toyMarket,
      seats: config => toyMarket.seats(config).map((each, i) => ({ ...each, resident: i > 0 })),
    }
    const env = resident as unknown as typeof toy
    expect(Object.keys(seat(env, five, seating({})).lineup)).toEqual(['trader_0'])
    expect(Object.keys(seat(env, five, seating({ fixed: { trader_3: passive } })).lineup)).toEqual(['trader_0', 'trader_3'])
    expect(() => seat(env, five, seating({ opponents: mixed, exact: true }))).toThrow("its other seats are residents'")
  })
})

describe('a person at a terminal', () => {
  /** Types the lines one after the other, then leaves. */
  async function play(lines: readonly string[]): Promise<Rollout & { shown: string }> {
    const shown: string[] = []
    const left = [...lines]
    const terminal: Terminal = {
      show: text => void shown.push(text),
      ask: async prompt => {
        shown.push(prompt)
        return left.shift()
      },
    }
    const rollout = await runRollout(toySpec({}, humanPlayer(atTerminal(terminal))))
    if (!rollout.ok) throw rollout.error
    return { ...rollout, shown: shown.join('\n') }
  }
  const calls = ({ log }: Rollout) => log.steps.map(({ decisions }) => decisions.trader_0!.calls)

  test('is told the rules, sees the observation and a menu of what is legal, and is told what came of it', async () => {
    const { shown } = await play(['2', 'q'])
    expect(shown).toContain('You trade grain for 8 turns')
    expect(shown).toContain('The price is 10. You have 5 units of grain.')
    expect(shown).toContain('  1  sell { "quantity": 1 }\n  2  sell { "quantity": 5 }\n  3  wait')
    expect(shown).toContain('> Sold 5 for 50.')
  })

  test('may choose a number, write a call, write several, or say nothing', async () => {
    const game = await play([
      '1',
      'sell {"quantity": 2}',
      'wait',
      '[{"tool":"sell","args":{"quantity":1}},{"tool":"wait","args":{}}]',
      'p',
    ])
    expect(calls(game)).toEqual([
      [{ tool: 'sell', args: { quantity: 1 } }],
      [{ tool: 'sell', args: { quantity: 2 } }],
      [{ tool: 'wait', args: {} }],
      [
        { tool: 'sell', args: { quantity: 1 } },
        { tool: 'wait', args: {} },
      ],
      [],
    ])
  })

  test('is told why a call would be refused, and asked again; a question is answered', async () => {
    const game = await play(['sell {"quantity": 50}', 'sell {quantity', '9', 'buy', 'value {"quantity": 3}', 't', '?', '3'])
    expect(game.log.steps).toHaveLength(1)
    expect(game.shown).toContain('you have 5 units of grain, 50 are too many')
    expect(game.shown).toContain('That is not JSON')
    expect(game.shown).toContain('No move 9; the menu has 3.')
    expect(game.shown).toContain('No tool "buy"')
    expect(game.shown).toContain('\n30\n')
    expect(game.shown).toContain('quantity: integer 1…100, units of grain to sell')
    expect(calls(game)).toEqual([[{ tool: 'wait', args: {} }]])
  })

  test.each([['q'], [undefined]])('leaves with %j, and what was played is scored', async last => {
    const game = await play(last === undefined ? ['1'] : ['1', last])
    expect(game.log.stop).toBe('player_quit')
    expect(game.scores.trader_0!.payoff).toBeCloseTo(0.1)
  })
})
