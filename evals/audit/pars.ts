/** What rewards mean in a preset, derived from its bots' games. Knows no economy and no file. */
import { mean, sd } from '../../envs/core/sums.ts'
import type { Par } from '../../rollouts/par.ts'
import { configDigest } from '../../rollouts/rollout.ts'
import { Arena, configs, type Runner } from './arena.ts'
import { DEFAULT_SETTING } from './found.ts'
import { HELD_OUT_SEED } from './measure.ts'
import { range } from './race.ts'
import { sampleOf } from './sample.ts'
import { kindsOf } from './settings.ts'
import type { Subject } from './spec.ts'

const rounded = (value: number): number => Number(value.toFixed(4))

/** The par of a preset over held-out seeds; undefined where no bot is honest. */
export async function derivePar(
  subject: Subject,
  preset: string,
  { seeds, run }: { readonly seeds: number; readonly run?: Runner },
): Promise<Par | undefined> {
  const { honest } = kindsOf(subject, preset)
  if (honest === undefined) return undefined
  const arena = new Arena(subject, preset, run)
  const names = Object.keys(subject.bots)
  const results = await arena.alone(
    DEFAULT_SETTING,
    names.map(name => ({ kind: 'bot', name })),
    range(HELD_OUT_SEED, seeds),
  )
  const bots = Object.fromEntries(
    names.map((name, i) => {
      const { rewards } = sampleOf(results[i]!)
      return [name, { mean: rounded(mean(rewards)), sd: rounded(sd(rewards)) }]
    }),
  )
  const [own, silence] = [bots[honest]!, bots.passive!]
  return {
    version: subject.env.version,
    config_digest: configDigest(configs(subject, preset, DEFAULT_SETTING)),
    seat: arena.seat,
    seeds,
    honest_bot: honest,
    honest: own.mean,
    pass_threshold: rounded(Math.max((own.mean + silence.mean) / 2, own.mean - own.sd)),
    bots,
  }
}
