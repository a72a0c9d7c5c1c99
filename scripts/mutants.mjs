// Plants known bugs, one at a time and only in memory, and checks that the test or study named beside each fails:
// `node scripts/mutants.mjs [NAME…]`. A bug that nothing notices, or whose text is not found any more, exits 1. Tests of tests; the
// search for further bugs is `npm run mutate`.
import { join } from 'node:path'
import { startVitest } from 'vitest/node'
import { MUTANTS } from '../test/planted/mutants.mjs'
import { found, planting, root, studied } from './planted.mjs'

/** Whether the tests of a file with these words in their names fail. */
async function testFails({ test, named }, plugins) {
  const silent = { write: () => true }
  const streams = [process.stdout, process.stderr]
  const writes = streams.map(stream => stream.write)
  for (const stream of streams) stream.write = silent.write
  const status = process.exitCode
  try {
    const vitest = await startVitest(
      'test',
      [join(root, test)],
      {
        root,
        config: false,
        watch: false,
        reporters: [{}],
        maxWorkers: 1,
        setupFiles: [join(root, 'test/setup.ts')],
        testTimeout: 60_000,
        provide: { updating: false },
        include: ['test/**/*.test.ts'],
        ...(named && { testNamePattern: named }),
      },
      { plugins },
    )
    const tests = vitest.state.getTestModules().flatMap(module => [...module.children.allTests()])
    await vitest.close()
    const run = tests.filter(one => one.result().state !== 'skipped')
    if (run.length === 0) throw new Error(`${test}: no test runs whose name has '${named}'`)
    return run.some(one => one.result().state === 'failed')
  } finally {
    process.exitCode = status
    streams.forEach((stream, i) => {
      stream.write = writes[i]
    })
  }
}

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
