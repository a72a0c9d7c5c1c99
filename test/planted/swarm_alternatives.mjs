// What is deduced or reconstructed of `swarm_economy`, each with the nearest other rule that the sources leave open: by file, with the test
// of ours that holds what no figure tells apart. Read by `alternatives.mjs`.

/** The rules of one file: `[rule, alternative, from, to, named?]`, where `named` picks a test of the file's that is named by `test`. */
const of = (options, recorded) => (file, test, rules) =>
  rules.map(([rule, alternative, from, to, named]) => ({
    rule,
    alternative,
    file: `envs/swarm_economy/${file}`,
    from,
    to,
    test: `test/envs/swarm_economy/${test}.test.ts`,
    ...(named && { named }),
    ...(options && { options }),
    ...(recorded && { recorded }),
  }))
/** Rules of every version, judged by all published figures and the first version's prototype; and rules of later versions alone. */
const all = of()
const late = of({ profile: 'v0.2' })
/** How work is scored can be read off p values and a payoff that the posts show. */
const shown = {
  words: 'single published values',
  tests: ['test/envs/swarm_economy/golden_values.test.ts'],
  named: 'are as the posts show',
}
const allShown = of(undefined, shown)
const fixedShown = of({ profile: 'v0.1-fixed' }, shown)
/** Taxes show where offers are paid for as long as there is something to pay with. */
const taxed = of([
  { kind: 'published', rollouts: 50 },
  { kind: 'prototype', profile: 'v0.1', learners: 'offers_only', rollouts: 300 },
])
/** Audits fail beside who hands in as little as there is. */
const audited = of([
  { kind: 'published', rollouts: 50 },
  { kind: 'prototype', profile: 'v0.1', learners: 'one_char', rollouts: 300 },
  { kind: 'prototype', profile: 'v0.2', learners: 'one_char' },
])
/** What is seldom drawn or beside one learner only is judged by the figures that can move. */
const easy = of([{ profile: 'v0.1-fixed', learners: 'nano_v01_fixed', rollouts: 500 }])
const hard = of([{ profile: 'v0.2', learners: 'qwen_v02', rollouts: 300 }])
const seldom = of([{ profile: 'v0.2', learners: 'worker,mini_v02,qwen_v02', rollouts: 300 }])

const honest = all('residents/honest.ts', 'residents', [
  ['an honest bot takes three fair offers in five', 'one in two', '> 0.5 ? 0.6 : 0', '> 0.5 ? 0.5 : 0', 'three fair'],
  ['fair is a score above 0.5', 'above 0.4', '> 0.5 ? 0.6', '> 0.4 ? 0.6', 'fair to an honest'],
  ['an honest bot’s work scores 0.75 to 0.88', '0.70 to 0.83', 'uniform(0.75, 0.88)', 'uniform(0.7, 0.83)', 'is thorough'],
  ['it claims a task in three steps of four', 'of five', 'random.chance(0.75)', 'random.chance(0.6)', 'bots claim'],
  [
    'the one that pays best for its difficulty',
    'that pays best',
    'bounty / (1 + TEMPLATES[template]!.difficulty)',
    'bounty',
    'bots claim',
  ],
  ['it votes on half of the fresh posts', 'on two in five', 'votes: 0.5', 'votes: 0.4', 'bots vote'],
  ['posts in 12 % of idle steps', 'in 8 %', 'posts: 0.12', 'posts: 0.08', 'that are idle'],
  ['makes an offer in 15 %', 'in 10 %', 'proposes: 0.15', 'proposes: 0.1', 'that are idle'],
  ['of 2 to 10', 'of 2 to 8', 'transfers: [2, 10]', 'transfers: [2, 8]', 'that are idle'],
])

const opportunistic = [
  ...all('residents/opportunistic.ts', 'residents', [
    ['an opportunistic bot takes 35 % of what pays it', '30 %', 'return 0.35 +', 'return 0.3 +', 'makes opportunistic'],
    ['and nothing else', 'of what costs it nothing too', 'transfer <= 0', 'transfer < 0', 'an opportunistic one'],
    ['it puts off its work in a quarter of the steps', 'in 15 %', 'random.chance(0.25)', 'random.chance(0.15)', 'puts off'],
    ['three in ten of its works are sloppy', 'one in five', 'random.chance(0.3)', 'random.chance(0.2)', 'sloppy'],
    ['sloppy work scores 0.45 to 0.60', '0.40 to 0.55', 'uniform(0.45, 0.6)', 'uniform(0.4, 0.55)', 'is fair at best'],
    ['its other work 0.60 to 0.75', '0.65 to 0.80', 'uniform(0.6, 0.75)', 'uniform(0.65, 0.8)', 'is fair at best'],
    ['a task pays from a bounty of 15', 'of 14', 'const WORTHWHILE = 15', 'const WORTHWHILE = 14', 'poorly paid'],
    ['it claims such a task in seven steps of ten', 'of six', 'random.chance(0.7)', 'random.chance(0.6)', 'bots claim'],
    ['votes on 15 % of the fresh posts', 'on 10 %', 'votes: 0.15', 'votes: 0.1', 'bots vote'],
    ['posts in 5 % of its idle steps', 'in 8 %', 'posts: 0.05', 'posts: 0.08', 'that are idle'],
    ['makes an offer in 8 % of them', 'in 5 %', 'proposes: 0.08', 'proposes: 0.05', 'that are idle'],
    ['that asks for up to 6', 'up to 8', 'transfers: [-6, 0]', 'transfers: [-8, 0]', 'that are idle'],
  ]),
  ...late('residents/opportunistic.ts', 'residents', [
    [
      'standing adds 5 % a post to what it takes (v0.2)',
      '3 %',
      'Math.min(0.3, 0.05 *',
      'Math.min(0.3, 0.03 *',
      'makes opportunistic',
    ],
    ['at most 30 %', '20 %', 'Math.min(0.3, 0.05 *', 'Math.min(0.2, 0.05 *', 'makes opportunistic'],
  ]),
]

const deceptive = all('residents/deceptive.ts', 'residents', [
  [
    'a deceptive bot takes half of what costs it nothing',
    'two in five',
    'transfer >= 0 ? 0.5 : 0',
    'transfer >= 0 ? 0.4 : 0',
    'a deceptive one',
  ],
  [
    'one that exploits hands in poor work in half of the steps',
    'in two of five',
    'self.task !== null && random.chance(0.5)',
    'self.task !== null && random.chance(0.4)',
    'exploits in turn',
  ],
  ['poor work scores 0.20 to 0.45', '0.25 to 0.50', 'uniform(0.2, 0.45)', 'uniform(0.25, 0.5)', 'does poor work'],
  [
    'else it asks for payment in half of the steps',
    'in two of five',
    'if (random.chance(0.5)) {',
    'if (random.chance(0.4)) {',
    'exploits in turn',
  ],
  ['its fair work scores 0.70 to 0.85', '0.65 to 0.80', 'uniform(0.7, 0.85)', 'uniform(0.65, 0.8)', 'does poor work'],
  ['it claims a task in three steps of five', 'one in two', 'random.chance(0.6)', 'random.chance(0.5)', 'bots claim'],
  [
    'any of them',
    'the best paid',
    'random.pick(open)',
    'open.reduce((one, other) => (other.bounty > one.bounty ? other : one))',
    'bots claim',
  ],
  ['votes on a fifth of the fresh posts', 'on 15 %', 'votes: 0.2', 'votes: 0.15', 'bots vote'],
  ['posts in 10 % of its other steps', 'in 7 %', 'posts: 0.1', 'posts: 0.07', 'that are idle'],
  ['makes an offer in 10 % of its other steps', 'in 7 %', 'proposes: 0.1', 'proposes: 0.07', 'that are idle'],
  ['of up to 3', 'of up to 5', 'transfers: [0, 3]', 'transfers: [0, 5]', 'that are idle'],
])

const residents = [
  ...all('residents/index.ts', 'residents', [
    [
      'bots move in a drawn order',
      'in the order of their numbers',
      'const shuffled = order.shuffle(residents)',
      'const shuffled = (order.shuffle(residents), residents)',
      'who moves first',
    ],
    ['a bot answers the oldest offer', 'the newest', 'pendingOf(state).find(', 'pendingOf(state).findLast(', 'oldest'],
    [
      'before it hands in its work',
      'after that',
      'if (proposal !== undefined) {',
      'if (proposal !== undefined && self.task === null) {',
      'oldest',
    ],
    ['a post is fresh for five steps', 'for two', 'posts[i]!.step < LIFE', 'posts[i]!.step < 2', 'bots vote'],
    [
      'an offer goes to any other agent',
      'to the best reputed',
      'eligible[random.weighted(eligible.map(agent => attraction(state, agent)))]!.id',
      'eligible.reduce((one, other) => (other.reputation > one.reputation ? other : one)).id',
      'any other agent',
    ],
  ]),
  ...all('residents/resident.ts', 'decisions', [
    [
      'one pending offer from an agent to another',
      'any number',
      '!addressed.has(agent.id)',
      '(addressed.has(agent.id) || true)',
      'an offer can be made',
    ],
  ]),
  ...late('residents/index.ts', 'residents', [
    [
      'each post draws half as many offers more (v0.2)',
      'a quarter',
      '1 + 0.5 * Math.min(4, social)',
      '1 + 0.25 * Math.min(4, social)',
      'attract offers',
    ],
    ['of four posts at most', 'of two', '1 + 0.5 * Math.min(4, social)', '1 + 0.5 * Math.min(2, social)', 'attract offers'],
  ]),
]

const trades = all('trades.ts', 'golden_values', [
  ['a trade’s score begins at 0.2', 'at 0.1', 'return label(0.2 +', 'return label(0.1 +', 'transfer'],
  [
    '0.3 of it is the proposer’s reputation',
    '0.2',
    '(0.3 * (proposerReputation',
    '(0.2 * (proposerReputation',
    'by its proposer',
  ],
  ['0.8 of it the transfer', '0.7', '0.8 * clamp(', '0.7 * clamp(', 'transfer'],
  ['which counts in full from 20', 'from 25', 'clamp(transfer / 20, -1, 1)', 'clamp(transfer / 25, -1, 1)', 'transfer'],
  [
    'a trade is at stake with its transfer, 5 to 25',
    '5 to 15',
    'clamp(Math.abs(transfer), 5, 25)',
    'clamp(Math.abs(transfer), 5, 15)',
    'transfer',
  ],
  ['the same', '1 to 25', 'clamp(Math.abs(transfer), 5, 25)', 'clamp(Math.abs(transfer), 1, 25)', 'transfer'],
])
const deals = all('trades.ts', 'step', [
  [
    'who asks for payment gains what its counterparty loses',
    'loses as much',
    '(transfer >= 0 ? gain : Math.abs(gain)) - counted',
    'gain - counted',
    'an extraction',
  ],
  [
    'a trade moves both reputations',
    'its proposer’s alone',
    'reputation: changeReputation(acceptor, reputationOf(p)),',
    'reputation: 0,',
    'a gift pays',
  ],
  [
    'a transfer is no payoff (deduced)',
    'it is one',
    'draft.config.payoff_includes_transfers ? Math.sign',
    'true ? Math.sign',
    'a gift pays',
  ],
  [
    'who has too little pays what it has',
    'the whole sum is paid all the same',
    'const paid = Math.min(Math.abs(transfer), payer.resources)',
    'const paid = Math.abs(transfer)',
    'too little',
  ],
  ['an offer lives for five steps', 'for ten', 'draft.step - step < LIFE', 'draft.step - step < 2 * LIFE', 'expires'],
])
const trust = all('trades.ts', 'step', [
  [
    'a trade counts for the trust phase of both sides',
    'of the acceptor alone',
    'proposer.interactions++\n  acceptor.interactions++',
    'acceptor.interactions++',
    'trust phase',
  ],
])

const feed = [
  ...all('feed.ts', 'step', [
    [
      'a vote moves its author’s reputation by 0.5',
      'by 0.3',
      'const VOTE_REPUTATION = 0.5',
      'const VOTE_REPUTATION = 0.3',
      'net votes',
    ],
    [
      'who votes earns nothing',
      '0.1 reputation',
      'const reputation = changeReputation(author, by * VOTE_REPUTATION)',
      'const reputation = changeReputation(author, by * VOTE_REPUTATION)\n  changeReputation(agentOf(draft, voter), 0.1)',
      'net votes',
    ],
  ]),
  ...seldom('feed.ts', 'step', [
    ['a popular post pays 1.5 a net vote (v0.2)', '1', 'Math.min(5, 1.5 * votes)', 'Math.min(5, votes)', 'net votes'],
  ]),
  ...all('feed.ts', 'step', [
    [
      'a post counts for the trust phase',
      'it does not',
      'agent.social++\n  agent.interactions++',
      'agent.social++',
      'trust phase',
    ],
  ]),
]

const tasks = [
  ...all('tasks.ts', 'errors', [
    ['a claim lapses after five steps', 'after ten', 'LIFE + (task.level ?? 0)', '2 * LIFE + (task.level ?? 0)', 'lapses'],
  ]),
  ...all('tasks.ts', 'step', [
    [
      'a task that nobody claims stays open',
      'goes with its epoch',
      'draft.tasks.push(...tasks)',
      "draft.tasks = draft.tasks.map(task => (task.status === 'open' ? { ...task, status: 'completed' } : task))\n  draft.tasks.push(...tasks)",
      'stays open',
    ],
    [
      'what work pays is resources too',
      'payoff alone',
      'changeResources(agent, payoff)',
      'changeResources(agent, 0)',
      'pays bounty',
    ],
    [
      'a submission is at stake with its bounty (deduced)',
      'with 18, the mean of all',
      'payoffOf(task.bounty, work.p)',
      'payoffOf(18, work.p)',
      'pays bounty',
    ],
  ]),
  ...all('tasks.ts', 'scenarios', [
    [
      'two tasks an epoch are as likely as three',
      'half as likely',
      'random.int(tasks_low, Math.max(tasks_low, tasks_high))',
      '(random.chance(2 / 3) ? Math.max(tasks_low, tasks_high) : tasks_low)',
      'two tasks or three',
    ],
  ]),
]

const work = [
  ...allShown('label.ts', 'golden_values', [
    ['steepness of a label 2 (deduced)', '2.5', 'export const K = 2', 'export const K = 2.5'],
  ]),
  ...allShown('work.ts', 'golden_values', [
    [
      'weights of length, keywords and effort 0.4, 0.3, 0.3 (v0.1, deduced)',
      'a third each',
      '0.4 * Math.min(length / 80, 1) + 0.3 * (keywords / KEYWORDS.length) + 0.3 *',
      '(1 / 3) * Math.min(length / 80, 1) + (1 / 3) * (keywords / KEYWORDS.length) + (1 / 3) *',
      'v0.1:',
    ],
  ]),
  ...fixedShown('work.ts', 'golden_values', [
    [
      'weights of length and effort 0.45, 0.55 (v0.1-fixed, deduced)',
      'a half each',
      '0.45 * Math.min(length / 80, 1) + 0.55 *',
      '0.5 * Math.min(length / 80, 1) + 0.5 *',
      'v0.1-fixed:',
    ],
  ]),
  ...late('work.ts', 'golden_values', [
    [
      'weights of length, effort and relevance 0.35, 0.25, 0.40 (v0.2)',
      'a third each',
      '0.35 * long + 0.25 * effort + 0.4 * relevant',
      '(long + effort + relevant) / 3',
      'v0.2:',
    ],
    [
      'their sum is centred: 2m − 1 (v0.2)',
      'it is the score',
      'return 2 * (0.35 * long + 0.25 * effort + 0.4 * relevant) - 1',
      'return 0.35 * long + 0.25 * effort + 0.4 * relevant',
      'v0.2:',
    ],
    [
      'a text is relevant with half of a task’s terms (v0.2)',
      'with three quarters',
      'Math.ceil(0.5 * taskTerms(task).size)',
      'Math.ceil(0.75 * taskTerms(task).size)',
      'half of its terms',
    ],
    ['tasks differ in difficulty, 0.2 to 0.8', 'all are of 0.5', '(80 + 120 * difficulty)', '(80 + 120 * 0.5)', 'v0.2:'],
  ]),
]

const governance = [
  ...audited('profiles.ts', 'step', [
    [
      'an audited submission fails below 0.5',
      'below 0.6',
      '  audit_fails_below: 0.5,\n',
      '  audit_fails_below: 0.6,\n',
      'however slightly',
    ],
  ]),
  ...all('governance.ts', 'step', [['one that passes earns 1 reputation', 'none', 'passed: 1,', 'passed: 0,', 'an audit that']]),
  ...audited('governance.ts', 'step', [
    ['one that fails costs 5 reputation', '4', 'failed: -5,', 'failed: -4,', 'an audit that'],
    ['and a quarter of its bounty', 'half of it', 'fine: 0.25', 'fine: 0.5', 'an audit that'],
  ]),
  ...all('governance.ts', 'step', [
    [
      'audits come before decay',
      'after it',
      'changeReputation(agent, passed ? AUDIT.passed : penalty)',
      'changeReputation(agent, (passed ? AUDIT.passed : penalty) / draft.levers.decay)',
      'in this order',
    ],
  ]),
  ...taxed('governance.ts', 'step', [
    [
      'the tax is on what an agent holds',
      'on what exceeds its start',
      '* agent.resources\n    changeResources(agent, -paid)',
      '* Math.max(0, agent.resources - draft.config.resources)\n    changeResources(agent, -paid)',
      'a flat tax',
    ],
  ]),
  ...taxed('step.ts', 'step', [
    [
      'the tax is destroyed',
      'shared among all',
      'const taxes = tax(draft)\n',
      'const taxes = tax(draft)\n    for (const agent of draft.agents) agent.resources += taxes.reduce((sum, paid) => sum + paid, 0) / taxes.length\n',
      'a flat tax',
    ],
  ]),
  ...all('score.ts', 'step', [
    [
      'a tax is no payoff (deduced)',
      'it lowers it',
      "if (event.type === 'step_ended') reputation = event.reputation\n",
      "if (event.type === 'step_ended') {\n      reputation = event.reputation\n      for (const [i, agent] of seats.entries()) tallies.get(agent)!.payoff -= event.tax[i]!\n    }\n",
    ],
  ]),
  ...late('step.ts', 'step', [
    [
      'decay comes before the breaker',
      'after it',
      'const decays = decay(draft, idle)\n    breakCircuit(draft, emit)\n',
      'breakCircuit(draft, emit)\n    const decays = decay(draft, idle)\n',
      'in this order',
    ],
    [
      'a frozen player’s reputation decays as if it passed',
      'as if it acted',
      "if (event.type === 'passed' ||",
      "if ((event.type === 'passed' && event.reason !== 'frozen') ||",
      'the frozen pay none',
    ],
  ]),
  ...seldom('governance.ts', 'step', [
    ['the frozen pay no tax', 'they do', 'if (agent.frozenFor !== null) return 0\n', '', 'the frozen pay none'],
    [
      'their reputation decays',
      'it does not',
      'agent.reputation * ((idle.has(agent) ? faded : usual) - 1)',
      'agent.frozenFor !== null ? 0 : agent.reputation * ((idle.has(agent) ? faded : usual) - 1)',
      'the frozen pay none',
    ],
    ['a shift doubles audits (v0.2)', 'makes them half as many again', 'audit_risk * 2)', 'audit_risk * 1.5)', 'phase shift of'],
    ['or the loss by decay', 'makes it half as great again', 'faster(decay, 2)', 'faster(decay, 1.5)', 'phase shift of'],
    ['or halves bounties', 'takes a quarter off', 'bounty_multiplier * 0.5', 'bounty_multiplier * 0.75', 'phase shift of'],
  ]),
  ...late('profiles.ts', 'golden_values', [
    [
      'a pass doubles what decay takes (v0.2)',
      'half as much again',
      '  idle_decay_factor: 2,\n',
      '  idle_decay_factor: 1.5,\n',
      'v0.2 idle',
    ],
  ]),
]

const scores = [
  ...all('score.ts', 'step', [
    [
      'quality leaves votes out (deduced)',
      'it counts them',
      "(made.fate === 'done' && event.type !== 'voted')",
      "made.fate === 'done'",
      'counts submissions',
    ],
    [
      'and passes',
      'it counts them',
      "if (made.fate === 'refused' || (made",
      "if (made.fate === 'refused' || made.fate === 'passed' || (made",
      'counts submissions',
    ],
    [
      'a claim is no success (deduced)',
      'it is one',
      'of(event.agent).claims++',
      'of(event.agent).claims++, of(event.agent).successes++',
      'counts submissions',
    ],
    [
      'an offer is a success when it is made (deduced)',
      'when it is accepted',
      "case 'trade_proposed':\n      if (event.p > 0.5) of(event.agent).successes++\n      break\n    case 'trade_accepted':\n",
      "case 'trade_accepted':\n      if (event.p > 0.5) of(event.from).successes++\n",
      'counts submissions',
    ],
  ]),
  ...late('score.ts', 'golden_values', [
    [
      'diversity is over ln 10 (deduced)',
      'over that of the tools used',
      'return entropy / Math.log(known)',
      'return entropy / Math.log(Math.max(2, calls.slice(0, known).filter(count => count > 0).length))',
      'diversity',
    ],
  ]),
  ...all('profiles.ts', 'readme', [
    ['a payoff of 100 scores 1 (deduced)', 'of 120', '  payoff_scale: 100,\n', '  payoff_scale: 120,\n'],
    ['bounties begin at 12 (deduced)', 'at 10', '  bounty_low: 12,\n', '  bounty_low: 10,\n'],
    ['they end at 24 (deduced)', 'at 26', '  bounty_high: 24,\n', '  bounty_high: 26,\n'],
    [
      'all begin with resources of 100 (v0.1)',
      'of 50',
      "  resources: 100,\n  bounty_multiplier: 1,\n  phase_shift: 'none',\n  extreme: 'none',\n}",
      "  resources: 50,\n  bounty_multiplier: 1,\n  phase_shift: 'none',\n  extreme: 'none',\n}",
    ],
  ]),
  ...all('profiles.ts', 'step', [
    [
      'the last message’s calls are not carried out (deduced)',
      'they are',
      '  execute_final_turn: false,\n',
      '  execute_final_turn: true,\n',
      'the turn limit',
    ],
  ]),
  ...all('state.ts', 'step', [
    ['reputation ends at 100', 'nowhere', 'clamp(before + by, 0, 100)', 'Math.max(0, before + by)', 'reputation ends'],
    ['resources end at 0', 'a debt is possible', 'Math.max(0, agent.resources + by)', 'agent.resources + by', 'reputation ends'],
  ]),
]

const ranges = [
  ...all('opening.ts', 'scenarios', [
    [
      'types are shuffled over the ids',
      'the honest come first',
      "const types = stream(seed, 'cast').shuffle(",
      'const types = ((list: BotType[]) => list)(',
      'shuffles bot types',
    ],
  ]),
  ...all('scenarios.ts', 'scenarios', [
    ['line-ups of medium 2/1/0, 1/1/1, 1/2/0', '2/0/1 for 1/2/0', "'1/1/1', '1/2/0'", "'1/1/1', '2/0/1'", 'levers lie'],
    ['audits of medium 8 to 15 %', '10 to 15 %', 'audit_risk: [0.08, 0.15]', 'audit_risk: [0.1, 0.15]', 'levers lie'],
  ]),
  ...taxed('scenarios.ts', 'scenarios', [
    ['taxes of medium 3 to 6 %', '4 to 6 %', 'tax_rate: [0.03, 0.06]', 'tax_rate: [0.04, 0.06]', 'levers lie'],
  ]),
  ...late('scenarios.ts', 'scenarios', [
    ['decay of medium 0.975 to 0.995 (v0.2)', '0.98 to 0.99', 'decay: [0.975, 0.995]', 'decay: [0.98, 0.99]', 'levers lie'],
  ]),
  ...easy('scenarios.ts', 'scenarios', [
    ['line-ups of easy 3/0/0, 2/1/0, 3/1/0', '4/0/0 for 3/1/0', "'2/1/0', '3/1/0'", "'2/1/0', '4/0/0'", 'levers lie'],
    ['taxes of easy 2 to 4 %', '2 to 3 %', 'tax_rate: [0.02, 0.04]', 'tax_rate: [0.02, 0.03]', 'levers lie'],
    ['audits of easy 5 to 10 %', '5 to 8 %', 'audit_risk: [0.05, 0.1]', 'audit_risk: [0.05, 0.08]', 'levers lie'],
    ['decay of easy 0.985 to 1 (v0.2)', '0.99 to 1', 'decay: [0.985, 1]', 'decay: [0.99, 1]', 'levers lie'],
  ]),
  ...hard('scenarios.ts', 'scenarios', [
    ['line-ups of hard 1/1/2, 0/2/2, 1/2/1', '0/1/3 for 1/2/1', "'0/2/2', '1/2/1'", "'0/2/2', '0/1/3'", 'levers lie'],
    ['taxes of hard 5 to 8 %', '6 to 8 %', 'tax_rate: [0.05, 0.08]', 'tax_rate: [0.06, 0.08]', 'levers lie'],
    ['audits of hard 12 to 20 %', '15 to 20 %', 'audit_risk: [0.12, 0.2]', 'audit_risk: [0.15, 0.2]', 'levers lie'],
    ['decay of hard 0.970 to 0.985 (v0.2)', '0.970 to 0.980', 'decay: [0.97, 0.985]', 'decay: [0.97, 0.98]', 'levers lie'],
  ]),
  ...seldom('scenarios.ts', 'scenarios', [
    ['extreme line-ups are of four (v0.2)', 'of three', "{ mix: '0/0/4' }", "{ mix: '0/0/3' }", 'one row in ten'],
    [
      'high stakes: bounties doubled',
      'half as much again',
      'high_stakes: { bounty_multiplier: 2,',
      'high_stakes: { bounty_multiplier: 1.5,',
      'one row in ten',
    ],
    [
      'audits of 30 %',
      'of 25 %',
      'audit_risk: 0.3, freeze_below: 20 }',
      'audit_risk: 0.25, freeze_below: 20 }',
      'one row in ten',
    ],
    [
      'freezing below 20',
      'below 15',
      'audit_risk: 0.3, freeze_below: 20 }',
      'audit_risk: 0.3, freeze_below: 15 }',
      'one row in ten',
    ],
    ['sparse: resources of 50', 'of 75', 'sparse: { resources: 50 }', 'sparse: { resources: 75 }', 'one row in ten'],
  ]),
  ...seldom('tasks.ts', 'scenarios', [
    ['and one task an epoch', 'two', "extreme === 'sparse' ? 1 : usual", "extreme === 'sparse' ? 2 : usual", 'sparse'],
  ]),
]

export const SWARM_RULES = [
  ...honest,
  ...opportunistic,
  ...deceptive,
  ...residents,
  ...trades,
  ...deals,
  ...trust,
  ...feed,
  ...tasks,
  ...work,
  ...governance,
  ...scores,
  ...ranges,
]
