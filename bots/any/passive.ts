/** Silence, in any economy. */
import { type AnyPolicyFactory, PASS } from '../../envs/core/policy.ts'

export const passive: AnyPolicyFactory = () => ({ act: () => PASS })
