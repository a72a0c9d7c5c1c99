/** What an audit of swarm_economy is told: which presets are ours, and what its institutions are. */
import type { AuditSpec } from '../../evals/audit/spec.ts'

export const audit: AuditSpec = {
  standard: ['standard'],
  ungoverned: { audit_risk: 0, tax_rate: 0, decay: 1, freeze_below: 0 },
  bots: { honest: ['worker'] },
}
