/**
 * A family of policies for any economy: how much each tool is wanted, early and late, and which of its candidate arguments.
 * It needs no encoding of observations, only the tools' own `candidates`.
 */
import type { AnyEnvironment } from '../../envs/core/environment.ts'
import type { Call } from '../../envs/core/tool.ts'
import { firstLegal } from './first_legal.ts'
import type { PolicyFamily } from './spec.ts'

/** Calls of one message at most, however many an economy carries out. */
const MOST_CALLS = 4
/** Turns after which it is late, where nobody knows the horizon: the phase is t / (t + HALF). */
const HALF = 12

export function chooser(env: AnyEnvironment, config: object): PolicyFamily {
  const declared = env.tools(config)
  const names = Object.keys(declared).filter(name => declared[name]!.kind === 'act')
  return {
    description: 'wants each tool early and late so much, and takes its candidates at a rank',
    parameters: ['spread', ...names.flatMap(name => [`${name} early`, `${name} late`, `${name} rank`])],
    make: parameters => context => {
      const { maxCalls } = env.turn(context.config, context.seat.agent)
      const most = Math.min(MOST_CALLS, maxCalls)
      const spread = parameters[0]! ** 2
      // Other rules may know other tools.
      const tools = env.tools(context.config)
      return {
        act(turn) {
          const { t, offered, random } = turn
          const phase = t / (t + HALF)
          const wanted = names
            .flatMap((name, i) => {
              if (tools[name] === undefined || !offered.includes(name)) return []
              const [early, late, rank] = parameters.slice(1 + 3 * i, 4 + 3 * i) as [number, number, number]
              return [{ name, rank, want: early * (1 - phase) + late * phase - 0.5 + spread * (random.float() - 0.5) }]
            })
            .sort((a, b) => b.want - a.want)
          const calls: Call[] = []
          for (const { name, rank, want } of wanted) {
            if (calls.length === most || (want < 0 && calls.length > 0)) break
            const call = firstLegal(name, tools[name]!, rank, turn)
            if (call !== undefined) calls.push(call)
          }
          return { calls }
        },
      }
    },
  }
}
