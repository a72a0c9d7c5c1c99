/** Games that people play at pages: they are ordinary rollouts, whatever people do and however often they leave. */
import { afterEach, expect, test } from 'vitest'
import { Episode, economies, replay } from '../../index.ts'
import { readFigures, readSteps } from '../../rollouts/store.ts'
import { endHosting, hosting } from './hosting.ts'

afterEach(endHosting)

const SHORT = { env: 'sim_economy', presets: ['short'], seeds: '1' }

test('a person plays the evaluated seat over the wire, and the run is one of people', async () => {
  const game = await hosting({ ...SHORT, players: ['human'] })
  const person = await game.person('agent_0').come()
  const last = await person.play()
  expect(last.stage).toBe('over')
  const { cells, left } = await game.played
  expect(left).toBe(0)
  expect(cells[0]!.runs[0]!.metadata).toMatchObject({ player: 'human', player_kind: 'human', complete: true })
  const [row] = [...readFigures(game.folder())]
  expect(row!.info.transcript).toBe('human')
  expect(row!.metrics).toMatchObject({ human_turns: row!.metrics.num_turns, human_timeouts: 0, human_bot_turns: 0 })
  expect(last.result!.scores.reward).toBe(row!.reward)
  const [log] = [...readSteps(game.folder())]
  expect(replay(economies.get('sim_economy').env, log!).steps).toEqual(log!.steps)
  void Episode
})
