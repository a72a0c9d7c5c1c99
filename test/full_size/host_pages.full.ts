/** Hosted games at full size: twelve people at browser pages, whole games by the keyboard alone, every stage before axe. */
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { candidates } from '../../envs/core/tool.ts'
import * as assets from '../../host/page/assets.ts'
import { readTexts } from '../../host/page/texts.ts'
import * as from from '../../index.ts'
import { replay } from '../../index.ts'
import { readFigures, readSteps } from '../../rollouts/store.ts'
import { openPage } from '../host/browser_page.ts'
import { PagePerson, stageOf, takeProposalByKeys } from '../host/browser_people.ts'
import { asShown, playSession } from '../host/browser_session.ts'
import { endHosting, hosting } from '../host/hosting.ts'
import { seriousFaults } from '../report/axe.ts'
import { type Browser, findBrowser } from '../report/browser.ts'

const browser = findBrowser()
const missing = 'missing' in browser ? browser.missing : undefined
const { economies } = from

describe.skipIf(missing !== undefined)(`in a browser${missing === undefined ? '' : `: skipped, ${missing}`}`, () => {
  let chromium: Browser
  beforeAll(async () => {
    chromium = await (browser as { launch: () => Promise<Browser> }).launch()
  })
  afterEach(endHosting)
  afterAll(() => chromium?.close())

  test('twelve people at pages: three fill in forms, leave and come back, one never answers; the game ends, and everybody is paid by their decisions', async () => {
    const { env } = economies.get('spatial_planning')
    const people = env.seats(from.resolveConfig(env, 'harberger')).map(({ agent }) => agent)
    expect(people).toHaveLength(12)
    const { played, saved, shown, troubles, lab, files, persons, log } = await playSession(chromium, people, {
      rounds: 1,
      ticks: 2,
    })
    for (const agent of people) {
      expect(saved[agent], agent).toBe(played[agent]!.reward)
      expect(shown[agent], agent).toEqual(asShown(played[agent]!.reward))
    }
    expect(persons[3]!.decisions).toBe(0)
    expect(persons.filter(({ decisions }) => decisions >= 3)).toHaveLength(11)
    expect(replay(env, log).steps).toEqual(log.steps)
    expect([lab.code, lab.err]).toEqual([0, ''])
    expect(files.length).toBeGreaterThan(0)
    expect(troubles).toEqual([])
    console.log(`${log.steps.length} steps; the laboratory's files: ${files.toSorted().join(', ')}`)
  })

  test.each([
    ['sim_economy', { presets: ['short'] }],
    ['swarm_economy', { presets: ['short'] }],
    ['spatial_planning', { presets: ['harberger'], set: { rounds: 1, ticks: 2 } }],
    ['mars_colony', { presets: ['short'] }],
  ])('a whole game of %s by the keyboard alone', async (env, setting) => {
    const game = await hosting({ env, ...setting, seeds: '1', players: ['human'] }, { rules: { codes: true } })
    const agent = game.games.links[0]!.seat
    const troubles: string[] = []
    const person = await new PagePerson(chromium, game.link(agent), troubles, takeProposalByKeys).come()
    while ((await stageOf(person.page)) !== 'over')
      if (!(await person.step())) await new Promise(resolve => setTimeout(resolve, 10))
    await game.played
    const [row] = [...readFigures(game.folder())]
    const [log] = [...readSteps(game.folder())]
    expect(row!.metrics.human_turns).toBe(person.decisions)
    expect(log!.steps.flatMap(({ decisions }) => decisions[agent]?.calls ?? []).length).toBeGreaterThan(1)
    expect(await person.page.textContent('.scores div dd')).toBe(asShown(row!.reward)[1])
    expect(troubles).toEqual([])
    console.log(`${env}: ${person.decisions} decisions by keys`)
    await person.leave()
  })

  test('axe finds no serious fault in any stage of both pages, light and dark', async () => {
    // biome-ignore lint/suspicious/noExplicitAny: views are plain data here.
    const load = (file: string): Promise<any> => import(join(import.meta.dirname, '..', 'host', file))
    const { stagesOf } = await load('stages.mjs')
    const { serveStages } = await load('stage_server.mjs')
    const server = await serveStages({ ...assets, readTexts })
    const troubles: string[] = []
    const page = await openPage(chromium, troubles)
    try {
      for (const [name, view] of Object.entries(stagesOf({ ...from, candidates })))
        for (const colorScheme of ['light', 'dark'] as const) {
          await page.emulateMedia({ colorScheme })
          await page.goto(server.show(name, view))
          await page.waitForSelector('h1')
          troubles.push(...(await seriousFaults(page)).map(fault => `${name} ${colorScheme}: ${fault}`))
        }
    } finally {
      await server.close()
    }
    expect(troubles).toEqual([])
  })
})
