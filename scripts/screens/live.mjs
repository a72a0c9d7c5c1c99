// Screens of a living game: every economy that says how it lives, flat and in three dimensions, and one that is shown by its pictures.
import { economies, environments } from '../../dist/index.js'
import { experiment, planExperiment, rolloutsOf } from '../../dist/rollouts.js'
import { Live, picturerOf, startView, Watched } from '../../dist/view.js'

/** Steps that are played before the picture is taken. */
const STEPS = 7

async function serve(economy) {
  const { env, players } = economy
  const scenery = await economy.scenery?.()
  const presets = scenery?.preset === undefined ? {} : { presets: [scenery.preset] }
  const speaker = (await economy.dialogue?.())?.speaker('template')
  const specOf = seed => {
    const asked = experiment({
      entries: [{ env: env.id, ...presets, seeds: `${seed}:${seed + 1}`, players: players.slice(0, 1) }],
    })
    return [...rolloutsOf(planExperiment(asked, { economies }))][0]
  }
  const live = new Live({
    specOf,
    picturer: await picturerOf(economy),
    seed: 1,
    playing: false,
    ...(scenery !== undefined && { scenery }),
    ...(speaker !== undefined && { speaker }),
  })
  const running = await startView({
    watched: new Watched([], { economies, environments }),
    live,
    title: `agoragym view --live ${env.id}`,
  })
  // A step more than is seen whole: the last one is on its way, so that somebody walks and speaks.
  for (let step = 0; step < STEPS; step++) live.do({ do: 'step' })
  while (live.state.t < STEPS) await new Promise(resolve => setTimeout(resolve, 10))
  return {
    url: `${running.url}/live/`,
    stop: async () => {
      await running.close()
      await live.close()
    },
  }
}

async function inside(page, solid) {
  await page.waitForSelector('html[data-ready]')
  await page.click('.figure >> nth=0', { force: true })
  if (solid) await page.click('#solid')
  await page.selectOption('#speed', '1')
  // Not in every step somebody speaks.
  for (let step = 0; step < 6; step++) {
    await page.click('#one')
    await until(page, () => document.querySelector('#course').value < 0.9)
    await until(page, () => document.querySelector('.bubble') !== null || document.querySelector('#course').value >= 1)
    if (await page.evaluate(() => document.querySelector('.bubble') !== null)) return
  }
}

/** Waits for something of the page; asked from outside, as its policy lets nothing be evaluated in it. */
async function until(page, holds) {
  for (let tries = 0; tries < 600; tries++) {
    if (await page.evaluate(holds)) return
    await page.waitForTimeout(50)
  }
  throw new Error(`not after 30 s: ${holds}`)
}

/** What is to be seen, and how to end it. */
export async function start() {
  const living = economies.list().filter(({ scenery }) => scenery !== undefined)
  const other = economies.list().find(({ scenery }) => scenery === undefined)
  const served = await Promise.all([...living, other].map(serve))
  const screens = living.flatMap(({ env }, n) => [
    { name: `${env.id}_flat`, url: served[n].url, act: page => inside(page, false) },
    { name: `${env.id}_solid`, url: served[n].url, act: page => inside(page, true) },
  ])
  const plain = served.at(-1)
  screens.push({
    name: other.env.id,
    url: plain.url,
    act: page =>
      until(page, () => {
        const image = document.querySelector('#picture img')
        return image.complete && image.naturalWidth > 0
      }),
  })
  return { screens, stop: () => Promise.all(served.map(({ stop }) => stop())) }
}
