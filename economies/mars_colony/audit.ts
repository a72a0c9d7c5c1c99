/** What an audit of mars_colony is told: which presets are ours, what its institutions are, and what words and others are there. */
import type { ResidentType } from '../../envs/mars_colony/config.ts'
import type { MarsTypes } from '../../envs/mars_colony/observe.ts'
import { COLONISTS } from '../../envs/mars_colony/parameters.ts'
import { type AuditSpec, blindfold } from '../../evals/audit/spec.ts'

const all = (type: ResidentType): readonly ResidentType[] => Array.from({ length: COLONISTS }, () => type)

export const audit: AuditSpec = {
  standard: ['agentic', 'easy', 'hard', 'short'],
  short: 'short',
  levels: ['easy', 'agentic', 'hard'],
  ungoverned: { governance: { pay: false, trust: false, memory: false, suspension: false }, weights: { reputation: 0 } },
  lineups: {
    honest: { fields: { residents: all('honest') } },
    mixed: {},
    deceptive: { fields: { residents: all('deceptive') } },
  },
  blindfolds: {
    words: blindfold<MarsTypes>({
      description: 'reads no message, asks nothing and answers nobody',
      observation: observation => ({ ...observation, messages: [], asks: [] }),
      call: call => (['talk', 'ask', 'answer'].includes(call.tool) ? undefined : call),
    }),
    others: blindfold<MarsTypes>({
      description: 'takes everybody for a stranger of the same reputation, without a history',
      observation: observation => ({
        ...observation,
        bonds: observation.bonds.map(({ agent }) => ({ agent, bond: 0, change: 0 })),
        shared: {
          ...observation.shared,
          settled: [],
          ...(observation.shared.declined !== undefined && { declined: [] }),
          colonists: observation.shared.colonists.map(colonist =>
            colonist.agent === observation.agent ? colonist : { ...colonist, reputation: 50, kept: 0, broken: 0 },
          ),
        },
      }),
    }),
  },
}
