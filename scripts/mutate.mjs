// Mutation testing by folder or file: `npm run mutate -- [--tests FOLDER] envs/ID/rules.ts …`. StrykerJS changes one expression at a time and runs
// the tests that reach it; what no test notices is listed. It lies in test/mutation with its own package.json and is installed there on
// the first call, without install scripts. With --tests only the tests of that folder count, which is quicker and finds less. Goes on from what an earlier call found, as long as neither code nor tests changed.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'

const root = resolve(import.meta.dirname, '..')
const home = join(root, 'test', 'mutation')
const { values, positionals: asked } = parseArgs({ options: { tests: { type: 'string' } }, allowPositionals: true })
const missing = asked.find(path => !existsSync(join(root, path)))
if (asked.length === 0 || missing !== undefined) {
  console.error(missing === undefined ? 'Name files or folders whose code is mutated.' : `No file or folder ${missing}.`)
  process.exit(2)
}

const run = (command, words, options = {}) => {
  const { status } = spawnSync(command, words, { cwd: root, stdio: 'inherit', ...options })
  if (status !== 0) process.exit(status ?? 1)
}
if (!existsSync(join(home, 'node_modules')))
  run('npm', ['ci', '--prefix', home, '--ignore-scripts', '--legacy-peer-deps', '--no-audit', '--no-fund'])

/** Reports and what is known from before, one place for each list of paths. */
// Not under test/, where copies of the tests would be taken for tests.
const out = join(root, '.stryker', asked.join('+').replaceAll('/', '.'))
mkdirSync(out, { recursive: true })
const include = [`${values.tests}/**/*.test.ts`]
const narrow = { include, setupFiles: ['test/setup.ts'], testTimeout: 60_000, provide: { updating: false } }
if (values.tests !== undefined)
  writeFileSync(join(out, 'vitest.config.mjs'), `export default { test: ${JSON.stringify(narrow)} }\n`)
const config = join(out, 'stryker.json')
writeFileSync(
  config,
  JSON.stringify({
    mutate: asked.flatMap(path => (statSync(join(root, path)).isDirectory() ? [`${path}/**/*.ts`] : [path])),
    plugins: [join(home, 'node_modules', '@stryker-mutator', 'vitest-runner', 'dist', 'src', 'index.js')],
    testRunner: 'vitest',
    vitest: { configFile: values.tests === undefined ? 'vitest.config.ts' : join(out, 'vitest.config.mjs'), related: true },
    // It reads a tsconfig with the compiler's own interface, which version 7 does not have.
    tsconfigFile: 'none.json',
    tempDirName: join(out, 'sandbox'),
    ignorePatterns: ['dist', 'docs', 'python', 'examples', 'bench', '/test/mutation', '/runs', '/.stryker'],
    inPlace: false,
    concurrency: 1,
    timeoutMS: 10_000,
    incremental: true,
    incrementalFile: join(out, 'incremental.json'),
    reporters: ['clear-text', 'progress-append-only', 'json'],
    jsonReporter: { fileName: join(out, 'mutation.json') },
    clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
    allowEmpty: false,
  }),
)
run(process.execPath, [join(home, 'node_modules', '@stryker-mutator', 'core', 'bin', 'stryker.js'), 'run', config])
