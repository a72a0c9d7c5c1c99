/** `view`: a local web app over runs, live while they are played, or over a game that is played while it is looked at. */
import { resolve } from 'node:path'
import { economies, environments } from '../economies/registry.ts'
import { startView } from '../view/server.ts'
import { Watched } from '../view/watched.ts'
import { type Command, integer } from './command.ts'
import { namedRuns } from './compare.ts'
import { type ExitCode, stopped } from './io.ts'
import { LIVE_OPTIONS, readLive } from './live.ts'
import { bugsTo } from './telling.ts'

export const view: Command = {
  options: {
    port: { type: 'string', describe: 'port on 127.0.0.1; 0 for any free one (0)' },
    baseline: { type: 'string', describe: 'player that the others are compared with, by label or name' },
    ...LIVE_OPTIONS,
    title: { type: 'string', describe: 'what stands at the head of the page (agoragym view)' },
  },
  examples: [
    ['agoragym view', 'everything in ./runs, and what comes to be there'],
    ['agoragym view --live ENV', 'a game that is played while you look, at any speed'],
    ['agoragym view runs/suite --port 8080', 'the runs of one folder, always at the same address'],
  ],
  async run(args, io): Promise<ExitCode> {
    const paths = namedRuns(args).map(path => resolve(io.cwd, path))
    const [baseline, title] = [args.text('baseline'), args.text('title')]
    const watched = new Watched(paths, {
      economies,
      environments,
      ...(baseline !== undefined && { baseline }),
      ...(title !== undefined && { title }),
    })
    const live = await readLive(args, io)
    // Whatever is wrong with the runs is told here and not in a browser.
    if (live === undefined) watched.snapshot()
    const running = await startView({
      watched,
      onBug: bugsTo(io),
      ...(live !== undefined && { live }),
      port: integer(args.text('port') ?? '0', '--port', 0),
      ...(title !== undefined && { title }),
    })
    const url = live === undefined ? running.url : `${running.url}/live/`
    if (args.flag('json')) io.out(`${JSON.stringify({ url })}\n`)
    else io.out(`${url}\nOpen it in a browser; Ctrl-C ends.\n`)
    await stopped(io.signal)
    await running.close()
    await live?.close()
    return 0
  },
}
