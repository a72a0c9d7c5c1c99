/** For authors of economies and players: the conformance suite as plain functions that throw, and a provider to test against. No test runner is imported. */
export {
  type CheckName,
  ConformanceError,
  type ConformanceOptions,
  type ConformanceReport,
  conformance,
} from './envs/core/conformance.ts'
/** A local provider that can be told what to say and how to fail. */
export * from './rollouts/models/fake/index.ts'
