// The stages of the two pages of hosted games, for the pictures of docs/host.md: real games' views, shown by a small server.
import { candidates } from '../../dist/envs/core/tool.js'
import * as assets from '../../dist/host/page/assets.js'
import { readTexts } from '../../dist/host/page/texts.js'
import * as from from '../../dist/index.js'
import { serveStages } from '../../test/host/stage_server.mjs'
import { stagesOf } from '../../test/host/stages.mjs'

/** Opens a tool's form and fills in its first proposal, as somebody does who is about to decide. */
const fillIn = name => async page => {
  await page.click(`details.tool:has(.name:text-is("${name}")) > summary`)
  await page.click('details.tool[open] .chip')
}
/** The rules are shown where they are to be read; elsewhere they are folded, as they are once they have been. */
const fold = page => page.evaluate('document.querySelector("details#rules[open] > summary")?.click()')

const ACTS = {
  market: fillIn('Place limit order'),
  mars: fillIn('Choose action'),
  monitor_replace: page => page.click('[aria-label^="Replace owner_2 in game 1"]'),
  stop: page => page.click('.foot button'),
  problems: async page => {
    await page.fill('#tool-declare-no_project', '5,500,001')
    await page.click('.tool .actions .main')
  },
}
/** Of WebP: there are many, and what is written on them stays readable. */
const QUALITY = 38
const UNFOLDED = ['waiting', 'declare']

/** The screens, each with its address and what is done on it before the picture. */
export async function start() {
  const server = await serveStages({ ...assets, readTexts })
  const { hostile, vote, ...stages } = stagesOf({ ...from, candidates })
  const shown = {
    ...stages,
    problems: stages.declare,
    stop: stages.others,
    monitor_replace: stages.monitor_playing,
  }
  return {
    screens: Object.entries(shown).map(([name, view]) => ({
      name,
      url: server.show(name, view),
      quality: QUALITY,
      act: async page => {
        await page.waitForSelector('h1')
        if (view.type === 'view' && !UNFOLDED.includes(name)) await fold(page)
        await ACTS[name]?.(page)
      },
    })),
    stop: () => server.close(),
  }
}
