// Plants known bugs, one at a time and only in memory, and checks that the test or study named beside each fails:
// `node scripts/mutants.mjs [NAME…]`. A bug that nothing notices, or whose text is not found any more, exits 1. Tests of tests; the
// search for further bugs is `npm run mutate`.
import { MUTANTS } from '../test/planted/mutants.mjs'
import { found, planting, studied, testFails } from './planted.mjs'

const passes = ({ rows, ok }) => ok && rows.every(row => row.ok !== false)
const sound = new Map()

/** Whether a study says that it failed, which says nothing where it fails without a bug as well. */
async function studyFails({ study, options }, plugins) {
  const key = JSON.stringify([study, options])
  if (!sound.has(key)) sound.set(key, passes(await studied(study, options)))
  return sound.get(key) && !passes(await studied(study, options, plugins))
}

const asked = process.argv.slice(2)
const due = asked.length === 0 ? MUTANTS : MUTANTS.filter(({ name }) => asked.some(word => name.includes(word)))
let missed = 0
for (const mutant of due) {
  const begun = performance.now()
  const { name, file } = mutant
  const times = found(mutant)
  const noticed = times === 1 && (await (mutant.study ? studyFails : testFails)(mutant, [planting(mutant)]))
  if (!noticed) missed++
  const verdict = noticed ? 'noticed' : times === 1 ? 'NOT NOTICED' : `its text is in ${file} ${times} times`
  const by = mutant.study ? `study ${mutant.study[1]}` : mutant.test
  console.log(`${verdict}: ${name} (${by}, ${((performance.now() - begun) / 1000).toFixed(1)} s)`)
}
console.log(`${due.length} planted bugs, ${due.length - missed} noticed`)
process.exit(missed === 0 ? 0 : 1)
