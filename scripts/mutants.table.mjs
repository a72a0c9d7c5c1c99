// The bugs that `mutants.mjs` plants: where, which text becomes which, and what must notice. One for every study, and those that once
// went unnoticed.
export const MUTANTS = [
  {
    name: 'rewards between two turns of the caller are lost',
    file: 'envs/core/table.ts',
    from: 'this.#earned.get(agent)! + (rewards[agent] ?? 0)',
    to: '(rewards[agent] ?? 0)',
    test: 'test/envs/core/table.test.ts',
    named: 'are not lost',
  },
  {
    name: 'an honest arbitrator attests always true',
    file: 'bots/sim_economy/honest.ts',
    from: 'fulfilled: looksKept(duty) })',
    to: 'fulfilled: true })',
    test: 'test/bots/sim_economy/bots.test.ts',
  },
  {
    name: 'honest residents accept at 0.4 instead of 0.5',
    file: 'envs/swarm_economy/residents/honest.ts',
    from: 'transfer) > 0.5 ?',
    to: 'transfer) > 0.4 ?',
    test: 'test/envs/swarm_economy/residents.test.ts',
  },
  {
    name: 'deceptive residents accept at 0.4 instead of 0.5',
    file: 'envs/swarm_economy/residents/deceptive.ts',
    from: 'transfer >= 0 ? 0.5 : 0',
    to: 'transfer >= 0 ? 0.4 : 0',
    test: 'test/envs/swarm_economy/residents.test.ts',
  },
  {
    name: 'the engine never reports contracts in default',
    file: 'economies/sim_economy/engine/engine.ts',
    from: "contracts_defaulted: contractsIn(events, 'contract_defaulted', names)",
    to: 'contracts_defaulted: []',
    test: 'test/economies/sim_economy/engine/sim_engine.test.ts',
  },
  {
    name: 'pass@k where there are fewer repeats than k',
    file: 'rollouts/pass_rates.ts',
    from: 'return n < k ? null : 1 - chosen(n - c, n, k)',
    to: 'return 1 - chosen(n - c, n, Math.min(n, k))',
    test: 'test/rollouts/pass_rates.test.ts',
  },
  {
    name: 'usage counts what was written to a cache twice',
    file: 'rollouts/models/usage.ts',
    from: 'else uncached = prompt - cachedRead - cacheWrite',
    to: 'else uncached = prompt - cachedRead',
    test: 'test/rollouts/models/usage.test.ts',
  },
]
