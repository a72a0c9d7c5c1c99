/** `queue`: what is due, runs and has failed in a queue, and emptying it. */
import { nearest, UserError } from '../envs/core/errors.ts'
import { oneLine } from '../envs/core/text.ts'
import { queueUrl } from '../queue/open.ts'
import { openDesk, type QueueDesk, type QueueStatus, type RunStatus } from '../queue/status.ts'
import type { Args, Command } from './command.ts'
import type { ExitCode, Io } from './io.ts'
import { block, columns, number, plural } from './text.ts'

const ACTIONS = ['status', 'drain', 'clear'] as const

export const queue: Command = {
  options: {
    run: { type: 'string', describe: 'the run that is drained or cleared, by its id; all for all of them' },
    yes: { type: 'boolean', describe: 'do it: without it, drain and clear say what they would do' },
  },
  examples: [
    ['agoragym queue status redis://queue.example:6379', 'runs with their rollouts and cost, and who plays'],
    ['agoragym queue drain --run all --yes', 'stop the runs of the queue in AGORAGYM_QUEUE; their collectors say how to go on'],
    ['agoragym queue clear --run r0123456789abcdef --yes', 'remove what a run whose collector is gone has left'],
  ],
  async run(args, io) {
    const action = ACTIONS.find(each => each === args.text('ACTION'))
    if (action === undefined) {
      const text = args.text('ACTION') ?? ''
      throw new UserError(`agoragym queue: expected ${ACTIONS.join(', ')}; got '${text.slice(0, 64)}'.${nearest(text, ACTIONS)}`)
    }
    const desk = await openDesk(queueUrl(args.text('URL'), io.env), {
      tell: line => io.err(`${oneLine(line)}\n`),
      signal: io.signal,
    })
    try {
      const status = await desk.status()
      if (action === 'status') {
        io.out(args.flag('json') ? `${JSON.stringify(status, null, 2)}\n` : statusText(status, io.columns()))
        return 0
      }
      return await empty(action, desk, status, args, io)
    } finally {
      desk.close()
    }
  },
}

const EMPTYING = {
  drain: { would: 'would be stopped', did: 'stops', loss: '' },
  clear: {
    would: 'would be removed',
    did: 'is removed',
    loss: 'Answers that were paid for and are not filed yet are lost with it.',
  },
} as const

async function empty(
  action: keyof typeof EMPTYING,
  desk: QueueDesk,
  { runs }: QueueStatus,
  args: Args,
  io: Io,
): Promise<ExitCode> {
  const { would, did, loss } = EMPTYING[action]
  const wanted = args.text('run')
  const ids = runs.map(({ id }) => id)
  if (wanted === undefined)
    throw new UserError(`agoragym queue ${action} needs --run ID or --run all. Runs: ${ids.join(', ') || 'none'}.`)
  if (wanted !== 'all' && !ids.includes(wanted))
    throw new UserError(`No run '${wanted.slice(0, 64)}'. Runs: ${ids.join(', ') || 'none'}.${nearest(wanted, ids)}`)
  const chosen = runs.filter(({ id }) => wanted === 'all' || id === wanted)
  if (chosen.length === 0 && !args.flag('json')) io.out('No run is open.\n')
  if (chosen.length > 0 && !args.flag('yes')) {
    for (const { id, what, jobs } of chosen) io.err(`${id} (${what}, ${plural(jobs.waiting + jobs.running, 'job')}) ${would}.\n`)
    throw new UserError(`Nothing was done. ${loss === '' ? '' : `${loss} `}Add --yes to do it.`)
  }
  for (const { id } of chosen) {
    await desk[action](id)
    if (!args.flag('json')) io.out(`${id} ${did}.\n`)
  }
  if (args.flag('json')) io.out(`${JSON.stringify({ [action]: chosen.map(({ id }) => id) }, null, 2)}\n`)
  return 0
}

function statusText({ workers, memory_bytes, runs }: QueueStatus, width: number): string {
  const lines: string[] = []
  const places = workers?.reduce((sum, { concurrency }) => sum + concurrency, 0) ?? 0
  const who = workers === null ? 'workers not listed' : `${plural(workers.length, 'worker')} with ${plural(places, 'place')}`
  const memory = memory_bytes === null ? '' : `, Redis uses ${number(memory_bytes / 1e6)} MB`
  lines.push(block(`${who}${memory}`, width))
  if (runs.length === 0) lines.push('No run is open.')
  for (const run of runs) {
    lines.push('', block(`${run.id}: ${run.what}`, width), columns(runRows(run), width))
    for (const [worker, reason] of Object.entries(run.refusals)) lines.push(block(`${worker} does not play it: ${reason}`, width))
  }
  return `${lines.join('\n')}\n`
}

function runRows({ total, jobs, ok, failed, doubles, per_minute, unfiled, calls, tokens, cost, collector, stopping }: RunStatus) {
  return [
    ['  rollouts', `${ok} ok, ${failed} failed in the queue, of ${total} in all; ${per_minute} in the last minute`],
    ['  jobs', `${jobs.waiting} waiting, ${jobs.running} running; ${unfiled} results to be filed, ${doubles} came twice`],
    ...(calls > 0 ? [['  calls', `${calls}, ${tokens} tokens, ${cost.toFixed(4)} USD`]] : []),
    ['  collector', collector ?? 'none: start the same command again with --resume'],
    ...(stopping === null ? [] : [['  stops', stopping]]),
  ]
}
