// Which reconstructed rules the published figures tell from the nearest other rule: plays each economy's study with that rule planted in
// memory, and its recorded games where there are some, and writes economies/ID/alternatives.json, from which `npm run docs` makes the
// table of the economy's README. What no source tells apart a test of ours holds; one that is named must fail.
// `node scripts/alternatives.mjs [ID…]`; with --check it compares instead and exits 1 where a verdict is another. `--only REGEX` plays
// the rules whose words match, `--new` those that have no row yet; the other rows stay as they are.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { parseArgs } from 'node:util'
import { ALTERNATIVES } from '../test/planted/alternatives.mjs'
import { found, opened, planting, root, testFails } from './planted.mjs'

const { values, positionals: ids } = parseArgs({
  allowPositionals: true,
  options: { check: { type: 'boolean' }, new: { type: 'boolean' }, only: { type: 'string' } },
})
const matches = values.only === undefined ? undefined : new RegExp(values.only, 'u')
let wrong = 0

const rowName = ({ group, figure }) => `${group} / ${figure}`
const nameOf = ({ rule, alternative }) => `${rule} | ${alternative}`
const written = rows => `${JSON.stringify(rows, null, 2)}\n`

for (const [id, economy] of Object.entries(ALTERNATIVES)) {
  if (ids.length > 0 && !ids.includes(id)) continue
  const path = join(root, 'economies', id, 'alternatives.json')
  const before = existsSync(path) ? readFileSync(path, 'utf8') : written([])
  const rows = new Map(JSON.parse(before).map(row => [nameOf(row), row]))
  const bases = new Map()
  /** The rows in the order of the rules; one of a rule that is no more is left out. */
  const ordered = () => economy.rules.flatMap(rule => rows.get(nameOf(rule)) ?? [])
  for (const mutant of economy.rules) {
    const name = nameOf(mutant)
    if (matches !== undefined && !matches.test(name)) continue
    if (values.new && rows.has(name)) continue
    if (found(mutant) !== 1) throw new Error(`${id}: ${name}: its text stands in ${mutant.file} ${found(mutant)} times`)
    const began = performance.now()
    const { row, moved } = await judged(economy, mutant, bases)
    rows.set(name, row)
    console.log(
      `${id}: ${name} | told apart by ${row.verdict}${row.example ? ` (${row.failed} rows, ${row.example})` : ` (${moved} figures move)`}${row.held ? `, held by ${row.held}` : ''}, ${((performance.now() - began) / 1000).toFixed(0)} s`,
    )
    if (mutant.test !== undefined && row.held === undefined && !sourced(row, mutant.recorded ?? economy.recorded)) {
      wrong++
      console.log(`${id}: ${name}: ${mutant.test} passes with the alternative`)
    }
    if (!values.check) writeFileSync(path, written(ordered()))
  }
  if (!values.check) {
    writeFileSync(path, written(ordered()))
    continue
  }
  const same = written(ordered()) === before
  if (!same) wrong++
  console.log(`${id}: ${same ? 'as in' : 'not as in'} economies/${id}/alternatives.json`)
}
process.exit(wrong === 0 ? 0 : 1)

/** The row of a rule, and how many figures its alternative moves. `bases` keeps what the study gives without it, by options. */
async function judged({ study, options = {}, errors = 0, ...economy }, mutant, bases) {
  const { rule, alternative, options: own = {}, recorded = economy.recorded } = mutant
  // Options of a rule go beside those of each part; a list of its own stands in the place of all parts.
  const parts = Array.isArray(own) ? own : [options].flat().map(part => ({ ...part, ...own }))
  const failing = []
  let moved = 0
  const planted = await opened(study, [planting(mutant)])
  try {
    // Part by part, those with published figures first; what follows the first part that fails could change nothing.
    for (const asked of parts) {
      const key = JSON.stringify(asked)
      if (!bases.has(key)) bases.set(key, await base(study, asked))
      const plain = bases.get(key)
      const result = await planted.run(asked)
      moved += result.rows.filter(row => row.ours !== plain.ours.get(rowName(row))).length
      // What fails without any change, as few seeds make it, tells nothing apart.
      failing.push(...result.rows.filter(row => row.ok === false && !plain.failing.has(rowName(row)) && isClear(row, errors)))
      if (!result.ok) failing.push({ kind: 'published' })
      if (failing.length > 0) break
    }
  } finally {
    await planted.close()
  }
  const by = kind => failing.filter(row => row.kind === kind)
  const published = by('published').length > 0
  const games = !published && recorded !== undefined && (await anyFails(recorded, mutant))
  const verdict = published
    ? 'published figures'
    : games
      ? recorded.words
      : by('prototype').length > 0
        ? 'prototype figures alone'
        : moved > 0
          ? 'nothing: within every tolerance'
          : 'nothing: no figure moves'
  const worst = [...by('published'), ...by('prototype')].find(({ figure }) => figure !== undefined)
  const held = !published && !games && mutant.test !== undefined && (await testFails(mutant, [planting(mutant)]))
  return {
    moved,
    row: {
      rule,
      alternative,
      verdict,
      ...(held && { held: basename(mutant.test) }),
      failed: failing.filter(({ figure }) => figure !== undefined).length,
      ...(worst && { example: `${worst.figure}: ${short(worst.ours)} for ${short(worst.published)}` }),
    },
  }
}

/** Whether a published figure is left behind by more than so many standard errors of ours, where few rollouts stand for many. */
function isClear({ kind, published, tolerance, ours, oursSd, n }, errors) {
  if (kind !== 'published' || errors === 0 || oursSd === undefined || tolerance === undefined) return true
  return Math.abs(ours - published) > tolerance + (errors * oursSd) / Math.sqrt(n)
}

function sourced({ verdict }, recorded) {
  return verdict === 'published figures' || verdict === recorded?.words
}

async function base(study, options) {
  const { run, close } = await opened(study)
  try {
    const { rows } = await run(options)
    return {
      ours: new Map(rows.map(row => [rowName(row), row.ours])),
      failing: new Set(rows.filter(({ ok }) => ok === false).map(rowName)),
    }
  } finally {
    await close()
  }
}

async function anyFails({ tests, named }, mutant) {
  for (const test of tests) if (await testFails({ test, named }, [planting(mutant)])) return true
  return false
}

function short(value) {
  return value === null ? '–' : String(Number(value.toPrecision(4)))
}
