/** `worker`: plays what comes through a queue. */
import { resolve } from 'node:path'
import { importedModules } from '../economies/imports.ts'
import { economies } from '../economies/registry.ts'
import { oneLine } from '../envs/core/text.ts'
import { queueUrl } from '../queue/open.ts'
import { runWorker } from '../queue/worker.ts'
import type { Command } from './command.ts'
import { plural } from './text.ts'

export const worker: Command = {
  options: {
    queue: { type: 'string', describe: 'redis://HOST:PORT of the queue (the one in AGORAGYM_QUEUE)' },
    concurrency: { type: 'string', alias: 'c', describe: 'jobs at once: rollouts of models, batches of scripted play (16)' },
    results: { type: 'string', describe: 'where the folder of --results lies on this machine (where the collector says)' },
    lease: { type: 'string', describe: 'seconds after which the jobs of a worker that is gone go to others (30)' },
    'stuck-after': { type: 'string', describe: 'seconds after which an episode that does not come on ends the worker (3600)' },
  },
  examples: [
    [
      'agoragym worker --queue redis://queue.example:6379 -c 64',
      'play until it is stopped; one worker a core plays scripted rollouts',
    ],
  ],
  async run(args, io) {
    const results = args.text('results')
    const { played } = await runWorker({
      url: queueUrl(args.text('queue'), io.env),
      economies,
      imported: importedModules(),
      env: io.env,
      concurrency: args.integer('concurrency', 16, 1),
      lease: args.integer('lease', 30, 1) * 1000,
      stuck: args.integer('stuck-after', 3600, 1) * 1000,
      ...(results !== undefined && { results: resolve(io.cwd, results) }),
      signal: io.signal,
      tell: line => io.err(`${oneLine(line)}\n`),
    })
    if (args.flag('json')) io.out(`${JSON.stringify({ played }, null, 2)}\n`)
    else io.out(`Played ${plural(played, 'rollout')}.\n`)
    return 0 as const
  },
}
