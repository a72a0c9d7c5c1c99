/** A living game is the same game as anywhere, at any pace; what is shown of it is what the log says; its page lets nothing in and can be used by everybody. */
import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { picturerOf } from '../../economies/economy.ts'
import { type Ground, momentAt, moments } from '../../economies/picture.ts'
import type { Scene } from '../../economies/scene.ts'
import { standingsPicture } from '../../economies/standings_picture.ts'
import { experiment } from '../../evals/experiment.ts'
import { planExperiment, rolloutsOf } from '../../evals/run_experiment.ts'
import { economies, environments, resolveConfig } from '../../index.ts'
import { ProviderError } from '../../rollouts/player.ts'
import type { RolloutSpec } from '../../rollouts/rollout.ts'
import { runRollout } from '../../rollouts/run_rollout.ts'
import { Live, type LiveEvent, type LiveOptions } from '../../view/live.ts'
import { type RunningView, startView } from '../../view/server.ts'
import { Watched } from '../../view/watched.ts'
import { agoragym } from '../commands/console.ts'
import { seriousFaults } from '../report/axe.ts'
import { type Browser, findBrowser, type Page, reusingPages } from '../report/browser.ts'
import { scratch, toySpec } from '../rollouts/table.ts'

const living = economies.list().find(({ scenery }) => scenery !== undefined)!
const scenery = await living.scenery!()
const speakerOf = async (who: string) => (await living.dialogue!()).speaker(who)

function spec(id: string, preset: string, set: Record<string, unknown>, seed = 3): RolloutSpec {
  const { players } = economies.get(id)
  const asked = experiment({
    entries: [{ env: id, presets: [preset], set, seeds: `${seed}:${seed + 1}`, players: players.slice(0, 1) }],
  })
  return [...rolloutsOf(planExperiment(asked, { economies }))][0]!
}
const SHIFTS = { max_steps: 6 }
const colony = (seed = 3) => spec(living.env.id, scenery.preset!, SHIFTS, seed)

const open: Live[] = []
afterAll(() => Promise.all(open.map(live => live.close())))
async function liveOf(specOf: (seed: number) => RolloutSpec, more: Partial<LiveOptions> = {}): Promise<Live> {
  const { env } = specOf(3)
  const picturer = economies.has(env.id) ? await picturerOf(economies.get(env.id)) : standingsPicture(env)
  const live = new Live({ specOf, picturer, seed: 3, seconds: 0.002, ...more })
  open.push(live)
  return live
}
const isOver = (live: Live) =>
  expect.poll(() => live.state.stop ?? live.state.error, { interval: 5, timeout: 20_000 }).not.toBeNull()
const plain = (value: unknown) => JSON.parse(JSON.stringify(value))

describe('the game', () => {
  test.each([
    [living.env.id, scenery.preset!, SHIFTS],
    [living.env.id, 'agentic', { max_steps: 4 }],
    ['swarm_economy', 'short', {}],
  ])('of %s %s is the one of eval, however it is paced', async (id, preset, set) => {
    const wanted = await runRollout(spec(id, preset, set))
    if (!wanted.ok) throw wanted.error
    const even = await liveOf(seed => spec(id, preset, set, seed))
    const torn = await liveOf(seed => spec(id, preset, set, seed), { playing: false, ...(id === living.env.id && { scenery }) })
    even.look(() => {})
    const leave = torn.look(() => {})
    torn.do({ do: 'step' })
    torn.do({ do: 'step' })
    torn.do({ do: 'speed', speed: 32 })
    torn.do({ do: 'play' })
    torn.do({ do: 'pause' })
    leave()
    torn.look(({ event, data }) => {
      if (event === 'step' && data.t === 3) torn.do({ do: 'pause' })
    })
    torn.do({ do: 'play' })
    await expect.poll(() => torn.state.playing, { interval: 5 }).toBe(false)
    torn.do({ do: 'speed', speed: 0.5 })
    torn.do({ do: 'play' })
    await Promise.all([isOver(even), isOver(torn)])
    for (const live of [even, torn]) expect(plain(live.log)).toEqual(plain(wanted.log))
  })

  test('is not played while nobody looks or it stands still; a step is one step', async () => {
    const live = await liveOf(colony, { seconds: 0.001, playing: false })
    const told: LiveEvent[] = []
    live.look(event => told.push(event))
    const steps = () => told.flatMap(({ event, data }) => (event === 'step' ? [data.t] : []))
    live.do({ do: 'step' })
    await expect.poll(steps).toEqual([1])
    await setTimeout(30)
    expect(steps()).toEqual([1])
    live.do({ do: 'step' })
    live.do({ do: 'step' })
    await expect.poll(steps).toEqual([1, 2, 3])
    const unseen = await liveOf(colony)
    await setTimeout(30)
    expect(unseen.state).toMatchObject({ t: 0, playing: true })
  })

  test('begins again with another seed, and nothing of the one before is told any more', async () => {
    const live = await liveOf(colony, { scenery, speaker: await speakerOf('template') })
    const told: LiveEvent[] = []
    live.look(event => told.push(event))
    await expect.poll(() => live.state.t, { interval: 5 }).toBeGreaterThan(1)
    live.do({ do: 'restart', seed: 8 })
    expect(live.state).toMatchObject({ seed: 8, t: 0, game: 2 })
    told.length = 0
    await isOver(live)
    for (const { data } of told) expect(data.game).toBe(2)
    const wanted = await runRollout(colony(8))
    expect(plain(live.log)).toEqual(plain((wanted as { log: unknown }).log))
  })

  test('whoever is being asked gives up when it begins again, and when it ends', async () => {
    let given = 0
    const patient = {
      ...toySpec().lineup.trader_0!,
      policies: () => () => ({
        act: ({ signal }: { signal?: AbortSignal }) =>
          new Promise<never>((_resolve, reject) =>
            signal!.addEventListener('abort', () => {
              given++
              reject(signal!.reason)
            }),
          ),
      }),
    }
    const live = await liveOf(() => toySpec({ lineup: { ...toySpec().lineup, trader_0: patient } }))
    live.look(() => {})
    await expect.poll(() => live.state.waiting).toBe(true)
    live.do({ do: 'restart' })
    expect(given).toBe(1)
    await expect.poll(() => live.state).toMatchObject({ waiting: true, game: 2, error: null })
    await live.close()
    expect(given).toBe(2)
  })

  test('what stops it is told in a line and thrown nowhere; what means nothing is refused', async () => {
    const failing = {
      ...toySpec().lineup.trader_0!,
      policies: () => () => ({
        act: async () => {
          throw new ProviderError('no answer\nat all', { code: 'timeout', status: null, attempts: 1 })
        },
      }),
    }
    const live = await liveOf(() => toySpec({ lineup: { ...toySpec().lineup, trader_0: failing } }))
    live.look(() => {})
    await isOver(live)
    expect(live.state).toMatchObject({ error: 'trader_0 failed in step 0: no answer at all', playing: false, stop: null })
    live.do({ do: 'play' })
    expect(live.state.playing).toBe(false)
    expect(() => live.do({ do: 'speed', speed: 1000 })).toThrow('expected a number from 0.25 to 32')
    expect(() => live.do({ do: 'restart', seed: -1 })).toThrow('expected an integer from 0')
  })

  test('a bug in the game, in a line or behind a request is told to who runs the server', async () => {
    const bugs: unknown[] = []
    const onBug = (error: unknown) => bugs.push(error)
    const { env } = toySpec()
    const broken = await liveOf(
      () =>
        toySpec({
          env: {
            ...env,
            step: () => {
              throw new TypeError('no such rule')
            },
          },
        }),
      { onBug },
    )
    broken.look(() => {})
    await isOver(broken)
    expect(broken.state.error).toBe('The game failed: no such rule')
    expect(bugs).toMatchObject([{ message: 'no such rule' }])
    const silent = await liveOf(colony, {
      scenery,
      speaker: { ...(await speakerOf('template')), follow: () => () => [Promise.reject(new Error('no such word'))] },
      picturer: () => {
        throw new Error('no such colour')
      },
      onBug,
    })
    const running = await startView({ watched: new Watched([], { economies, environments }), live: silent, onBug })
    expect((await fetch(`${running.url}/live/picture.svg`)).status).toBe(500)
    await running.close()
    expect(bugs).toMatchObject([{}, { message: 'no such colour' }])
    silent.look(() => {})
    await expect.poll(() => bugs[2]).toMatchObject({ message: 'no such word' })
  })

  test('what is said while it is played is what is said afterwards', async () => {
    const speaker = await speakerOf('template')
    const live = await liveOf(colony, { scenery, speaker })
    live.look(() => {})
    await isOver(live)
    const { told } = await speaker.speak(live.log, new AbortController().signal)
    expect(told.length).toBeGreaterThan(3)
    await expect.poll(() => live.lines.length).toBe(told.length)
    const { config } = live.log.header as unknown as { config: { ticks_per_step: number } }
    const tick = ({ t, at }: { t: number; at: number }) => Math.round((t - 1 + at) * config.ticks_per_step)
    expect(live.lines.map(line => `tick ${tick(line)}: ${line.from} to ${line.to}: ${line.text}`)).toEqual(told)
  })
})

describe.each(Object.keys(living.env.presets))(`scenes of ${living.env.id} %s`, preset => {
  const { env } = living
  const config = resolveConfig(env, preset, { max_steps: 8 })
  const { log } = (() => {
    const result = runRollout({ ...spec(env.id, preset, { max_steps: 8 }), config })
    if (result instanceof Promise || !result.ok) throw new Error('bots answer at once')
    return result
  })()
  const told = [...moments(env, log)].map(moment => ({ moment, scene: scenery.sceneOf(moment) }))
  /** Where somebody is when a step has ended. */
  const end = ({ figures, moves }: Scene) =>
    Object.fromEntries(figures.map(({ id, at }) => [id, moves.findLast(({ figure }) => figure === id)?.to ?? at]))

  test('everybody begins a step where it ended the one before, and ends it where the picture has it', async () => {
    const picturer = await picturerOf(living)
    const names: Record<string, string> = { way: 'surface' }
    for (const [n, { moment, scene }] of told.entries()) {
      const starts = Object.fromEntries(scene.figures.map(({ id, at }) => [id, at]))
      if (n > 0) expect(starts).toEqual(end(told[n - 1]!.scene))
      const { people } = picturer(moment).panels.find((panel): panel is Ground => panel.kind === 'ground')!
      if (n > 0) expect(end(scene)).toEqual(Object.fromEntries(people.map(({ id, at }) => [id, names[at] ?? at])))
    }
  })

  test('a scene looks at the first steps alone, and names places and people that there are', () => {
    for (const { moment, scene } of told) {
      const cut = { ...log, steps: log.steps.slice(0, moment.t), stop: null }
      expect(scenery.sceneOf(momentAt(env, cut, moment.t))).toEqual(scene)
      const places = scene.places.map(({ id }) => id)
      const people = scene.figures.map(({ id }) => id)
      for (const { to, figure, at } of scene.moves) {
        expect(places).toContain(to)
        expect(people).toContain(figure)
        expect(at).toBeGreaterThanOrEqual(0)
        expect(at).toBeLessThanOrEqual(1)
      }
      for (const { from, to } of [...scene.lines, ...scene.links]) expect(people).toEqual(expect.arrayContaining([from, to]))
      expect(scene.moves.map(({ at }) => at)).toEqual(scene.moves.map(({ at }) => at).toSorted((a, b) => a - b))
    }
  })
})

describe('the server', () => {
  let running: RunningView
  let live: Live
  beforeAll(async () => {
    live = await liveOf(colony, { scenery, speaker: await speakerOf('template'), seconds: 0.4, playing: false })
    running = await startView({ watched: new Watched([], { economies, environments }), live })
  })
  afterAll(() => running?.close())
  const ask = (path: string, init: RequestInit = {}) => fetch(`${running.url}/live/${path}`, init)
  const act = (body: unknown, type = 'application/json') =>
    ask('do', { method: 'POST', headers: { 'content-type': type }, body: JSON.stringify(body) })

  test('tells the game, its picture and its log, and does what is asked', async () => {
    const events = await ask('events')
    expect((await act({ do: 'step' })).status).toBe(200)
    const reader = events.body!.pipeThrough(new TextDecoderStream()).getReader()
    let heard = ''
    while (!heard.includes('event: line')) heard += (await reader.read()).value
    await reader.cancel()
    expect(heard).toMatch(/^event: hello\n/)
    const { state, step } = (await (await ask('state')).json()) as { state: unknown; step: { scene: Scene } }
    expect(state).toMatchObject({ env: living.env.id, t: 1, playing: false })
    expect(step.scene.figures).toHaveLength(10)
    expect(await (await ask('picture.svg?theme=dark&width=99999')).text()).toMatch(/^<svg [^>]*width="1600"/)
    expect(await (await ask('picture.txt')).text()).toContain('shift 1 of 6')
    const log = JSON.parse(await (await ask('log')).text())
    expect(log.steps).toHaveLength(1)
    expect(live.state.t).toBe(1)
  })

  test.each([
    [{ do: 'dance' }, 'application/json', 400],
    [{ do: 'speed' }, 'application/json', 400],
    [{ do: 'speed', speed: 0 }, 'application/json', 400],
    [{ do: 'restart', seed: 1.5 }, 'application/json', 400],
    [{ do: 'step' }, 'text/plain', 415],
  ])('%j as %s is answered %i', async (body, type, status) => {
    expect((await act(body, type)).status).toBe(status)
    expect(live.state.t).toBe(1)
  })

  test('its files come from nowhere else, and only names of this machine are answered', async () => {
    for (const file of [
      '',
      'live.css',
      'live.js',
      'stage.js',
      'land.js',
      'solid.js',
      'three/three.module.js',
      'three/OrbitControls.js',
    ]) {
      const answer = await ask(file)
      expect(answer.status, file).toBe(200)
      expect(answer.headers.get('content-security-policy'), file).toMatch(/script-src 'self';/)
      // A page has no packages: whatever a module imports is a file.
      if (file.endsWith('.js')) expect(await answer.text(), file).not.toMatch(/^(?:import|export)\b[^;]*\bfrom\s+['"][a-z@]/m)
    }
    const { request } = await import('node:http')
    const status = await new Promise(resolve =>
      request(`${running.url}/live/state`, { headers: { host: 'evil.example' } }, response => resolve(response.statusCode)).end(),
    )
    expect(status).toBe(403)
  })
})

describe('view --live', () => {
  test('serves a game of any economy until it is interrupted', async () => {
    for (const id of [living.env.id, 'sim_economy']) {
      const stop = new AbortController()
      const ended = agoragym(`view --live ${id} --json`, { cwd: scratch(), signal: stop.signal })
      setImmediate(() => stop.abort())
      const { code, out } = await ended
      expect(code).toBe(0)
      expect(JSON.parse(out).url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/live\/$/)
    }
  })

  test.each([
    ['view --seed 3', '--seed is of a living game; name its economy with --live'],
    ['view --live nowhere', "No environment 'nowhere'"],
    ['view --live sim_economy --dialogue template', 'grants talk that is spoken afterwards'],
    ['view --live sim_economy --player human', 'A human player needs a terminal'],
    ['view --live sim_economy --player random,bot:honest', 'expected one player, got 2'],
    ['view --live sim_economy --set nothing=1', "no field 'nothing'"],
  ])('%s is one line and exit code 2', async (line, why) => {
    const { code, err } = await agoragym(line, { cwd: scratch() })
    expect(code).toBe(2)
    expect(err).toContain(why)
    expect(err.trimEnd()).not.toContain('\n')
  })
})

/** How many colours the third dimension has, looked at in the frame in which it was drawn. */
const COLOURS = `new Promise(resolve => requestAnimationFrame(() => {
  const small = Object.assign(document.createElement('canvas'), { width: 40, height: 30 }).getContext('2d')
  small.drawImage(document.querySelector('#world'), 0, 0, 40, 30)
  const { data } = small.getImageData(0, 0, 40, 30)
  resolve(new Set(Array.from({ length: 1200 }, (_, i) => data.slice(4 * i, 4 * i + 3).join())).size)
}))`

const browser = findBrowser()
const missing = 'missing' in browser ? browser.missing : undefined

describe.skipIf(missing !== undefined)(`in a browser${missing === undefined ? '' : `: skipped, ${missing}`}`, () => {
  let chromium: Browser
  let running: RunningView
  let live: Live
  const troubles: string[] = []
  beforeAll(async () => {
    // The third dimension is drawn by the processor where there is no card.
    const flags = ['--use-gl=angle', '--use-angle=swiftshader', '--enable-unsafe-swiftshader']
    chromium = reusingPages(await (browser as { launch: (flags: readonly string[]) => Promise<Browser> }).launch(flags))
    live = await liveOf(colony, { scenery, speaker: await speakerOf('template'), seconds: 1, playing: false })
    running = await startView({ watched: new Watched([], { economies, environments }), live })
  }, 60_000)
  afterAll(async () => {
    await chromium?.close()
    await running?.close()
  })
  const opened = async (size: { width: number; height: number }): Promise<Page> => {
    const page = await chromium.newPage({ viewport: size })
    page.on('console', message => troubles.push(`${message.type()}: ${message.text()}`))
    page.on('pageerror', error => troubles.push(error.message))
    page.on('request', request => {
      if (!request.url().startsWith(running.url)) troubles.push(`asked for ${request.url()}`)
    })
    await page.goto(`${running.url}/live/`)
    await page.waitForSelector('html[data-ready]')
    return page
  }

  test('colonists walk and talk, keys play and pause, somebody chosen tells of itself, in two dimensions and three', async () => {
    const page = await opened({ width: 900, height: 640 })
    expect(await page.textContent('#play')).toBe('Play')
    await page.focus('#stage')
    const places = () =>
      page.evaluate<string>("[...document.querySelectorAll('.figure')].map(figure => figure.style.transform).join()")
    const before = await places()
    // A step is shown whole however long the server takes to play it.
    await page.evaluate(
      'void (asked => (window.fetch = (...args) => new Promise(done => setTimeout(done, 200)).then(() => asked(...args))))(fetch)',
    )
    await page.keyboard.press('.')
    await page.waitForSelector('.bubble')
    await expect.poll(places).not.toBe(before)
    expect(live.state).toMatchObject({ t: 1, playing: false })
    await expect.poll(() => page.textContent('#clock'), { timeout: 10_000 }).toMatch(/^Sol 1, 07:10$/)
    expect(await page.textContent('#events')).toContain(`“${live.lines[0]!.text}”`)
    await expect.poll(() => page.textContent('#status'), { timeout: 10_000 }).not.toBe('')
    await page.keyboard.press('+')
    await expect.poll(() => live.state.speed).toBe(2)
    await page.keyboard.press(' ')
    await expect.poll(() => page.textContent('#play')).toBe('Pause')
    await page.keyboard.press(' ')
    await expect.poll(() => live.state.playing).toBe(false)
    await page.focus('.figure')
    await page.keyboard.press('Enter')
    expect(await page.textContent('#who-title')).toBe('Amara')
    for (const known of ['energy', 'role', 'bonds', 'Memory']) expect(await page.textContent('#about')).toContain(known)
    expect(await seriousFaults(page)).toEqual([])
    await page.click('#solid')
    await page.waitForSelector('#stage.solid')
    expect(await page.isVisible('#world')).toBe(true)
    await expect.poll(() => page.evaluate<number>(COLOURS)).toBeGreaterThan(30)
    await page.close()
    expect(troubles).toEqual([])
  }, 90_000)

  test('on a phone nothing is wider than the page, and without WebGL the map stays flat and says so', async () => {
    const page = await opened({ width: 390, height: 844 })
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390)
    await page.evaluate('void (HTMLCanvasElement.prototype.getContext = () => null)')
    await page.click('#solid')
    await expect.poll(() => page.textContent('#trouble')).toContain('draws no three dimensions')
    expect(await page.isVisible('#land')).toBe(true)
    expect(await seriousFaults(page)).toEqual([])
    await page.close()
  }, 60_000)
})
