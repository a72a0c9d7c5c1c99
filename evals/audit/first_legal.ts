/** The one way in which policies of an audit pick arguments: by a tool's own candidates. */
import type { AnyTypes } from '../../envs/core/environment.ts'
import type { Turn } from '../../envs/core/policy.ts'
import { type Call, candidates } from '../../envs/core/tool.ts'

/**
 * A call of the tool with the first of its candidate arguments that the gate takes, from the one at `rank` (0 the first, 1 the last) on
 * and round; undefined where it takes none.
 */
export function firstLegal(
  tool: string,
  declared: Parameters<typeof candidates>[0],
  rank: number,
  { observation, check }: Pick<Turn<AnyTypes>, 'observation' | 'check'>,
): Call | undefined {
  const possible = candidates(declared, observation)
  const from = Math.round(rank * (possible.length - 1))
  for (let i = 0; i < possible.length; i++) {
    const call = { tool, args: possible[(from + i) % possible.length]! }
    if (check(call).ok) return call
  }
  return undefined
}
