// agoragym/host: a game with a person's seat in the browser. Here nobody comes, so that the experimenter begins and a bot takes the
// seat; leave that out, and whoever opens the link plays.
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { economies } from 'agoragym'
import { HostedGames, startHost } from 'agoragym/host'
import { experiment, planExperiment, playersFor, rolloutsOf, runExperiment } from 'agoragym/rollouts'

const economy = economies.get('sim_economy')
const games = new HostedGames({ bots: ['bot:honest'], botOf: playersFor({ economy }), turnMs: 60_000 })
const { people } = games
const asked = experiment({ entries: [{ env: 'sim_economy', presets: ['short'], seeds: '1', players: ['human'] }] })
const specs = [...rolloutsOf(planExperiment(asked, { economies, people }))]
const server = await startHost({ games, port: 0 })

const { cells } = await runExperiment(asked, {
  economies,
  people,
  out: mkdtempSync(join(tmpdir(), 'agoragym-')),
  onEvent(event) {
    games.event(event)
    if (event.type !== 'cell_start') return
    games.open(event.folders[0]!, specs)
    for (const { game, seat, path } of games.links) console.log(`game ${game}, ${seat}: ${server.url}${path}`)
    games.command({ type: 'start', id: 1, game: 0 })
  },
})
console.log('turns that a bot played:', cells[0]!.runs[0]!.metadata.avg_metrics.human_bot_turns)
await server.close()
games.close()
