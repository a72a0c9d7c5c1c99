/**
 * The documentation site: `npm run build` in this folder, which fails on a dead link. Knows the pages and their order; the
 * reference under api/ is written by TypeDoc before. Nothing is fetched: no fonts, no search service, no analytics.
 */
import { existsSync, readdirSync } from 'node:fs'
import { defineConfig } from 'vitepress'

const economies = readdirSync(new URL('../../envs', import.meta.url), { withFileTypes: true })
  .filter(entry => entry.isDirectory() && existsSync(new URL(`../../envs/${entry.name}/README.md`, import.meta.url)))
  .map(({ name }) => name)
  .sort()
const modules = readdirSync(new URL('../api', import.meta.url), { withFileTypes: true })
  .filter(entry => entry.isDirectory())
  .map(({ name }) => name)

const page = (text: string, link: string) => ({ text, link })

export default defineConfig({
  title: 'agoragym',
  description: 'Economies in which language models, bots and trained policies act.',
  lang: 'en',
  cleanUrls: false,
  lastUpdated: false,
  srcExclude: ['node_modules/**'],
  markdown: { theme: { light: 'github-light', dark: 'github-dark' } },
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    nav: [page('Start', '/start'), page('Economies', `/economies/${economies[0]}`), page('Reference', '/api/')],
    sidebar: [
      {
        text: 'Use it',
        items: [
          page('Start in five minutes', '/start'),
          page('Evaluate models', '/evaluate'),
          page('Experiments: treatments, suites, sweeps', '/experiments'),
          page('Train on it', '/train'),
          page('From Python', '/python'),
          page('Servers for trainers', '/serve'),
          page('The wire', '/wire'),
          page('Run an economy in oTree', '/otree_app'),
          page('Take a seat in a real experiment', '/connect'),
          page('What a policy learned', '/learned'),
          page('Training data', '/exports'),
          page('Many cores, many machines', '/shards'),
          page('A queue', '/queue'),
          page('A million rollouts a day', '/scale'),
          page('Watch a run', '/observe'),
          page('Read a run', '/runs'),
          page('Look at runs in a browser', '/view'),
          page('Pictures of a game', '/pictures'),
          page('Statistics', '/statistics'),
          page('What the intervals cover', '/coverage'),
          page('Servers and their answers', '/providers'),
          page('Reproduce the studies', '/reproduce'),
          page('Limits', '/limits'),
          page('How it is built', '/design'),
        ],
      },
      {
        text: 'Extend it',
        items: [
          page('As a library', '/library'),
          page('An economy', '/extend/economy'),
          page('A bot', '/extend/bot'),
          page('A player or a provider', '/extend/player'),
          page('A metric or a judge', '/extend/metric'),
        ],
      },
      { text: 'Economies', items: economies.map(name => page(name, `/economies/${name}`)) },
      { text: 'Reference', collapsed: true, items: modules.map(name => page(name, `/api/${name}/`)) },
    ],
  },
})
