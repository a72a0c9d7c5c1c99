// Mutation testing by folder or file: `npm run mutate -- [--sample N] [--tests FOLDER…] envs/ID evals/stats.ts …`. StrykerJS changes one
// expression at a time and runs the tests that reach it; what no test notices is listed. It lies in test/mutation with its own
// package.json and is installed there on the first call, without install scripts.
//
// --sample N       N mutants drawn at random (--seed S, 1) instead of all, and the share that was noticed with its Wilson interval
// --tests FOLDER   only the tests of that folder count, which is quicker and finds less; may be repeated
// --again          what the last call over the same paths and seed left unnoticed once more, against more tests or all
// --record         the score goes into test/mutation/scores.json, from which `npm run docs` makes the table
//
// Playthroughs of test/golden count in none of them: they pin every byte, so they notice anything. Neither do mutants of prose, which are
// texts with a space in them: what a sentence says no test should hold.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'

const root = resolve(import.meta.dirname, '..')
const home = join(root, 'test', 'mutation')
const { values, positionals: asked } = parseArgs({
  options: {
    tests: { type: 'string', multiple: true, default: [] },
    except: { type: 'string', multiple: true, default: [] },
    sample: { type: 'string' },
    seed: { type: 'string', default: '1' },
    again: { type: 'boolean', default: false },
    record: { type: 'boolean', default: false },
  },
  allowPositionals: true,
})
const fail = text => {
  console.error(text)
  process.exit(2)
}
const missing = [...asked, ...values.tests].find(path => !existsSync(join(root, path)))
if (asked.length === 0) fail('Name files or folders whose code is mutated.')
if (missing !== undefined) fail(`No file or folder ${missing}.`)
if (values.sample !== undefined && !/^[1-9]\d*$/.test(values.sample))
  fail(`--sample is a count of mutants, not ${values.sample}.`)

const run = (command, words, options = {}) => {
  const { status } = spawnSync(command, words, { cwd: root, stdio: 'inherit', ...options })
  if (status !== 0) process.exit(status ?? 1)
}
if (!existsSync(join(home, 'node_modules')))
  run('npm', ['ci', '--prefix', home, '--ignore-scripts', '--legacy-peer-deps', '--no-audit', '--no-fund'])
const { nameOf } = await import('../test/mutation/drawn.mjs')

/** Reports and what is known from before, one place for each list of paths. */
// Not under test/, where copies of the tests would be taken for tests.
const out = join(root, '.stryker', asked.join('+').replaceAll('/', '.'))
mkdirSync(out, { recursive: true })
const first = join(out, `seed-${values.seed}.json`)
const report = values.again ? join(out, `seed-${values.seed}-again.json`) : first

const filesOf = path =>
  statSync(join(root, path)).isDirectory()
    ? readdirSync(join(root, path), { recursive: true })
        .filter(file => file.endsWith('.ts') && !file.endsWith('.d.ts'))
        .map(file => `${path}/${file}`)
    : [path]
const files = asked
  .flatMap(filesOf)
  .filter(file => !values.except.some(path => file === path || file.startsWith(`${path}/`)))
  .sort()
const sources = new Map(files.map(file => [file, readFileSync(join(root, file), 'utf8')]))

/** What stands where a mutant is. Lines and columns count from 0. */
function original(file, { start, end }) {
  const lines = sources
    .get(file)
    .split('\n')
    .slice(start.line, end.line + 1)
  lines[lines.length - 1] = lines.at(-1).slice(0, end.column)
  lines[0] = lines[0].slice(start.column)
  return lines.join('\n')
}

const isProse = ({ fileName, location, mutatorName }) =>
  mutatorName === 'StringLiteral' && original(fileName, location).includes(' ')

/** All mutants but those of prose, as StrykerJS makes them. */
async function mutants() {
  const core = createRequire(createRequire(join(home, 'package.json')).resolve('@stryker-mutator/core'))
  const [{ createInstrumenter }, { createInjector }] = await Promise.all(
    ['@stryker-mutator/instrumenter', 'typed-inject'].map(name => import(core.resolve(name))),
  )
  const logger = { debug() {}, info() {}, warn() {}, isDebugEnabled: () => false }
  const instrumenter = createInjector().provideValue('logger', logger).injectFunction(createInstrumenter)
  const texts = [...sources].map(([name, content]) => ({ name, content, mutate: true }))
  const made = await instrumenter.instrument(texts, { ignorers: [], excludedMutations: [], plugins: null })
  return made.mutants.filter(mutant => !isProse(mutant))
}

const order = name => createHash('sha256').update(`${values.seed} ${name}`).digest('hex')
const all = await mutants()
const names = all.map(mutant => nameOf(mutant.fileName, mutant))
const reported = () =>
  Object.entries(JSON.parse(readFileSync(first, 'utf8')).files).flatMap(([file, { mutants: results }]) =>
    results.map(result => {
      // The report counts lines and columns from 1.
      const less = ({ line, column }) => ({ line: line - 1, column: column - 1 })
      const location = { start: less(result.location.start), end: less(result.location.end) }
      return { ...result, file, location, name: nameOf(file, { ...result, location }) }
    }),
  )
const UNNOTICED = ['Survived', 'NoCoverage']
const due = values.again
  ? reported().flatMap(({ status, name }) => (UNNOTICED.includes(status) ? [name] : []))
  : values.sample === undefined
    ? names
    : names
        .map(name => [order(name), name])
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .slice(0, Number(values.sample))
        .map(([, name]) => name)
console.log(`${all.length} mutants beside those of prose, ${due.length} of them are tried`)
writeFileSync(join(out, 'drawn.json'), JSON.stringify(due))

const narrow = values.tests
const times = join(out, 'times.json')
rmSync(times, { force: true })
writeFileSync(
  join(out, 'vitest.config.mjs'),
  `import { quickestFirst } from ${JSON.stringify(join(home, 'quickest.mjs'))}
const { reporter, sequencer } = quickestFirst(${JSON.stringify(times)})
export default { test: { ...${JSON.stringify({
    include: narrow.length === 0 ? ['test/**/*.test.ts'] : narrow.map(folder => `${folder}/**/*.test.ts`),
    exclude: ['**/node_modules/**', 'test/golden.test.ts'],
    setupFiles: ['test/setup.ts', join(home, 'first_failure.mjs')],
    // Counting which mutants a test reaches makes it several times slower; StrykerJS ends what takes too long.
    testTimeout: 600_000,
    isolate: false,
    provide: { updating: false },
  })}, reporters: [reporter], sequence: { sequencer } } }\n`,
)
const config = join(out, 'stryker.json')
writeFileSync(
  config,
  JSON.stringify({
    mutate: files.filter(file => due.some(name => name.startsWith(`${file}:`))),
    plugins: [
      join(home, 'node_modules', '@stryker-mutator', 'vitest-runner', 'dist', 'src', 'index.js'),
      join(home, 'drawn.mjs'),
    ],
    checkers: ['drawn'],
    drawn: join(out, 'drawn.json'),
    warnings: { unknownOptions: false },
    testRunner: 'vitest',
    vitest: { configFile: join(out, 'vitest.config.mjs'), related: true },
    // It reads a tsconfig with the compiler's own interface, which version 7 does not have.
    tsconfigFile: 'none.json',
    tempDirName: join(out, 'sandbox'),
    ignorePatterns: ['dist', 'docs', 'python', 'examples', 'bench', '/test/mutation', '/runs', '/.stryker'],
    inPlace: false,
    concurrency: 1,
    timeoutMS: 10_000,
    dryRunTimeoutMinutes: 30,
    reporters: ['progress-append-only', 'json'],
    jsonReporter: { fileName: report },
    allowEmpty: false,
  }),
)
run(process.execPath, [join(home, 'node_modules', '@stryker-mutator', 'core', 'bin', 'stryker.js'), 'run', config])
