/** The names of a run's files. */

/** The files of a run by what they hold. */
export const FILES = {
  metadata: 'metadata.json',
  rollouts: 'rollouts.jsonl',
  figures: 'figures.jsonl',
  shared: 'shared.jsonl',
  checkpoint: 'checkpoint.json',
  calls: 'calls.jsonl',
  errors: 'errors.jsonl',
  groups: 'groups.jsonl',
  scores: 'scores.jsonl',
  scoreFacts: 'scores.json',
  judgements: 'judgements.jsonl',
  notes: 'notes.jsonl',
  // Of runs that were played before the format had a version.
  results: 'results.jsonl',
  traces: 'traces.jsonl',
  steps: 'steps.jsonl',
} as const
