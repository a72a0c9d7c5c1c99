/** A session of people at pages, from the first link to the laboratory's files: what is common to its small and its full size. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { Episode, economies } from '../../index.ts'
import { readFigures, readSteps } from '../../rollouts/store.ts'
import { agoragym } from '../commands/console.ts'
import type { Browser } from '../report/browser.ts'
import type { HostPage } from './browser_page.ts'
import { openTool, PagePerson, stageOf } from './browser_people.ts'
import { hosting } from './hosting.ts'

const TURN_MS = 60_000
const ENDED = ['over', 'replaced', 'left', 'failed']

/** Someone who fills in the forms by hand: numbers typed, boxes ticked, two orders collected and sent together. */
export async function fillIn(page: HostPage): Promise<void> {
  if (await openTool(page, 'Declare')) {
    await page.fill('#tool-declare-no_project', '410,000')
    await page.fill('#tool-declare-project', '255000')
  } else if (await openTool(page, 'Declare final')) await page.fill('#tool-declare_final-value', '300,000')
  else if (await openTool(page, 'Buy plots')) {
    await page.check('#tool-buy_plots-plots-o0')
    await page.check('#tool-buy_plots-plots-o2')
  } else {
    await openTool(page, 'Place limit order')
    for (const price of ['4,100', '4,200']) {
      await page.check('#tool-place_limit_order-side-o0')
      await page.fill('#tool-place_limit_order-price', price)
      if (price === '4,100') await page.click('details[open] .actions .small')
      await page.waitForSelector('#call-0')
    }
  }
  await page.click('details[open] .actions .main')
}

/**
 * Plays a session in which `people` sit at pages: the first three fill in forms and leave and come back once, the fourth (if there
 * is one) never answers, the others take what is proposed. Gives what pages, files and a game of the same decisions say of the
 * scores, and the troubles of the pages.
 */
export async function playSession(browser: Browser, people: readonly string[], set: Readonly<Record<string, unknown>>) {
  const seats = Object.fromEntries(people.map(agent => [agent, 'human']))
  const game = await hosting(
    { env: 'spatial_planning', presets: ['harberger'], set, seeds: '1', table: true, seats },
    {
      rules: {
        turnMs: TURN_MS,
        consent: { text: 'You take part in a test.', fields: [{ name: 'age', label: 'Age', type: 'number', required: true }] },
        questions: [{ name: 'why', label: 'Why?', type: 'text', required: true }],
        payment: { rate: 10, part: 'reward', fee: 5, currency: 'EUR' },
        codes: true,
      },
    },
  )
  const troubles: string[] = []
  const silent = people[3]
  const persons = await Promise.all(
    people.map((agent, i) => new PagePerson(browser, game.link(agent), troubles, i < 3 ? fillIn : undefined).come()),
  )
  const away = new Set<PagePerson>()
  for (let idle = 0; idle < 200; ) {
    let acted = false
    const stages: string[] = []
    for (const [i, person] of persons.entries()) {
      const stage = await stageOf(person.page)
      stages.push(stage)
      if (people[i] === silent && stage === 'playing') continue
      if (await person.step()) acted = true
      // Who filled in a form closes the page, and opens the link again.
      if (i < 3 && person.decisions === 1 && !away.has(person)) {
        away.add(person)
        await person.leave()
        await person.come()
      }
    }
    if (stages.every(stage => ENDED.includes(stage))) break
    if (acted) idle = 0
    else {
      idle++
      // Nobody but who never answers is waited for.
      if (stages[3] === 'playing') game.clock.pass(TURN_MS)
      else await new Promise(resolve => setTimeout(resolve, 20))
    }
  }
  const { left } = await game.played
  expect(left).toBe(0)
  const [log] = [...readSteps(game.folder())]
  const { env } = economies.get('spatial_planning')
  const again = new Episode(env, log!.header.config, log!.header.seed)
  for (const { decisions } of log!.steps) again.step(decisions)
  const played = env.score(again.log)
  const saved = Object.fromEntries([...readFigures(game.folder())].map(row => [row.info.seat, row.reward]))
  for (const { page } of persons) await page.waitForSelector('#over-title, #now-title')
  const shown = Object.fromEntries(
    await Promise.all(
      persons.map(async ({ page }, i) => [
        people[i]!,
        await page.evaluate<string[]>(
          `[...document.querySelectorAll('.scores div:first-child dd, .payoff')].map(each => each.textContent)`,
        ),
      ]),
    ),
  )
  const lab = await agoragym('lab-export . --out lab', { cwd: game.out })
  const files = existsSync(join(game.out, 'lab')) ? readdirSync(join(game.out, 'lab'), { recursive: true }).map(String) : []
  for (const { page } of persons) await page.close()
  return { played, saved, shown, troubles, lab, files, persons, silent, log: log!, game }
}

/** What a page says that is paid for a reward, and the reward. */
export const asShown = (reward: number): string[] => [
  `EUR ${(Math.round(100 * (5 + Math.max(0, 10 * reward))) / 100).toFixed(2)}`,
  new Intl.NumberFormat('en', { maximumFractionDigits: 3 }).format(reward),
]
