/** People at browser pages play a session of the real server: they leave, come back and are paid what a game of the same decisions pays. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { economies, replay } from '../../index.ts'
import { type Browser, findBrowser } from '../report/browser.ts'
import { asShown, playSession } from './browser_session.ts'
import { endHosting } from './hosting.ts'

const browser = findBrowser()
const missing = 'missing' in browser ? browser.missing : undefined

describe.skipIf(missing !== undefined)(`in a browser${missing === undefined ? '' : `: skipped, ${missing}`}`, () => {
  let chromium: Browser
  beforeAll(async () => {
    chromium = await (browser as { launch: () => Promise<Browser> }).launch()
  }, 60_000)
  afterEach(endHosting)
  afterAll(() => chromium?.close())

  test('three people play a session through the forms, leave and come back; pages, files and a game of the same decisions agree', async () => {
    const people = ['owner_1', 'developer', 'speculator_1']
    const { played, saved, shown, troubles, lab, files, persons, log } = await playSession(chromium, people, {
      rounds: 1,
      ticks: 1,
    })
    for (const agent of people) {
      expect(saved[agent], agent).toBe(played[agent]!.reward)
      expect(shown[agent], agent).toEqual(asShown(played[agent]!.reward))
    }
    expect(persons.map(({ decisions }) => decisions)).toEqual([3, 3, 3])
    const declared = log.steps[0]!.decisions
    expect([declared.owner_1, declared.developer]).toMatchObject(
      [1, 2].map(() => ({ calls: [{ tool: 'declare', args: { no_project: 410_000, project: 255_000 } }] })),
    )
    const orders = log.steps
      .flatMap(({ decisions }) => decisions.speculator_1?.calls ?? [])
      .filter(({ tool }) => tool === 'place_limit_order')
    expect(orders.map(({ args }) => (args as { price: number }).price)).toEqual([4100, 4200])
    expect(replay(economies.get('spatial_planning').env, log).steps).toEqual(log.steps)
    expect(lab.err).toBe('')
    expect(lab.code).toBe(0)
    expect(files.length).toBeGreaterThan(0)
    expect(troubles).toEqual([])
  }, 120_000)
})
