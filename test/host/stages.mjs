/**
 * Views of every stage of both pages, made from real games: what the pages' tests and their screenshots show. Knows the messages and
 * the economies' interface; `from` is the package, from the sources or from a build.
 */

/** What a person or a model may write to break a page. */
export const HOSTILE = '<img src=x onerror="window.broken=1"></script><script>window.broken=1</script>"\'&lt;b&gt;'

const ASKED = [
  { name: 'age', label: 'How old are you?', type: 'number', required: true },
  {
    name: 'field_of_study',
    label: 'What do you study?',
    type: 'choice',
    choices: ['Economics', 'Law', 'Natural sciences', 'Something else'],
    required: false,
  },
  { name: 'is_adult', label: 'I have read the information and agree to take part.', type: 'checkbox', required: true },
]
const QUESTIONS = [
  { name: 'strategy', label: 'How did you decide? Please describe it in a few sentences.', type: 'text', required: true },
  {
    name: 'trust',
    label: 'How far did you trust the other players?',
    type: 'choice',
    choices: ['Not at all', 'A little', 'Half and half', 'Mostly', 'Fully'],
    required: true,
  },
  { name: 'played_before', label: 'I have taken part in such a study before.', type: 'checkbox', required: false },
]
const CONSENT =
  'You are invited to take part in a study of how people decide about land. It takes about 45 minutes.\n\nTaking part is voluntary. You can stop at any time, without saying why, and have your data deleted. What is recorded are your decisions in the game and your answers to the questions on this page and at the end; your name is not asked and not kept.\n\nYou are paid 5 euros for coming, and what you earn in the game besides.'

/** Every kind of field that a JSON schema can ask for. */
export const EVERY_KIND = {
  name: 'every_kind',
  description: 'One field of every kind that a tool may ask for.',
  is_ask: false,
  parameters: {
    type: 'object',
    $defs: {
      point: { type: 'object', properties: { x: { type: 'number' }, y: { type: 'number' } }, required: ['x', 'y'] },
    },
    properties: {
      amount: { type: 'integer', minimum: 1, maximum: 1_000_000, description: 'tokens' },
      share: { type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 1, multipleOf: 0.05, description: 'of the whole' },
      side: { type: 'string', enum: ['bid', 'ask'], description: 'bid: to buy; ask: to sell' },
      parcel: {
        type: 'string',
        enum: ['north_1', 'north_2', 'north_3', 'east_1', 'east_2', 'east_3', 'west_1'],
        description: 'which of them',
      },
      is_open: { type: 'boolean', description: 'whether everybody may see it' },
      title: { type: 'string', minLength: 2, maxLength: 40, description: 'a short name' },
      speech: { type: 'string', maxLength: 280, description: 'heard by all next turn' },
      code: { type: 'string', maxLength: 8, pattern: '^[A-Z]{2}\\d+$', description: 'two capitals and a number' },
      level: { enum: [1, 2, 3], description: 'from low to high' },
      plots: {
        type: 'array',
        maxItems: 3,
        items: { type: 'string', enum: ['first', 'second', 'third'] },
        description: 'any of them',
      },
      answers: {
        type: 'array',
        minItems: 1,
        maxItems: 3,
        items: { type: 'string', maxLength: 100 },
        description: 'one a question, in order',
      },
      legs: {
        type: 'array',
        maxItems: 4,
        items: {
          type: 'object',
          properties: {
            to: { type: 'string', minLength: 1, maxLength: 20 },
            quantity: { type: 'integer', minimum: 0, maximum: 9 },
          },
          required: ['to', 'quantity'],
        },
        description: 'what goes where',
      },
      place: { $ref: '#/$defs/point' },
      range: { type: 'array', prefixItems: [{ type: 'integer' }, { type: 'integer' }] },
      price: { anyOf: [{ type: 'number', minimum: 0 }, { type: 'string', enum: ['market'] }, { type: 'null' }] },
      terms: {
        oneOf: [
          { type: 'object', properties: { kind: { const: 'fixed' }, rate: { type: 'number' } }, required: ['kind', 'rate'] },
          { type: 'object', properties: { kind: { const: 'open' } }, required: ['kind'] },
        ],
      },
      weights: { type: 'object', additionalProperties: { type: 'number', minimum: 0 }, description: 'by name' },
      version: { const: 'v1' },
      extra: { description: 'anything else' },
    },
    required: ['amount', 'side', 'parcel', 'is_open', 'title', 'plots', 'answers', 'legs', 'version'],
  },
  proposals: [],
}

/** Values that fill every field of `EVERY_KIND`, and a proposal of them. */
export const EVERY_VALUE = {
  amount: 1250,
  share: 0.35,
  side: 'ask',
  parcel: 'east_2',
  is_open: false,
  title: 'A field',
  speech: 'Good morning.',
  code: 'AB12',
  level: 2,
  plots: ['first', 'third'],
  answers: ['one', ''],
  legs: [
    { to: 'north', quantity: 3 },
    { to: 'south', quantity: 0 },
  ],
  place: { x: 1.5, y: -2 },
  range: [1, 9],
  price: 'market',
  terms: { kind: 'fixed', rate: 0.5 },
  weights: { a: 1, b: 0.5 },
  version: 'v1',
  extra: { any: [1, null] },
}

/** Plays a game with calls that the economy accepts, for `steps` steps, and then on until `agent` may act. */
function played({ Episode, resolveConfig, candidates }, env, preset, agent, steps) {
  const config = resolveConfig(env, preset)
  const episode = new Episode(env, config, 1)
  const done = []
  for (let n = 0; !episode.over && (n < steps || !episode.actors().includes(agent)); n++) {
    const decisions = {}
    for (const [i, actor] of episode.actors().entries()) {
      const observation = episode.observe(actor)
      const legal = env
        .offered(episode.state, actor)
        .filter(name => env.tools(config)[name].kind === 'act')
        .flatMap(name => candidates(env.tools(config)[name], observation).map(args => ({ tool: name, args })))
        .filter(call => episode.check(actor, call).ok)
      decisions[actor] = { calls: legal.length === 0 ? [] : [legal[(7 * n + 3 * i) % legal.length]] }
    }
    const mine = decisions[agent]
    const { results } = episode.step(decisions)
    if (mine !== undefined)
      done.push({
        turn: done.length,
        t: n,
        sent: mine.calls.map(call => `${call.tool} ${JSON.stringify(call.args)}`),
        results: (results[agent] ?? []).map(({ text }) => text),
      })
  }
  return { episode, config, done }
}

function toolsOf({ toolSchema, candidates }, env, { episode, config }, agent) {
  const words = args =>
    Object.entries(args)
      .map(([name, value]) => `${name.replaceAll('_', ' ')} ${typeof value === 'string' ? value : JSON.stringify(value)}`)
      .join(', ')
  return env.offered(episode.state, agent).map(name => {
    const tool = env.tools(config)[name]
    const legal = candidates(tool, episode.observe(agent)).filter(args => episode.check(agent, { tool: name, args }).ok)
    return {
      ...toolSchema(name, tool),
      is_ask: tool.kind === 'ask',
      proposals: legal.slice(0, 20).map(args => ({ text: words(args), args })),
    }
  })
}

const EMPTY = { type: 'view', consent: null, room: null, turn: null, told: [], history: [], questions: null, result: null }

/** A turn of a seat of a real game. */
export function turnOf(from, id, preset, agent, steps, { left = null } = {}) {
  const { env } = from.economies.get(id)
  const game = played(from, env, preset, agent, steps)
  const { maxCalls, onSilence } = env.turn(game.config, agent)
  const told = game.done.at(-1)?.results.map(text => ({ ok: !text.startsWith('Refused'), code: null, text })) ?? []
  return {
    ...EMPTY,
    stage: 'playing',
    title: 'A planning game',
    seat: agent,
    rules: env.rules(game.config, agent),
    turn: {
      turn: game.done.length,
      t: game.episode.t,
      text: env.render(game.episode.observe(agent)),
      tools: toolsOf(from, env, game, agent),
      max_calls: Number.isFinite(maxCalls) ? maxCalls : null,
      left_ms: left,
      on_silence: onSilence,
    },
    told,
    history: game.done,
  }
}

/** The views by name. */
export function stagesOf(from) {
  const market = turnOf(from, 'spatial_planning', 'harberger', 'owner_2', 24, { left: 95_000 })
  const base = { ...EMPTY, title: market.title, seat: market.seat, rules: market.rules }
  const scores = { reward: 0.612, payoff: 412_500, reputation: null, survival: null, quality: 0.75 }
  const result = {
    scores,
    payoff: 'EUR 12.40',
    payment_code: 'K7PQ-2MXR-9DWA',
    finish_url: 'https://lab.example/finish?code=K7PQ',
  }
  const hostile = { ...market, title: HOSTILE, seat: HOSTILE, rules: `# ${HOSTILE}\n- ${HOSTILE}\n\`${HOSTILE}\`` }
  return {
    consent: { ...base, stage: 'consent', consent: { text: CONSENT, fields: ASKED } },
    waiting: { ...base, stage: 'waiting', room: { here: 9, needed: 12 } },
    declare: turnOf(from, 'spatial_planning', 'harberger', 'owner_1', 0, { left: 180_000 }),
    market,
    vote: turnOf(from, 'spatial_planning', 'voting', 'owner_5', 24),
    tokens: { ...turnOf(from, 'sim_economy', 'standard', 'agent_0', 12), title: 'The price of thinking' },
    swarm: { ...turnOf(from, 'swarm_economy', 'standard', 'learner', 12), title: 'A shared economy' },
    mars: { ...turnOf(from, 'mars_colony', 'agentic', 'colonist_0', 6, { left: 240_000 }), title: 'A colony on Mars' },
    every_kind: {
      ...market,
      turn: {
        ...market.turn,
        left_ms: null,
        max_calls: 3,
        tools: [{ ...EVERY_KIND, proposals: [{ text: 'all of it', args: EVERY_VALUE }] }],
      },
    },
    hostile: {
      ...hostile,
      turn: {
        ...market.turn,
        text: `## ${HOSTILE}\n${HOSTILE}: ${HOSTILE}\n- ${HOSTILE}\na: ${HOSTILE}, b\nc: 1, 2`,
        tools: [{ ...EVERY_KIND, description: HOSTILE, proposals: [{ text: HOSTILE, args: { title: HOSTILE } }] }],
      },
      told: [{ ok: true, code: null, text: HOSTILE }],
      history: [{ turn: 0, t: 0, sent: [HOSTILE], results: [HOSTILE] }],
    },
    others: { ...base, stage: 'others', told: market.told, history: market.history },
    paused: { ...base, stage: 'paused', told: market.told, history: market.history },
    questions: { ...base, stage: 'questions', questions: QUESTIONS, history: market.history },
    over: {
      ...base,
      stage: 'over',
      result,
      told: [],
      history: market.history,
    },
    replaced: { ...base, stage: 'replaced', history: market.history },
    left: { ...base, stage: 'left', rules: '' },
    failed: { ...base, stage: 'failed' },
    ...monitors(),
  }
}

const AGENTS = ['owner_1', 'developer', 'owner_2', 'owner_3', 'speculator_1', 'speculator_2']

function monitors() {
  const seat = (agent, i, stage, more = {}) => ({
    agent,
    player: 'human',
    is_human: true,
    link: `/seat/${agent}-${i}-9f0c2b7a5d1e4c88`,
    stage,
    connected: true,
    absent_ms: null,
    human_turns: 4,
    timeouts: 0,
    bot_turns: 0,
    waiting_ms: null,
    left_ms: null,
    payment_code: null,
    ...more,
  })
  const bot = agent => ({
    ...seat(agent, 0, 'bot'),
    player: 'bot:truthful',
    is_human: false,
    link: null,
    connected: false,
    human_turns: 0,
  })
  const game = (number, stage, seats, more = {}) => ({
    game: number,
    key: `g${number}`,
    seed: 40 + number,
    stage,
    t: 7,
    stop: null,
    seats,
    ...more,
  })
  const base = {
    type: 'monitor',
    title: 'A planning game',
    out: 'runs/session_1',
    bots: ['bot:truthful', 'bot:greedy', 'bot:random'],
  }
  const running = AGENTS.map((agent, i) =>
    [
      () => seat(agent, 1, 'playing', { waiting_ms: 34_000, left_ms: 56_000 }),
      () => seat(agent, 1, 'others'),
      () => seat(agent, 1, 'playing', { connected: false, absent_ms: 81_000, timeouts: 2, waiting_ms: 72_000, left_ms: 18_000 }),
      () =>
        seat(agent, 1, 'replaced', {
          player: 'bot:truthful',
          is_human: false,
          bot_turns: 3,
          connected: false,
          absent_ms: 400_000,
        }),
      () =>
        seat(agent, 1, 'left', { player: 'bot:truthful', is_human: false, bot_turns: 1, connected: false, absent_ms: 61_000 }),
      () => bot(agent),
    ][i](),
  )
  const waiting = AGENTS.map((agent, i) =>
    seat(agent, 2, i < 3 ? 'waiting' : 'consent', { connected: i !== 4, absent_ms: i === 4 ? 12_000 : null, human_turns: 0 }),
  )
  const over = AGENTS.map((agent, i) =>
    seat(agent, 3, 'over', {
      human_turns: 25,
      payment_code: `K7PQ-2MXR-9DW${i}`,
      connected: i < 2,
      absent_ms: i < 2 ? null : 30_000 * i,
    }),
  )
  return {
    monitor_waiting: { ...base, games: [game(1, 'waiting', waiting, { t: 0 }), game(2, 'waiting', waiting, { t: 0 })] },
    monitor_playing: {
      ...base,
      games: [
        game(1, 'playing', running),
        game(2, 'waiting', waiting, { t: 0 }),
        game(3, 'over', over, { t: 55, stop: 'horizon' }),
        game(4, 'paused', running),
      ],
    },
    monitor_over: { ...base, games: [game(3, 'over', over, { t: 55, stop: 'horizon' })] },
  }
}
