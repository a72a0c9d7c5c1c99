/** The names of everything that a queue keeps in Redis. Knows names only. */

/** The prefix of BullMQ's keys; the queue of a run is called like the run. */
export const PREFIX = 'agoragym'
/** Hash of the open runs: id → what it is, as JSON. */
export const RUNS = 'agoragym-runs'
/** Stream of what workers must hear at once: a run is there, is to stop, or is over. */
export const NEWS = 'agoragym-news'
/** What workers' connections are called, before host and process. */
export const WORKER = 'agoragym-worker'

/** When the next request may be sent to an endpoint. */
export const paceKey = (endpoint: string): string => `agoragym-pace:${endpoint}`

export const keysOf = (id: string) => {
  const at = `agoragym-run:${id}:`
  return {
    /** All of the run's own keys begin so. */
    base: at,
    /** What is played, compressed. */
    manifest: `${at}manifest`,
    /** Who collects, with an expiry. */
    collector: `${at}collector`,
    /** Hash of ceilings, spending and counts. */
    state: `${at}state`,
    /** Hash of why something is to be stopped: `*`, or the number of a run of the experiment. */
    stop: `${at}stop`,
    /** Stream of what was played and is not filed yet. */
    results: `${at}results`,
    /** Hash: job → the token of who plays it. */
    holders: `${at}holders`,
    /** Hash: rollout → how often a worker was lost while it ran, the run that is on included. */
    tries: `${at}tries`,
    /** Set of the rollouts with recorded calls. */
    open: `${at}open`,
    /** Hash of reservations. */
    reserved: `${at}reserved`,
    /** Hash: worker → why it does not play the run. */
    refusals: `${at}refusals`,
    /** Bit by rollout: whether its result is on its way or filed. */
    done: (run: number) => `${at}done:${run}`,
    /** Hash of recorded calls of a rollout, by seat and call. */
    calls: (run: number, n: number) => `${at}calls:${run}:${n}`,
    /** Rollouts that ended within ten seconds. */
    rate: (tens: number) => `${at}rate:${tens}`,
  }
}
