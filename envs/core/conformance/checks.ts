/** The checks of an economy by name, with what each expects, and how a check that failed is told. Runs none. */

/** What is checked, and what is expected. */
export const CHECKS = {
  config: 'every preset parses, an unknown field is refused, every field has a description',
  default_preset: 'the fields’ own defaults are the first preset: {} parses to the same',
  seats: 'ids such as agent_0, each once, at most one learner, the same list every time',
  tools: 'snake_case names, descriptions, strict objects with every argument described and every number and string bounded',
  deterministic: 'the same seed and decisions give the same log and the same last state; draw from stream(seed, …) only',
  isolated: 'an episode gives the same log and the same last state beside another one; keep no module state',
  seeded: 'another seed gives another log',
  replayable: 'a log replays equal after a trip through JSON',
  pure: 'step, observe, shared, offered, actors and score leave frozen arguments as they are; copy the state once at the head of step',
  plain_state: 'the state is JSON: no Map, Set, Date, class, function, undefined, NaN',
  unaliased: 'writing on an observation changes no state; observations are copies, or hold the frozen `shared`',
  shared: 'each observation holds `shared` by reference',
  secret_seed: 'the seed is in no observation, no text and no result',
  actors: 'actors are played seats in seat order, offered tools exist, a running game with played seats has an actor',
  results: 'one result per call in order, one refused entry per refused call',
  refuses: 'nonsense is refused with a code and a message, never thrown',
  candidates: 'what `candidates` proposes is accepted by `check`',
  rewards: 'finite, one per seat, their sum over steps is score(log).reward minus its value at reset, on every prefix',
  scores:
    'a finite reward of every seat, and payoff, reputation, survival, quality each finite or null, all within what the economy says of them, the reward the sum of its parts by `weights` where it says these, also on a log without steps',
  metrics: 'exactly the documented metrics, each null or a finite number within its range, also on a log without steps',
  facts: 'kinds and dealings name seats, standings hold one finite number a step, also on a log without steps',
  invariants: 'every invariant the economy states holds across every step',
  text: 'rules and render give non-empty text',
  encoded_features: 'described features, each written as a finite number in its bounds, the same every time, nothing beside them',
  encoded_slots:
    'the first is legal for every actor; each calls the tools it lists; the mask is 1 exactly where `check` accepts all its calls',
  encoded_names:
    'seats of one role are told apart by rank: exchanging the names of two others changes no feature and no mask, and the names in calls alone',
} as const
export type CheckName = keyof typeof CHECKS

/** Told what was found; the first finding of a check counts. */
export type Fail = (check: CheckName, found: string) => void

/** Whatever the action throws is a finding. */
export function guard<R>(check: CheckName, where: (text: string) => string, fail: Fail, action: () => R): R | undefined {
  try {
    return action()
  } catch (error) {
    fail(check, where(`threw ${(error as Error).message}`))
    return undefined
  }
}

/** Unlikely to occur by chance in anything an agent reads. */
export const TELLTALE = 987654321
