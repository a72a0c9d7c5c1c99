/**
 * Random legal play, in any economy: a tool drawn uniformly among the offered moves, then one of its candidate arguments.
 * What the gate would refuse is dropped and another drawn; where nothing is left it is silent.
 */
import { type AnyPolicyFactory, PASS } from '../../envs/core/policy.ts'
import { candidates, moves } from '../../envs/core/tool.ts'

export const randomLegal: AnyPolicyFactory = ({ env, config }) => {
  const usual = env.tools(config)
  return {
    act({ observation, offered, random, check, tools = usual }) {
      let names = moves(tools, offered)
      while (names.length > 0) {
        const tool = random.pick(names)
        let possible = candidates(tools[tool]!, observation)
        while (possible.length > 0) {
          const args = random.pick(possible)
          if (check({ tool, args }).ok) return { calls: [{ tool, args }] }
          possible = possible.filter(other => other !== args)
        }
        names = names.filter(other => other !== tool)
      }
      return PASS
    },
  }
}
