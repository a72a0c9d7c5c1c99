// `agoragym view` over runs of all four economies: bots, and a model of the fake provider that calls tools at random.
import { economies, environments } from '../../dist/index.js'
import { experiment, Models, runExperiment } from '../../dist/rollouts.js'
import { randomCalls, startFakeProvider } from '../../dist/testing.js'
import { startView, Watched } from '../../dist/view.js'

const opened = async page => page.waitForSelector('html[data-ready]')

export async function start(folder) {
  const provider = await startFakeProvider({
    script: request => ({ ...randomCalls(request), reasoning: 'I look at what I have and take what costs least.' }),
  })
  const model = { player: `openai:fake@${provider.url}`, label: 'random calls' }
  const entries = [
    { env: 'sim_economy', seeds: '12', repeats: 2, players: ['bot:honest', 'bot:deceptive', model] },
    { env: 'swarm_economy', seeds: '10', players: ['bot:honest', 'bot:deceptive', model] },
    { env: 'spatial_planning', seeds: '4' },
    { env: 'mars_colony', seeds: '3' },
  ]
  const play = (name, asked) =>
    runExperiment(experiment({ name, ...asked }), { economies, models: new Models(), out: folder, concurrency: 8 })
  await play('players', { baseline: 'bot:honest', entries })
  await play('rates', {
    entries: [
      {
        env: 'sim_economy',
        seeds: '6',
        players: ['bot:honest', 'bot:deceptive'],
        sweep: { base_inference_rate: [0.002, 0.008] },
      },
    ],
  })
  await provider.close()
  const watched = new Watched([folder], { economies, environments })
  const running = await startView({ watched })
  const { facts } = watched.snapshot()
  const setting = env => facts.settings.find(name => name.startsWith(env))
  const rows = await (await fetch(`${running.url}/data/rows`)).json()
  const rowOf = (env, player) =>
    rows.run.findIndex(
      (_, at) =>
        rows.setting.words[rows.setting.codes[at]] === setting(env) &&
        (player === undefined || rows.player.words[rows.player.codes[at]] === player),
    )
  const keyOf = at => {
    const [before, lineup] = rows.key.words[rows.key.codes[at]].split(' ')
    return `${before}-s${rows.seed[at]}-${lineup}-r${rows.repeat[at]}`
  }
  const seatOf = at => rows.seat.words[rows.seat.codes[at]]
  const address = (fields = {}) => `${running.url}/#${new URLSearchParams(fields)}`
  const rollout = (env, player, more = {}) => {
    const at = rowOf(env, player)
    return address({ setting: setting(env), rollout: keyOf(at), seat: seatOf(at), ...more })
  }
  const ready = async page => {
    await opened(page)
    await page.waitForTimeout(300)
  }
  const dialog = async page => {
    await opened(page)
    await page.waitForSelector('.picture')
    await page.waitForFunction(() =>
      [...document.querySelectorAll('.picture')].every(image => image.complete && image.naturalWidth > 0),
    )
  }
  const at = rowOf('sim_economy', 'bot:deceptive')
  const write = act =>
    fetch(`${running.url}/notes`, {
      method: 'POST',
      headers: { Origin: running.url, 'Content-Type': 'application/json' },
      body: JSON.stringify({ run: rows.run[at], key: keyOf(at), ...act }),
    })
  await write({ by: 'Ann', tag: 'breaks a contract', set: true })
  await write({ by: 'Ann', text: 'Takes the payment at step 9 and delivers another text. Nobody audits it.' })
  await write({ by: 'Ben', text: 'The same happens with seed 4; reputation comes back within ten turns.' })
  const honest = rowOf('sim_economy', 'bot:honest')
  const screens = [
    { name: 'first', url: address(), act: ready },
    ...['players', 'sweeps', 'time', 'behaviour', 'dealings', 'cost', 'rollouts'].map(view => ({
      name: view,
      url: address({ view, ...(view === 'dealings' && { setting: setting('swarm_economy') }) }),
      act: ready,
    })),
    {
      name: 'search',
      url: address({ view: 'rollouts', words: 'contract refused' }),
      act: async page => {
        await ready(page)
        await page.waitForSelector('#searched[data-ms]')
      },
    },
    ...economies
      .list()
      .map(({ env }) => ({ name: `rollout_${env.id}`, url: rollout(env.id, undefined, { step: '8' }), act: dialog })),
    {
      name: 'beside',
      url: address({
        setting: setting('sim_economy'),
        rollout: keyOf(honest),
        seat: seatOf(honest),
        beside: keyOf(at),
        other: seatOf(at),
      }),
      act: dialog,
    },
    {
      name: 'notes',
      url: rollout('sim_economy', 'bot:deceptive', { step: '9' }),
      act: async page => {
        await dialog(page)
        await page.click('.noted summary')
      },
    },
  ]
  return { screens, stop: () => running.close() }
}
