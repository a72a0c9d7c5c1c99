/** How fast sessions of scripted players run on the real path: episodes with logs, scores left out. */
import { playSession } from '../../bots/spatial_planning/play.ts'
import { type Bench, type BenchRow, seconds } from '../bench.ts'

const SESSIONS = 11

/** A bot by seat that makes every mechanism work. */
const mixed = ({ agent, role }: { readonly agent: string; readonly role: string }): string =>
  role === 'developer' ? 'deceptive' : agent.endsWith('1') ? 'honest' : 'opportunistic'

function run(): readonly BenchRow[] {
  return [
    ...rows('harberger', 'honest', () => 'honest'),
    ...rows('harberger', 'mixed', mixed),
    ...rows('futarchy', 'mixed', mixed),
    ...rows('voting', 'mixed', mixed),
  ]
}

/** A session is six rounds, the practice round among them: 792 turns with a market of nine turns, 246 with a vote. */
function rows(treatment: string, name: string, botOf: typeof mixed): readonly BenchRow[] {
  let turns = 0
  const all = (): void => {
    turns = 0
    for (let session = 1; session <= SESSIONS; session++) {
      const { log } = playSession({ treatment, session, practice: true }, session, botOf)
      for (const { decisions } of log.steps) turns += Object.keys(decisions).length
    }
  }
  all()
  const time = seconds(all)
  const what = `${treatment}, ${name} players`
  return [
    { what: `${what}: sessions`, value: SESSIONS / time, unit: 'sessions/s' },
    { what: `${what}: turns`, value: turns / time, unit: 'turns/s' },
    { what: `${what}: one session of ${turns / SESSIONS} turns`, value: (1000 * time) / SESSIONS, unit: 'ms' },
  ]
}

export const spatialPlanningBench: Bench = {
  id: 'spatial_planning',
  title: 'sessions of six rounds, scripted players',
  run,
}
