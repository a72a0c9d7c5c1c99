/**
 * All files of one session in the laboratory's form: what is in them and what they are called. Makes text; writes nothing.
 * The laboratory's workbooks are comma-separated twins here, one file a sheet.
 */
import { createHash } from 'node:crypto'
import { Episode } from '../../../envs/core/episode.ts'
import type { EpisodeLog } from '../../../envs/core/log.ts'
import { digest } from '../../../envs/core/plain.ts'
import type { AgentId } from '../../../envs/core/tool.ts'
import { spatialPlanning } from '../../../envs/spatial_planning/index.ts'
import { type Session, sessionOf, settledRounds } from '../../../envs/spatial_planning/session.ts'
import type { SpatialTypes } from '../../../envs/spatial_planning/types.ts'
import type { Files } from '../../run_export.ts'
import { gameData } from './game_data.ts'
import { marketLog } from './market_log.ts'
import { seatMeasures, worldMeasures } from './measures.ts'
import { participantsOf } from './participants.ts'
import { recordOf } from './record.ts'
import { csv } from './sheet.ts'
import { chatLog, votingSheet } from './voting_sheet.ts'
import { type GameFacts, wideSheet } from './wide_sheet.ts'

const json = (value: unknown): string => `${JSON.stringify(value)}\n`
const jsonLines = (values: readonly unknown[]): string => values.map(value => `${JSON.stringify(value)}\n`).join('')

/** The laboratory's files of a session, whoever played it, and what our metrics say of it. `id` begins every name. */
export function labFiles(session: Session, id: string, facts: GameFacts): Files {
  const rounds = settledRounds(session)
  const voting = session.config.treatment === 'voting'
  const perRound = Object.fromEntries(
    rounds.map(round =>
      voting
        ? [`${id}.game-chat.round-${round.round}.csv`, csv(chatLog(session, round))]
        : [`${id}.market-log.round-${round.round}.csv`, csv(marketLog(session, round))],
    ),
  )
  return {
    [`${id}.analysis.csv`]: csv(voting ? votingSheet(session, facts) : wideSheet(session, facts)),
    ...perRound,
    [`${id}.data.json`]: json(gameData(session, facts)),
    [`${id}.log.json`]: json(recordOf(session)),
    [`${id}.measures.csv`]: csv(worldMeasures(session)),
    [`${id}.seats.csv`]: csv(seatMeasures(session)),
  }
}

/** What a model's calls of one turn came to. */
export interface TurnCost {
  readonly model_calls: number
  readonly latency_ms: number
  readonly prompt_tokens: number
  readonly completion_tokens: number
  /** USD; null where no price is known. */
  readonly cost: number | null
}

/** Facts of a run that its logs do not hold. */
export interface RunEvidence {
  /** By agent and step. */
  readonly costs: ReadonlyMap<string, TurnCost>
  /** The evaluated seats, and what is known of the player in them: model, persona, sampling. */
  readonly evaluated: readonly AgentId[]
  readonly details: Readonly<Record<string, unknown>>
}

/** A log that came from nowhere. */
export const NO_EVIDENCE: RunEvidence = { costs: new Map(), evaluated: [], details: {} }

export const costKey = (agent: AgentId, t: number): string => `${agent} ${t}`

/** The laboratory's files of a logged episode, with those on who played and what each turn was. */
export function episodeFiles(log: EpisodeLog<SpatialTypes>, id: string, evidence: RunEvidence): Files {
  const session = sessionOf(log)
  const { config, seed } = { config: session.config, seed: log.header.seed }
  const dataset = config.session === 0 ? `seed ${seed}` : config.session
  return {
    ...labFiles(session, id, { session: id, dataset }),
    [`${id}.agents.csv`]: csv(agentSheet(session, log, evidence)),
    [`${id}.turns.jsonl`]: jsonLines(turnLines(log, evidence)),
    [`${id}.manifest.json`]: json({
      env: log.header.env,
      version: log.header.version,
      config,
      seed,
      repeat: log.header.repeat,
      stimuli: config.session === 0 ? `drawn from seed ${seed}` : `IBEX-TUDelft/IBEX-game_server session ${config.session}`,
      seats: log.header.seats,
      stop: log.stop,
    }),
  }
}

const KINDS: readonly (readonly [prefix: string, kind: string])[] = [
  ['bot:', 'bot'],
  ['random', 'bot'],
  ['human', 'human'],
  ['unnamed', 'unnamed'],
]

function agentSheet(session: Session, { header }: EpisodeLog<SpatialTypes>, { evaluated, details }: RunEvidence) {
  const text = (value: unknown): string | null => (value === undefined || value === null ? null : String(value))
  return {
    head: ['players.number', 'players.tag', 'agent', 'player', 'kind', 'model', 'persona', 'prompt_digest', 'seed'],
    rows: participantsOf(session).map(({ player, number, tag }) => {
      const agent = session.roster.agents[player]!
      const name = header.seats[agent]!
      const kind = KINDS.find(([prefix]) => name.startsWith(prefix))?.[1] ?? 'model'
      const known = kind === 'model' && evaluated.includes(agent) ? details : {}
      return [
        number,
        tag,
        agent,
        name,
        kind,
        kind === 'model' ? text(known.model ?? name) : null,
        text(known.persona),
        sha(spatialPlanning.rules(session.config, agent)),
        header.seed,
      ]
    }),
  }
}

const sha = (text: string): string => createHash('sha256').update(text).digest('hex')

/** A line a turn: what was seen (its digest), what was called, what came of it, what it cost. */
function turnLines(log: EpisodeLog<SpatialTypes>, { costs }: RunEvidence): object[] {
  const { header } = log
  // A log of another version cannot be played again, and so not be seen again.
  const replayed =
    header.version === spatialPlanning.version
      ? new Episode<SpatialTypes>(spatialPlanning, header.config, header.seed, { repeat: header.repeat, seats: header.seats })
      : undefined
  return log.steps.flatMap(({ t, decisions, results, refused }) => {
    const lines = Object.entries(decisions).map(([agent, { calls }]) => {
      const seen = replayed?.observe(agent)
      return {
        t,
        agent,
        round: seen?.shared.round ?? null,
        phase: seen?.shared.phase ?? null,
        observation: seen === undefined ? null : digest(seen),
        calls,
        results: results[agent] ?? [],
        refused: refused.filter(call => call.agent === agent).map(({ tool, code }) => ({ tool, code })),
        ...costs.get(costKey(agent, t)),
      }
    })
    replayed?.step(decisions)
    return lines
  })
}
