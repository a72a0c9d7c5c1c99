/** One step of an episode as a person reads it. Knows logs and widths; knows no economy. */
import type { AnyTypes } from '../envs/core/environment.ts'
import type { LogRecord } from '../envs/core/log.ts'
import { short } from '../envs/core/plain.ts'
import { callText } from '../rollouts/players/human.ts'
import { block, number } from './text.ts'

/** Characters of a call that are shown: a long text is seen to be one. */
const SAID = 400

/** One step: who said what, what they were told, what happened; lines of that width at most (characters). */
export function stepText({ t, decisions, results, events, rewards }: LogRecord<AnyTypes>, width = 80): string {
  const lines = [`step ${t}`]
  for (const [agent, { calls }] of Object.entries(decisions)) {
    if (calls.length === 0) lines.push(block(`${agent}: says nothing`, width, 2))
    for (const [i, call] of calls.entries()) {
      const said = callText(call)
      lines.push(block(`${agent}: ${said.length <= SAID ? said : `${said.slice(0, SAID)}…`}`, width, 2, 2))
      const told = results[agent]?.[i]
      if (told !== undefined) lines.push(block(told.text, width, 6))
    }
  }
  for (const { type, ...facts } of events as (Record<string, unknown> & { type: string })[])
    lines.push(
      block(
        `* ${type}${Object.entries(facts)
          .map(([name, value]) => ` ${name}=${short(value, 60)}`)
          .join('')}`,
        width,
        2,
        4,
      ),
    )
  const earned = Object.entries(rewards).filter(([, reward]) => reward !== 0)
  if (earned.length > 0)
    lines.push(
      block(
        `rewards: ${earned.map(([agent, reward]) => `${agent} ${reward > 0 ? '+' : ''}${number(reward)}`).join(', ')}`,
        width,
        2,
      ),
    )
  return lines.join('\n')
}
