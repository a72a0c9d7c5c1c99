/** What an audit of mars_colony is told: which presets are ours, and what its institutions are. */
import type { AuditSpec } from '../../evals/audit/spec.ts'

export const audit: AuditSpec = {
  standard: ['agentic', 'easy', 'hard', 'short'],
  short: 'short',
  levels: ['easy', 'agentic', 'hard'],
  ungoverned: { governance: { pay: false, trust: false, memory: false, suspension: false }, weights: { reputation: 0 } },
}
