/** The picture of an economy that has none of its own: how everybody stands, and who has dealt with whom. Knows the contract alone. */
import type { AnyEnvironment, AnyTypes } from '../envs/core/environment.ts'
import type { EpisodeLog } from '../envs/core/log.ts'
import { figure, spread } from './figures.ts'
import type { Lines, Network, Panel, Picturer } from './picture.ts'
import { playerOf } from './picture.ts'

/** Outcomes under which a dealing came to nothing are not told apart: links count what was dealt. */
export function standingsPicture(env: AnyEnvironment): Picturer {
  return ({ log, t }) => {
    const played: EpisodeLog<AnyTypes> = { ...log, steps: log.steps.slice(0, t), stop: t === log.steps.length ? log.stop : null }
    const scores = env.score(played)
    const agents = Object.keys(scores)
    const panels: Panel[] = [
      {
        kind: 'bars',
        title: 'Rewards so far',
        parts: [{ name: 'reward', tone: 'accent' }],
        rows: agents.map(agent => ({
          label: agent,
          values: [scores[agent]!.reward],
          text: `${figure(scores[agent]!.reward)} · ${playerOf(log, agent)}`,
        })),
      },
    ]
    for (const [quantity, byAgent] of Object.entries(env.facts?.standings?.(played) ?? {})) {
      const lines: Lines = {
        kind: 'lines',
        title: quantity,
        x: 'step',
        series: Object.entries(byAgent).map(([name, values]) => ({ name, points: values.map((y, i) => [i + 1, y] as const) })),
      }
      panels.push(lines)
    }
    const dealt = dealings(env, played, agents)
    if (dealt !== undefined) panels.push(dealt)
    return { title: `${env.id}: step ${t}`, panels }
  }
}

function dealings(env: AnyEnvironment, log: EpisodeLog<AnyTypes>, agents: readonly string[]): Network | undefined {
  if (env.facts?.dealings === undefined) return undefined
  const pairs = new Map<string, { from: string; to: string; count: number }>()
  for (const { from, to } of env.facts.dealings(log)) {
    const key = `${from} ${to}`
    const pair = pairs.get(key)
    if (pair === undefined) pairs.set(key, { from, to, count: 1 })
    else pair.count++
  }
  const scale = spread([...pairs.values()].map(({ count }) => count))
  return {
    kind: 'network',
    title: 'Who dealt with whom',
    note: 'from who offered to who was offered; the wider, the more often',
    nodes: agents.map(id => ({ id, label: id, text: '', size: 0.4, tone: 'plain' })),
    links: [...pairs.values()].map(({ from, to, count }) => ({
      from,
      to,
      weight: scale(count),
      tone: 'accent',
      label: String(count),
    })),
  }
}
