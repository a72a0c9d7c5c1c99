// Mutation testing by folder or file: `npm run mutate -- [--sample N] [--tests FOLDER…] envs/ID evals/stats.ts …`. StrykerJS changes one
// expression at a time and runs the tests that reach it; what no test notices is listed. It lies in test/mutation with its own
// package.json and is installed there on the first call, without install scripts.
//
// --sample N       N mutants drawn at random (--seed S, 1) instead of all, and the share that was noticed with its Wilson interval
// --tests PATH     only the tests of that folder or file count, which is quicker and finds less; may be repeated
// --isolate        each test file in a process of its own, which is slower: for tests that change what other files read
// --again          what the last call over the same paths and seed left unnoticed once more, against more tests or all
// --record         runs nothing: what the last call over the same paths and seed found goes into test/mutation/scores.json and the table
//                  of test/mutation/README.md; mutants of test/mutation/equivalent.json, which change nothing that could be told, are left out
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
    isolate: { type: 'boolean', default: false },
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
function original(source, { start, end }) {
  const lines = source.split('\n').slice(start.line, end.line + 1)
  lines[lines.length - 1] = lines.at(-1).slice(0, end.column)
  lines[0] = lines[0].slice(start.column)
  return lines.join('\n')
}

const isProse = ({ fileName, location, mutatorName }) =>
  mutatorName === 'StringLiteral' && original(sources.get(fileName), location).includes(' ')

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
  Object.entries(JSON.parse(readFileSync(first, 'utf8')).files).flatMap(([file, { mutants: results, source }]) =>
    results.map(result => {
      // The report counts lines and columns from 1.
      const less = ({ line, column }) => ({ line: line - 1, column: column - 1 })
      const location = { start: less(result.location.start), end: less(result.location.end) }
      return { ...result, file, source, location, name: nameOf(file, { ...result, location }) }
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
if (values.record) {
  record()
  process.exit(0)
}
console.log(`${all.length} mutants beside those of prose, ${due.length} of them are tried`)
writeFileSync(join(out, 'drawn.json'), JSON.stringify(due))

const commit = spawnSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: root, encoding: 'utf8' }).stdout.trim()
if (!values.again)
  writeFileSync(
    join(out, `seed-${values.seed}-about.json`),
    JSON.stringify({
      commit,
      date: new Date().toISOString().slice(0, 10),
      mutants: all.length,
      tests: values.tests,
      except: values.except,
    }),
  )

const narrow = values.tests
const times = join(out, 'times.json')
rmSync(times, { force: true })
writeFileSync(
  join(out, 'vitest.config.mjs'),
  `import { quickestFirst } from ${JSON.stringify(join(home, 'quickest.mjs'))}
const { reporter, sequencer } = quickestFirst(${JSON.stringify(times)})
export default { test: { ...${JSON.stringify({
    include:
      narrow.length === 0 ? ['test/**/*.test.ts'] : narrow.map(path => (path.endsWith('.ts') ? path : `${path}/**/*.test.ts`)),
    exclude: ['**/node_modules/**', 'test/golden.test.ts'],
    setupFiles: ['test/setup.ts', join(home, 'first_failure.mjs')],
    // Counting which mutants a test reaches makes it several times slower; StrykerJS ends what takes too long.
    testTimeout: 600_000,
    isolate: values.isolate,
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
    ignorePatterns: ['dist', '/docs/node_modules', '/docs/api', 'python', 'examples', '/test/mutation', '/runs', '/.stryker'],
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

/** What a report found, as it is kept: the drawn mutants by what became of them, those that went unnoticed one by one. */
function record() {
  const equivalent = JSON.parse(readFileSync(join(home, 'equivalent.json'), 'utf8'))
  const tried = reported().filter(({ status }) => status !== 'CompileError')
  const unnoticed = tried.filter(({ status }) => UNNOTICED.includes(status))
  // As it stood when it was tried.
  const told = ({ file, source, location, replacement }) => ({ file, from: original(source, location), to: replacement })
  const isEquivalent = mutant => {
    const { file, from, to } = told(mutant)
    return equivalent.some(each => each.file === file && each.from === from && each.to === to)
  }
  const alike = unnoticed.filter(isEquivalent)
  const counted = tried.length - alike.length
  const noticed = tried.length - unnoticed.length
  const path = join(home, 'scores.json')
  const scores = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : []
  const name = asked.join(' ')
  const score = {
    paths: name,
    seed: Number(values.seed),
    ...JSON.parse(readFileSync(join(out, `seed-${values.seed}-about.json`), 'utf8')),
    tried: tried.length,
    noticed,
    timed_out: tried.filter(({ status }) => status === 'Timeout').length,
    equivalent: alike.length,
    share: noticed / counted,
    interval: wilson(noticed, counted),
    unnoticed: unnoticed
      .filter(each => !isEquivalent(each))
      .map(each => `${each.file}:${each.location.start.line + 1} ${short(told(each))}`),
  }
  const kept = [...scores.filter(each => each.paths !== name || each.seed !== score.seed), score].sort((a, b) =>
    `${a.paths} ${a.seed}` < `${b.paths} ${b.seed}` ? -1 : 1,
  )
  writeFileSync(path, `${JSON.stringify(kept, null, 2)}\n`)
  run('npx', ['biome', 'format', '--write', path])
  const percent = value => `${Math.round(100 * value)} %`
  const rows = kept.map(each => [
    `\`${each.paths}\``,
    each.date,
    `\`${each.commit}\``,
    each.seed,
    each.mutants,
    each.tried,
    each.noticed,
    each.equivalent,
    `${percent(each.share)} (${each.interval.map(percent).join(' to ')})`,
  ])
  const head = ['folder', 'date', 'commit', 'seed', 'mutants', 'tried', 'noticed', 'equivalent', 'score']
  const table = [head, head.map(() => '---'), ...rows].map(cells => `| ${cells.join(' | ')} |`).join('\n')
  const readme = join(home, 'README.md')
  const text = readFileSync(readme, 'utf8').replace(
    /(<!-- scores -->\n).*?(<!-- \/scores -->)/s,
    (_, begin, end) => `${begin}${table}\n${end}`,
  )
  writeFileSync(readme, text)
  console.log(`${name}: ${noticed} of ${counted} noticed, ${percent(score.share)}`)
}

/** A change in one line. */
function short({ from, to }) {
  const line = text => text.replace(/\s+/g, ' ').slice(0, 80)
  return `${line(from)} → ${line(to)}`
}

/** Wilson's interval of a share at 95 %. */
function wilson(hits, n) {
  const z = 1.959963984540054
  const middle = (hits + z ** 2 / 2) / (n + z ** 2)
  const half = (z / (n + z ** 2)) * Math.sqrt((hits * (n - hits)) / n + z ** 2 / 4)
  return [middle - half, middle + half]
}
