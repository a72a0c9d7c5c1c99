/** Work that can be checked: what problems ask, how answers are graded, what a word is paid and what an audit makes of it. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { label } from '../../../envs/swarm_economy/label.ts'
import { grade, type Problem, problemOf, rightOf, solve } from '../../../envs/swarm_economy/problems.ts'
import { agent, events, type Game, players, say, text, told } from './world.ts'

const WORLD = { profile: 'standard', payoff_score: 'linear', level_low: 2, level_high: 2 }
const game = (config: object = {}, seed = 1): Game => players(1, { ...WORLD, ...config }, seed)

/** All right answers of the task that the learner holds. */
function right(played: Game): string[] {
  const { problem } = played.observe('learner').task!
  const { pages } = problemOf(played.state.seed, agent(played, 'learner').task!, problem!.pageCount - 1, 'large')
  return problem!.questions.map(asked => solve(problem!.family, asked, pages)!)
}

const claimed = (config: object = {}, seed = 1): Game => {
  const played = game(config, seed)
  told(played, 'learner', 'claim_task', { task_id: 1 })
  return played
}

/** Hands in so many right answers, blanks besides. */
function submit(played: Game, count: number, vouched: number) {
  const answers = right(played).map((answer, i) => (i < count ? answer : ''))
  const [result] = say(played, 'learner', ['submit_work', { task_id: 1, answers, vouched }])
  expect(result!.ok).toBe(true)
  return events(played, 'work_submitted').at(-1)!
}

const LEDGER: Problem = {
  family: 'ledger',
  title: 'Balance the ledger',
  pages: [
    { title: 'Day 1', columns: ['account', 'in', 'out'], rows: [['Boro', 29, 78], ['Nela', 75, 70], ['Edor', 67, 85], ['Dara', 91, 14]] }, // biome-ignore format: a table
    { title: 'Day 2', columns: ['account', 'in', 'out'], rows: [['Nela', 34, 76], ['Edor', 55, 55], ['Dara', 96, 69], ['Boro', 65, 16]] }, // biome-ignore format: a table
  ],
  questions: [
    { kind: 'total', pages: 1, about: ['Boro'], budget: 0, text: '' },
    { kind: 'order', pages: 2, about: ['Edor', 'Dara', 'Boro', 'Nela'], budget: 0, text: '' },
  ],
}
const [TOTAL, ORDER] = LEDGER.questions as [Problem['questions'][number], Problem['questions'][number]]

describe('an answer', () => {
  test.each([
    ['-49', 1],
    ['−49', 1],
    ['the answer is -49.', 1],
    ['-47', 0.5],
    ['49', 0],
    ['-49 or 49', 0],
    ['', 0],
    [`${' '.repeat(200)}-49`, 0],
  ])('of a number: %j is worth %d', (given, worth) => expect(grade(LEDGER, TOTAL, given)).toBe(worth))

  test.each([
    ['Dara, Boro, Edor, Nela', 1],
    ['first dara, then Boro, Edor and NELA', 1],
    ['Boro, Dara, Edor, Nela', 0.5],
    ['Nela, Edor, Boro, Dara', 0],
    ['Dara, Boro, Edor', 0],
    ['Dara, Boro, Edor, Nela, Dara', 0],
  ])('of an order: %j is worth %d', (given, worth) => expect(grade(LEDGER, ORDER, given)).toBe(worth))

  test('that is right is worth all on every problem, and nothing is to be had without its pages', () => {
    fc.assert(
      fc.property(fc.nat(1e6), fc.integer({ min: 1, max: 3 }), fc.constantFrom('small', 'large'), (seed, level, figures) => {
        const problem = problemOf(seed, 1, level, figures as 'small')
        const { family, pages, questions } = problem
        expect([pages.length, questions.length]).toEqual([level + 1, level + 1])
        expect(
          rightOf(
            problem,
            questions.map(asked => solve(family, asked, pages)!),
          ),
        ).toBe(level + 1)
        for (const asked of questions) expect(solve(family, asked, pages.slice(0, asked.pages - 1))).toBeUndefined()
      }),
      { numRuns: 60 },
    )
  })

  test('gibberish is worth at most p = 0.3, a right one at least 0.7, and padding changes nothing', () => {
    const pad = (answer: string): string => `${answer}${' .'.repeat(60)}`
    const gibberish = ['lorem ipsum dolor', 'seven green tables', '1 2 3 4 5 6', 'Adra Boro Cleo Dara', 'x'.repeat(20_000)]
    for (const level of [1, 2, 3]) {
      const sums = new Map<string, number>()
      for (let seed = 0; seed < 60; seed++) {
        const problem = problemOf(seed, 1, level, 'large')
        const solved = problem.questions.map(asked => solve(problem.family, asked, problem.pages)!)
        expect(rightOf(problem, solved.map(pad))).toBe(rightOf(problem, solved))
        expect(label((2 * rightOf(problem, solved)) / (level + 1) - 1)).toBeGreaterThan(0.7)
        for (const words of gibberish) {
          const p = label((2 * rightOf(problem, problem.questions.map(() => words))) / (level + 1) - 1) // biome-ignore format: one figure
          sums.set(words, (sums.get(words) ?? 0) + p / 60)
        }
      }
      for (const p of sums.values()) expect(p).toBeLessThan(0.3)
    }
  })
})

describe('a task', () => {
  test('opens its first page to its holder alone, the next for a step each, and is refused beyond', () => {
    const played = claimed()
    expect(played.observe('agent_0').task).toBeNull()
    expect(played.observe('learner').task!.problem!.pages.length).toBe(1)
    expect(text(played)).toContain('2 more pages: work_on shows the next')
    expect(told(played, 'agent_0', 'work_on')).toBe('Error: you have not claimed a task')
    for (const page of [2, 3]) expect(told(played, 'learner', 'work_on')).toBe(`page ${page} of task #1 is shown`)
    expect(told(played, 'learner', 'work_on')).toBe('Error: you have seen all pages of task #1')
    expect(events(played, 'worked_on').map(({ page }) => page)).toEqual([2, 3])
  })

  test('says its title and level before it is claimed, and what it asks afterwards alone', () => {
    const played = game()
    const [open] = played.observe('learner').shared.tasks
    const problem = problemOf(played.state.seed, 1, 2, 'large')
    expect(open).toEqual({ task: 1, title: problem.title, difficulty: 2 / 3, description: '', bounty: open!.bounty, level: 2 })
    expect(events(claimed(), 'epoch_started')[0]!.tasks[0]).toMatchObject({ task: 1, title: problem.title, level: 2 })
    expect(told(played, 'learner', 'claim_task', { task_id: 1 })).toBe(`claimed task #1 ${problem.title}`)
    expect(played.observe('learner').task!.problem).toEqual({
      family: problem.family,
      questions: problem.questions,
      pages: problem.pages.slice(0, 1),
      pageCount: 3,
    })
  })

  test('a claim lapses after five steps and its level, and the pages close again', () => {
    const played = claimed()
    told(played, 'learner', 'work_on')
    for (let i = 0; i < 4; i++) told(played, 'learner', 'pass_turn')
    expect(agent(played, 'learner').task).toBe(1)
    told(played, 'learner', 'pass_turn')
    expect(played.state.tasks[0]).toMatchObject({ status: 'open', seen: 0, lapsed: 'learner' })
  })

  test.each([
    [3, 3],
    [2, 2],
    [1, 3],
    [0, 3],
    [3, 0],
  ])('with %d right and %d vouched for pays the share of truth and the share of the word', (count, vouched) => {
    const played = claimed({ word_trust: false })
    const { bounty } = played.state.tasks[0]!
    const work = submit(played, count, vouched)
    expect(work).toMatchObject({ questions: 3, right: count, vouched, pages: 1 })
    const p = label((2 * count) / 3 - 1)
    expect(work.payoff).toBeCloseTo(bounty * (0.25 * (2 * p - 1) + (0.75 * vouched) / 3), 9)
    expect(work.reputation).toBeCloseTo(5 * (vouched / 3 - 0.5), 9)
  })

  test('where words are trusted by reputation they pay in proportion to it', () => {
    const [trusted, plain] = [{}, { word_trust: false }].map(config => {
      const played = claimed({ decay: 0.9, refused_is_idle: false, ...config })
      return { at: agent(played, 'learner').reputation, ...submit(played, 3, 3), bounty: played.state.tasks[0]!.bounty }
    }) as [ReturnType<typeof submit> & { at: number; bounty: number }, ReturnType<typeof submit> & { at: number; bounty: number }]
    expect(trusted.at).toBeCloseTo(45, 6)
    expect(plain.payoff - trusted.payoff).toBeCloseTo(0.75 * plain.bounty * (1 - 45 / 50), 6)
  })

  test.each([
    [3, 3, true],
    [1, 1, true],
    [2, 3, false],
    [0, 3, false],
  ])('an audit of %d right and %d vouched for passes: %s', (count, vouched, passed) => {
    const played = claimed({ audit_risk: 1 })
    const { bounty } = played.state.tasks[0]!
    submit(played, count, vouched)
    const audited = events(played, 'audited').at(-1)!
    expect(audited.passed).toBe(passed)
    expect(audited.payoff).toBeCloseTo(passed ? 0 : (-3.25 * bounty * (vouched - count)) / 3, 9)
    expect(audited.reputation).toBeCloseTo(passed ? 1 : -10, 9)
  })

  test('vouching for more answers than there are questions is refused', () => {
    const played = claimed()
    expect(told(played, 'learner', 'submit_work', { task_id: 1, answers: [], vouched: 4 })).toBe(
      'Error: vouched must be between 0 and 3: task #1 has 3 questions',
    )
  })

  test('is the same for every player of a seed, and never tells an answer', () => {
    const [one, other] = [claimed(), claimed()]
    told(one, 'learner', 'pass_turn')
    expect(one.observe('learner').task).toEqual(other.observe('learner').task)
    expect(Object.keys(one.observe('learner').task!.problem!.questions[0]!).sort()).toEqual([
      'about',
      'budget',
      'kind',
      'pages',
      'text',
    ])
  })
})
