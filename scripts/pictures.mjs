// The pictures of docs/pictures.md: one game an economy of its usual players, seed 0 of its first preset, at half its length.
import { picturerOf } from '../dist/economies/economy.js'
import { economies } from '../dist/index.js'
import { experiment, planExperiment, rolloutsOf, runRollout } from '../dist/rollouts.js'
import { drawPicture, momentAt } from '../dist/view.js'

/** The drawing of an economy; equal on every machine. */
export async function pictureOf(economy) {
  const { env, players } = economy
  const asked = experiment({ entries: [{ env: env.id, seeds: '1', players: players.slice(0, 1) }] })
  const [spec] = rolloutsOf(planExperiment(asked, { economies }))
  const { ok, log, error } = await runRollout(spec)
  if (!ok) throw error
  const played = JSON.parse(JSON.stringify(log))
  return drawPicture((await picturerOf(economy))(momentAt(env, played, Math.ceil(played.steps.length / 2))))
}
