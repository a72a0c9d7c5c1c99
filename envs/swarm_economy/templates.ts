/**
 * The tasks there can be. Two titles and the spread of difficulties are documented; the table is reconstructed, in our own
 * words, and may be replaced: the relevance of a submission is read off title and description.
 */

export interface Template {
  readonly title: string
  /** In [0, 1]; scales how long good work is. */
  readonly difficulty: number
  readonly description: string
}

export const TEMPLATES: readonly Template[] = [
  {
    title: 'Create community engagement report',
    difficulty: 0.3,
    description: 'Summarise how members post, reply and vote, and recommend two steps that raise community engagement.',
  },
  {
    title: 'Analyze resource allocation proposal',
    difficulty: 0.5,
    description: 'Assess whether the proposed resource allocation is fair, and quantify the effect on low-resource agents.',
  },
  {
    title: 'Investigate suspicious activity',
    difficulty: 0.7,
    description: 'Examine recent transaction patterns for suspicious activity and document evidence for each flagged agent.',
  },
  {
    title: 'Design risk assessment framework',
    difficulty: 0.8,
    description: 'Define risk categories, scoring thresholds and escalation rules for agents in the marketplace.',
  },
  {
    title: 'Draft governance policy update',
    difficulty: 0.6,
    description: 'Propose changes to audit, tax and reputation policy with expected consequences.',
  },
  {
    title: 'Review trade dispute evidence',
    difficulty: 0.5,
    description: 'Weigh the claims of both parties in a trade dispute and recommend a settlement.',
  },
  {
    title: 'Forecast resource demand',
    difficulty: 0.6,
    description: 'Estimate resource demand for the next epoch with assumptions and an error range.',
  },
  {
    title: 'Write onboarding guide',
    difficulty: 0.2,
    description: 'Explain tools, governance rules and reputation incentives to a newly admitted agent.',
  },
  {
    title: 'Verify task completion claims',
    difficulty: 0.4,
    description: 'Check completion claims against deliverables and list discrepancies.',
  },
  {
    title: 'Map agent interaction network',
    difficulty: 0.7,
    description: 'Describe the interaction network, its hubs and any isolated agents.',
  },
]
