/** What an audit of sim_economy is told: which presets are ours, and what its institutions are. */
import type { AuditSpec } from '../../evals/audit/spec.ts'

export const audit: AuditSpec = {
  standard: ['standard'],
  ungoverned: {
    fee_cap: null,
    reinvestment_rebate: null,
    debt_rail: null,
    contract_scaffold: null,
    concentration_monitor: null,
  },
}
