/** For authors of economies: the conformance suite as plain functions that throw. No test runner is imported. */
export {
  type CheckName,
  ConformanceError,
  type ConformanceOptions,
  type ConformanceReport,
  conformance,
} from './envs/core/conformance.ts'
