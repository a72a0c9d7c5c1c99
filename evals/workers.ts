/**
 * An experiment's rollouts over worker threads. A thread plans the same experiment and plays those rollouts of it in which nobody
 * but scripted players sits: who calls a model, asks a server or waits for a person stays with the process, its limits and its keys.
 * What a thread answers is filed by the process, so that files, resume and stopping are those of one thread. Knows plans and tasks;
 * knows no economy and no file.
 */
import { setImmediate } from 'node:timers/promises'
import { UserError } from '../envs/core/errors.ts'
import type { Lookup } from '../envs/core/registry.ts'
import type { Elsewhere, Job } from '../rollouts/batch.ts'
import { type Outcome, playRollout, thrown } from '../rollouts/played.ts'
import type { CallRow, Player } from '../rollouts/player.ts'
import type { PlayerContext } from '../rollouts/players/index.ts'
import type { Lineup, RolloutSpec } from '../rollouts/rollout.ts'
import { answerInThread, ThreadPool } from '../rollouts/threads.ts'
import { type Experiment, resolveCells } from './experiment.ts'
import type { Playable } from './opponents.ts'
import { planCells } from './plan.ts'
import { type Task, TaskSpecs, taskOf } from './tasks.ts'

/** Whom an experiment may name besides scripted players. */
type Who = Pick<PlayerContext, 'models' | 'own' | 'people'>

/** What a run's files say of a player. */
type PlayerFacts = Omit<Player, 'policies' | 'arrive'>

/** Players of models, of a program's own and of people, by how they are asked for. Threads do not play them. */
type Strangers = Readonly<Record<string, PlayerFacts>>

/** The same players, each noted in `strangers` as it is made. */
export function noting(who: Who, strangers: Record<string, PlayerFacts>): Who {
  const { models, own, people } = who
  const noted = (id: string, player: Player): Player => {
    const { policies: _, arrive: __, ...facts } = player
    strangers[id] = facts
    return player
  }
  return {
    ...(people !== undefined && { people }),
    ...(models !== undefined && {
      models: {
        player: choice => noted(modelId(choice), models.player(choice)),
        served: text => noted(servedId(text), models.served(text)),
      },
    }),
    ...(own !== undefined && {
      own: (name, economy) => {
        const player = own(name, economy)
        return player && noted(ownId(name, economy.env.id), player)
      },
    }),
  }
}

/** Players with the facts of those that were noted: they make the same plans, and do not play. */
function standIns(strangers: Strangers): Required<Who> {
  const standIn = (facts: PlayerFacts): Player => ({ ...facts, policies: () => unplayed(facts.name) })
  return {
    models: {
      player: choice => standIn(strangers[modelId(choice)]!),
      served: text => standIn(strangers[servedId(text)]!),
    },
    own: (name, economy) => {
      const facts = strangers[ownId(name, economy.env.id)]
      return facts && standIn(facts)
    },
    people: { details: {}, policies: () => unplayed('human') },
  }
}

function unplayed(name: string): never {
  throw new Error(`workers: ${name} is not played in a thread`)
}

const modelId = (choice: unknown): string => `model ${JSON.stringify(choice)}`
const servedId = (text: string): string => `served ${text}`
const ownId = (name: string, env: string): string => `own ${env} ${name}`

/** How threads find the economies that an experiment is played in. */
export interface ThreadSource {
  /** A module that calls `serveRollouts` with the same economies. */
  readonly module: URL
  /** URLs of modules that it imports first. */
  readonly imports: readonly string[]
}

/** What a thread is given. */
export interface WorkerData {
  readonly imports: readonly string[]
  readonly asked: Experiment
  /** Where scenario files are looked for. */
  readonly folder: string
  readonly strangers: Strangers
  /** Not 0 once nothing more is to be begun. */
  readonly stop: Int32Array
}

/** Rollouts that a thread plays one after the other. */
interface Ask {
  readonly tasks: readonly { readonly task: Task; readonly recorded: readonly CallRow[] }[]
}

/** What they came to, in that order, and how long each took on average; or why the thread cannot play any. */
type Answer = { readonly outcomes: readonly Outcome[]; readonly ms: number } | { readonly refused: string }

/** In a thread: plans the experiment in the economies that `load` gives, and plays what it is asked for. */
export function serveRollouts(data: WorkerData, load: () => Promise<Lookup<Playable>>): void {
  const { asked, folder, strangers, stop } = data
  const planned = load().then(
    economies => new TaskSpecs(planCells(asked, resolveCells(asked, economies), { folder, ...standIns(strangers) })),
  )
  // It is told with the first answer.
  planned.catch(() => {})
  answerInThread(async ({ tasks }: Ask): Promise<Answer> => {
    try {
      const specs = await planned
      const start = performance.now()
      const outcomes: Outcome[] = []
      for (const { task, recorded } of tasks) {
        const spec = specs.of(task)
        outcomes.push(Atomics.load(stop, 0) === 0 ? await playRollout(spec, { recorded }) : { kind: 'unplayed' })
      }
      return { outcomes, ms: (performance.now() - start) / tasks.length }
    } catch (error) {
      if (error instanceof UserError) return { refused: error.message }
      throw error
    }
  })
}

/** Milliseconds that a thread is to play before it answers: long beside a message, short beside a person's patience. */
const PLAY_MS = 50

/** Rollouts of one message at most. */
const MOST = 64

/**
 * Threads that play an experiment's scripted rollouts, and this one, which plays while the others have enough to do. Close them, or
 * the process does not end.
 */
export class Workers implements Elsewhere {
  readonly #pool: ThreadPool<Ask, Answer>
  readonly #strange: ReadonlySet<string>
  readonly #stop = new Int32Array(new SharedArrayBuffer(4))
  readonly #taken = new WeakMap<Lineup, boolean>()
  /** Milliseconds of a rollout, lately. */
  #ms: number | undefined

  /** At most `count` threads, this one counted, for the experiment `asked` as it was planned with players that were noted in `strangers`. */
  constructor(
    count: number,
    { module, imports }: ThreadSource,
    { asked, folder, strangers }: Pick<WorkerData, 'asked' | 'folder' | 'strangers'>,
  ) {
    const data: WorkerData = { imports, asked, folder, strangers, stop: this.#stop }
    this.#pool = new ThreadPool(module, data, count - 1)
    this.#strange = new Set(Object.values(strangers).map(({ name }) => name))
  }

  takes({ lineup }: Pick<RolloutSpec, 'lineup'>): boolean {
    let taken = this.#taken.get(lineup)
    if (taken === undefined) {
      taken = Object.values(lineup).every(({ name, kind }) => kind === 'bot' && !this.#strange.has(name))
      this.#taken.set(lineup, taken)
    }
    return taken
  }

  async play(
    jobs: Iterator<Job>,
    tell: (job: Job, outcome: Outcome) => void,
    stop: AbortSignal,
    here: (job: Job) => Promise<void>,
  ): Promise<void> {
    const halt = (): void => void Atomics.store(this.#stop, 0, 1)
    if (stop.aborted) halt()
    stop.addEventListener('abort', halt, { once: true })
    const running = new Set<Promise<void>>()
    let refused: Error | undefined
    while (refused === undefined) {
      if (this.#pool.full) {
        const { value: job, done } = jobs.next()
        if (done) break
        await here(job)
        // What threads have answered is filed, and they are asked again, before the next.
        await setImmediate()
        continue
      }
      const batch = this.#next(jobs, tell)
      if (batch.length === 0) break
      const flight = this.#play(batch, tell)
        .catch(error => {
          refused ??= error
          halt()
        })
        .finally(() => running.delete(flight))
      running.add(flight)
    }
    await Promise.all(running)
    stop.removeEventListener('abort', halt)
    if (refused !== undefined) throw refused
  }

  close(): Promise<void> {
    return this.#pool.close()
  }

  /** The jobs of the next message, with what an interrupted run left of each. */
  #next(jobs: Iterator<Job>, tell: (job: Job, outcome: Outcome) => void): { readonly job: Job; readonly recorded: CallRow[] }[] {
    const size = this.#ms === undefined ? 1 : Math.min(MOST, Math.max(1, Math.round(PLAY_MS / this.#ms)))
    const batch = []
    while (batch.length < size) {
      const { value: job, done } = jobs.next()
      if (done) break
      try {
        batch.push({ job, recorded: job.store.recorded(taskOf(job).key) })
      } catch (error) {
        tell(job, thrown(error))
      }
    }
    return batch
  }

  async #play(
    batch: readonly { readonly job: Job; readonly recorded: readonly CallRow[] }[],
    tell: (job: Job, outcome: Outcome) => void,
  ): Promise<void> {
    const answer = await this.#pool
      .ask({ tasks: batch.map(({ job, recorded }) => ({ task: taskOf(job), recorded })) })
      .catch((error: unknown): Answer => {
        const outcome = thrown(error)
        return { outcomes: batch.map(() => outcome), ms: 0 }
      })
    if ('refused' in answer) {
      for (const { job } of batch) tell(job, { kind: 'unplayed' })
      throw new UserError(`A worker thread cannot play the experiment. ${answer.refused}`)
    }
    if (answer.ms > 0) this.#ms = this.#ms === undefined ? answer.ms : 0.7 * this.#ms + 0.3 * answer.ms
    for (const [i, { job }] of batch.entries()) tell(job, answer.outcomes[i]!)
  }
}
