/** What an audit of spatial_planning is told. None of its presets of today is one of ours: all reproduce the laboratory. */
import type { AuditSpec } from '../../evals/audit/spec.ts'

export const audit: AuditSpec = {
  standard: [],
}
