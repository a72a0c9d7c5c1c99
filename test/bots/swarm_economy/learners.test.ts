/** The scripted learners: their text is what they asked for, and they do what their names say. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { swarmBots } from '../../../bots/swarm_economy/index.ts'
import { rollout } from '../../../economies/swarm_economy/sample.ts'
import { compose, FILLER } from '../../../envs/swarm_economy/compose.ts'
import { swarmEconomy } from '../../../envs/swarm_economy/index.ts'
import { PROFILE_NAMES } from '../../../envs/swarm_economy/profiles.ts'
import { TOOL_NAMES } from '../../../envs/swarm_economy/state.ts'
import { TEMPLATES } from '../../../envs/swarm_economy/templates.ts'
import { KEYWORDS, keywordCount, relevance, termsNeeded, wordsDigest } from '../../../envs/swarm_economy/work.ts'
import { stream } from '../../../index.ts'

const scenario = (config: object, seed = 1) => ({ config, seed })
const calls = (bot: string, config: object, seed = 1): readonly number[] => {
  const found = swarmEconomy.metrics.of(rollout(bot, scenario(config, seed)), 'learner')
  return TOOL_NAMES.map(tool => found[`${tool}_calls`]!)
}

describe('composed work', () => {
  const task = fc.constantFrom(...TEMPLATES)

  test('has exactly the wanted length and keywords, and the nearest relevance a text can have', () => {
    fc.assert(
      fc.property(
        task,
        fc.integer({ min: 120, max: 900 }),
        fc.integer({ min: 0, max: 6 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.nat(),
        (of, length, keywords, wanted, seed) => {
          const random = stream(seed, 'compose')
          const keyed = compose({ length, keywords }, of, random)
          const relevant = compose({ length, relevance: wanted }, of, random)
          expect([keyed.length, relevant.length]).toEqual([length, length])
          expect(keywordCount(keyed)).toBe(keywords)
          expect(relevance(relevant, of)).toBeCloseTo(Math.round(wanted * termsNeeded(of)) / termsNeeded(of), 12)
        },
      ),
      { numRuns: 200 },
    )
  })

  test('of one character is one character', () => {
    expect(compose({ length: 1, keywords: 3, relevance: 1 }, TEMPLATES[0]!, stream(1))).toBe('.')
  })

  test('is filled with words that neither a task nor the first version looks for', () => {
    const text = FILLER.join(' ')
    expect(keywordCount(text)).toBe(0)
    for (const of of TEMPLATES) expect(relevance(text, of)).toBe(0)
    expect(new Set(FILLER).size).toBe(FILLER.length)
    expect(KEYWORDS.length).toBe(6)
  })

  test('differs from one to the next', () => {
    const random = stream(1, 'compose')
    const texts = Array.from({ length: 20 }, () => wordsDigest(compose({ length: 400, relevance: 0.8 }, TEMPLATES[0]!, random)))
    expect(new Set(texts).size).toBe(20)
  })
})

describe('a learner', () => {
  const [post, , , propose, accept, , , claim, submit, pass] = TOOL_NAMES.map((_, i) => i) as number[]

  test.each([
    ['pass', [pass]],
    ['post_only', [post]],
    ['offers_only', [propose]],
    ['worker', [claim, submit, pass]],
    ['worker_post', [claim, submit, post]],
    ['worker_offer', [claim, submit, propose]],
    ['one_char', [claim, submit, pass]],
    ['accept_all', [accept, claim, submit, pass]],
  ] as const)('%s calls nothing but what it is for', (bot, tools) => {
    const used = new Set<number>()
    for (let seed = 0; seed < 6; seed++)
      for (const [tool, count] of calls(bot, { profile: 'v0.2', mix: '2/1/1' }, seed).entries()) if (count > 0) used.add(tool)
    expect([...used].sort()).toEqual([...tools].sort())
  })

  test('uniform_calls uses nine tools alike', () => {
    const counts = TOOL_NAMES.map(() => 0)
    for (let seed = 0; seed < 40; seed++)
      for (const [tool, count] of calls('uniform_calls', { profile: 'v0.2' }, seed).entries()) counts[tool]! += count
    expect(counts[TOOL_NAMES.indexOf('cancel_proposal')]).toBe(0)
    // A reply with nothing to reply to is a pass.
    for (const [tool, count] of counts.entries())
      if (!['reply', 'pass_turn', 'cancel_proposal'].includes(TOOL_NAMES[tool]!)) expect(count / 1000).toBeCloseTo(1 / 9, 1)
  })

  test('mini_v01 falls silent only after its first submission, and only in an idle step', () => {
    let silent = 0
    for (let seed = 0; seed < 30; seed++) {
      const log = rollout('mini_v01', scenario({ profile: 'v0.1' }, seed))
      if (log.stop !== 'no_tools_called') continue
      silent++
      expect(swarmEconomy.metrics.of(log, 'learner').submit_work_calls).toBeGreaterThan(0)
    }
    expect(silent).toBeGreaterThan(5)
  })

  test('plays every profile to its end, the same in every repeat of a seed but for its own luck', () => {
    for (const bot of Object.keys(swarmBots.bots))
      for (const profile of PROFILE_NAMES) {
        const log = rollout(bot, scenario({ profile }))
        expect(log.stop).not.toBeNull()
        expect(rollout(bot, scenario({ profile }))).toEqual(log)
      }
    const moves = (repeat: number) =>
      rollout('uniform_calls', scenario({ profile: 'v0.2' }), repeat).steps.map(step => step.decisions)
    expect(moves(1)).not.toEqual(moves(0))
  })

  test('the worker earns well in every profile, ours too', () => {
    for (const profile of PROFILE_NAMES) {
      let quality = 0
      for (let seed = 0; seed < 10; seed++)
        quality += swarmEconomy.metrics.of(rollout('worker', scenario({ profile }, seed)), 'learner').task_p_mean! / 10
      expect(quality).toBeGreaterThan(0.65)
    }
  })
})

describe('what our options repair', () => {
  const REPAIRED = { profile: 'v0.2', payoff_includes_transfers: true, submission_score: 'own_words' }
  const payoff = (bot: string, config: object): number => {
    let sum = 0
    for (let seed = 0; seed < 20; seed++) sum += swarmEconomy.score(rollout(bot, scenario(config, seed))).learner!.payoff! / 20
    return sum
  }
  test('giving everything away pays as published and does not where transfers count', () => {
    expect(payoff('offers_only', { profile: 'v0.2' })).toBeGreaterThan(0.75)
    expect(payoff('offers_only', REPAIRED)).toBeLessThan(0.5)
    expect(payoff('worker', REPAIRED)).toBeGreaterThan(payoff('worker_offer', REPAIRED))
  })
})
