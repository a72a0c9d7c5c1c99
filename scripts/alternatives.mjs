// Which reconstructed rules the published figures tell from the nearest other rule: plays each economy's study with that rule planted in
// memory, and its recorded games where there are some, and writes economies/ID/alternatives.json, from which `npm run docs` makes the
// table of the economy's README. What no source tells apart a test of ours holds; one that is named must fail.
// `node scripts/alternatives.mjs [ID…]`; with --check it compares instead and exits 1 where a verdict is another.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { ALTERNATIVES } from '../test/planted/alternatives.mjs'
import { found, planting, root, studied, testFails } from './planted.mjs'

const words = process.argv.slice(2)
const check = words.includes('--check')
const ids = words.filter(word => !word.startsWith('--'))
let other = 0

const rowName = ({ group, figure }) => `${group} / ${figure}`
const failing = ({ rows, ok }) => ({ rows: rows.filter(row => row.ok === false), ok })

for (const [id, { study, options = {}, recorded, rules }] of Object.entries(ALTERNATIVES)) {
  if (ids.length > 0 && !ids.includes(id)) continue
  const plain = new Map()
  const results = []
  for (const mutant of rules) {
    const { rule, alternative, file, options: own = {} } = mutant
    if (found(mutant) !== 1) throw new Error(`${id}: ${rule}: its text stands in ${file} ${found(mutant)} times`)
    const asked = { ...options, ...own }
    const key = JSON.stringify(asked)
    if (!plain.has(key)) plain.set(key, await studied(study, asked))
    const base = new Map(plain.get(key).rows.map(row => [rowName(row), row.ours]))
    // What fails without any change, as few seeds make it, tells nothing apart.
    const before = new Set(failing(plain.get(key)).rows.map(rowName))
    const result = await studied(study, asked, [planting(mutant)])
    const moved = result.rows.filter(row => row.ours !== base.get(rowName(row)))
    const out = failing(result).rows.filter(row => !before.has(rowName(row)))
    const by = kind => out.filter(row => row.kind === kind)
    const published = by('published').length > 0 || !result.ok
    const games = !published && recorded !== undefined && (await anyFails(recorded.tests, mutant))
    const verdict = published
      ? 'published figures'
      : games
        ? recorded.words
        : by('prototype').length > 0
          ? 'prototype figures alone'
          : moved.length > 0
            ? 'nothing: within every tolerance'
            : 'nothing: no figure moves'
    const worst = [...by('published'), ...by('prototype')][0]
    const sourced = published || games
    const test = sourced ? undefined : mutant.test
    if (test !== undefined && !(await testFails({ test }, [planting(mutant)])))
      throw new Error(`${id}: ${rule}: ${test} passes with the alternative: ${alternative}`)
    results.push({
      rule,
      alternative,
      verdict,
      ...(test !== undefined && { held: basename(test) }),
      failed: out.length,
      ...(worst && { example: `${worst.figure}: ${short(worst.ours)} for ${short(worst.published)}` }),
    })
    console.log(
      `${id}: ${rule} | ${alternative} | told apart by ${verdict}${test ? `, held by ${test}` : ''}${worst ? ` (${out.length} rows, ${worst.figure}: ${short(worst.ours)} for ${short(worst.published)})` : ''}`,
    )
  }
  const path = join(root, 'economies', id, 'alternatives.json')
  const text = `${JSON.stringify(results, null, 2)}\n`
  if (check) {
    const same = existsSync(path) && readFileSync(path, 'utf8') === text
    if (!same) other++
    console.log(`${id}: ${same ? 'as in' : 'not as in'} economies/${id}/alternatives.json`)
  } else writeFileSync(path, text)
}
process.exit(other === 0 ? 0 : 1)

async function anyFails(tests, mutant) {
  for (const test of tests) if (await testFails({ test }, [planting(mutant)])) return true
  return false
}

function short(value) {
  return value === null ? '–' : String(Number(value.toPrecision(4)))
}
