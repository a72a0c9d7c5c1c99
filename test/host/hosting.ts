/** Hosted games in this process, as `agoragym host` hosts them, with a clock that goes when it is told to. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ExperimentInput, experiment } from '../../evals/experiment.ts'
import { type ExperimentResult, planExperiment, rolloutsOf, runExperiment } from '../../evals/run_experiment.ts'
import { HostedGames } from '../../host/games.ts'
import type { HostRules } from '../../host/seat.ts'
import { type HostServerOptions, type RunningHost, startHost } from '../../host/server.ts'
import { economies } from '../../index.ts'
import type { Clock } from '../../rollouts/models/retry.ts'
import { botName } from '../../rollouts/players/bot.ts'
import { type PlayerContext, playersFor } from '../../rollouts/players/index.ts'
import { type Choose, MonitorPage, Person } from './person.ts'

/** Time that stands still but for `pass`. */
export class HandClock implements Clock {
  #now = 1_000_000
  readonly #timers = new Set<{ readonly at: number; readonly callback: () => void }>()

  now(): number {
    return this.#now
  }

  after(ms: number, callback: () => void): () => void {
    const timer = { at: this.#now + ms, callback }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  random(): number {
    return 0.5
  }

  /** Lets so many milliseconds pass, timer by timer. */
  pass(ms: number): void {
    const end = this.#now + ms
    for (;;) {
      const next = [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0]
      if (next === undefined) break
      this.#timers.delete(next)
      this.#now = next.at
      next.callback()
    }
    this.#now = end
  }
}

export interface Hosting {
  readonly games: HostedGames
  readonly server: RunningHost
  readonly clock: HandClock
  /** The folder of the runs, and of the run. */
  readonly out: string
  readonly folder: () => string
  readonly played: Promise<ExperimentResult>
  /** The link of a seat of a game (0). */
  link(agent: string, game?: number): string
  person(agent: string, choose?: Choose, game?: number): Person
  monitor(): MonitorPage
  /** Ends everything as Ctrl-C does. */
  stop(): Promise<ExperimentResult>
}

export interface HostingOptions extends Pick<PlayerContext, 'own'> {
  readonly rules?: Partial<HostRules>
  readonly server?: Partial<HostServerOptions>
  readonly out?: string
  readonly resume?: boolean
  readonly clock?: HandClock
}

const running = new Set<Hosting>()
const folders = new Set<string>()

/** Ends what a test has left, and removes its folders. */
export async function endHosting(): Promise<void> {
  for (const hosting of running) await hosting.stop().catch(() => {})
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
  folders.clear()
}

/** Begins games in which the seats of `human` are people's. */
export async function hosting(entry: ExperimentInput['entries'][number], options: HostingOptions = {}): Promise<Hosting> {
  const { clock = new HandClock(), resume = false, own } = options
  const out = options.out ?? mkdtempSync(join(tmpdir(), 'agoragym-host-'))
  folders.add(out)
  const economy = economies.get(entry.env)
  const games = new HostedGames({
    title: 'A session',
    bots: ['bot:honest', ...Object.keys(economy.bots).map(botName)],
    botOf: playersFor({ economy }),
    clock,
    ...options.rules,
  })
  const asked = experiment({ entries: [entry] })
  const { people } = games
  const who = { economies, people, ...(own !== undefined && { own }) }
  const specs = [...rolloutsOf(planExperiment(asked, who))]
  const server = await startHost({ games, port: 0, ...options.server })
  const given = new AbortController()
  let folder = ''
  let opened = (): void => {}
  const ready = new Promise<void>(resolve => {
    opened = resolve
  })
  const played = runExperiment(asked, {
    ...who,
    out,
    resume,
    concurrency: specs.length,
    signal: given.signal,
    onEvent(event) {
      if (event.type === 'cell_start') {
        folder = event.folders[0]!
        games.open(folder, specs)
        opened()
      } else games.event(event)
    },
  })
  played.catch(() => {})
  await Promise.race([ready, played])
  const link = (agent: string, game = 0): string =>
    `${server.url}${games.links.find(each => each.seat === agent && each.game === game)!.path}`
  const self: Hosting = {
    games,
    server,
    clock,
    out,
    folder: () => folder,
    played,
    link,
    person: (agent, choose, game) => new Person(link(agent, game), choose),
    monitor: () => new MonitorPage(`${server.url}${games.monitorPath}`),
    async stop() {
      running.delete(self)
      given.abort()
      games.stop()
      try {
        return await played
      } finally {
        await server.close()
        games.close()
      }
    },
  }
  running.add(self)
  return self
}
