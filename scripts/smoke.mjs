// Packs the package, installs the tarball in an empty folder as a stranger would, runs its commands, and follows the README's
// recipe for an economy of one's own: the toy economy of the tests, compiled against the packed types and checked by the
// packed conformance suite.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const root = process.cwd()
const folder = mkdtempSync(join(tmpdir(), 'agoragym-smoke-'))
const run = (command, args, options = {}) =>
  execFileSync(command, args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], ...options })
const expectText = (text, part) => {
  if (!text.includes(part)) throw new Error(`expected ${JSON.stringify(part)} in:\n${text}`)
}

try {
  const [{ filename }] = JSON.parse(
    run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], { cwd: root }),
  )
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'stranger', private: true, type: 'module' }))
  run('npm', ['install', '--no-audit', '--no-fund', `./${filename}`])
  console.log(`installed ${filename}`)

  expectText(run('npx', ['agoragym', '--help']), 'agoragym')
  const [{ id }] = JSON.parse(run('npx', ['agoragym', 'envs', '--json']))
  const evaluated = run('npx', ['agoragym', 'eval', id, '--players', 'bot:honest,bot:deceptive', '--seeds', '2', '--out', 'runs'])
  expectText(evaluated, 'bot:deceptive')
  console.log(evaluated)

  // The README's own code, compiled against the packed types and run.
  const readme = readFileSync(join(root, 'README.md'), 'utf8')
  const programs = [...readme.matchAll(/```ts\n\/\/ (\S+\.ts)\n([\s\S]*?)```/g)].map(([, name, text]) => ({ name, text }))
  if (programs.length !== 2) throw new Error(`expected two programs in the README, found ${programs.length}`)
  for (const { name, text } of programs) writeFileSync(join(folder, name), text)
  const toy = readFileSync(join(root, 'test', 'toy_market', 'index.ts'), 'utf8')
  writeFileSync(join(folder, 'toy_market.ts'), toy.replace("'../../index.ts'", "'agoragym'"))
  const tsc = resolve(root, 'node_modules', 'typescript', 'bin', 'tsc')
  const names = programs.map(program => program.name)
  const flags = [
    '--module',
    'nodenext',
    '--target',
    'es2023',
    '--strict',
    '--types',
    'node',
    '--typeRoots',
    join(root, 'node_modules', '@types'),
    '--outDir',
    'out',
  ]
  run(process.execPath, [tsc, ...flags, ...names, 'toy_market.ts'])
  for (const name of names) console.log(run(process.execPath, [`out/${name.replace('.ts', '.js')}`]).trim())
  console.log('the tarball works')
} finally {
  rmSync(folder, { recursive: true, force: true })
}
