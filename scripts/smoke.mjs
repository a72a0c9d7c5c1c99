// Packs the package, installs the tarball in an empty folder as a stranger would, and does there what the README and the examples
// say: the commands, the README's programs and every example compiled under both kinds of module resolution and run; one's own
// economy, bot and metric from a program and with --import; the same on Node 20, 22 and 24; and a bundle.
import { spawnSync } from 'node:child_process'
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve, sep } from 'node:path'
import { rolldown } from 'rolldown'

const root = process.cwd()
const folder = mkdtempSync(join(tmpdir(), 'agoragym-smoke-'))
const run = (command, args, options = {}) => {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: folder, encoding: 'utf8', ...options })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: code ${status}\n${stdout}\n${stderr}`)
  return stdout
}
const expectText = (text, part) => {
  if (part instanceof RegExp ? !part.test(text) : !text.includes(part)) throw new Error(`expected ${part} in:\n${text}`)
}
const program = join('node_modules', 'agoragym', 'dist', 'bin', 'agoragym.js')

/** The binaries of other versions of Node, from packages that bring them without an install script. */
const OTHERS = ['20.19.0', '22', '24']
function nodeOf(version) {
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`
  const home = join(folder, 'nodes', version)
  mkdirSync(home, { recursive: true })
  writeFileSync(join(home, 'package.json'), '{ "private": true }')
  run('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', `${name}@${version}`], { cwd: home })
  return join(home, 'node_modules', name, 'bin', 'node')
}

/** A command line on a Node of that path: what it says, and its code. */
function on(node, args, cwd = folder) {
  const { status, stdout, stderr } = spawnSync(node, args, { cwd, encoding: 'utf8' })
  return { status, out: stdout, err: stderr }
}

/** Everything with one's own module that a program does, typed at the command line. */
function commandLine(node, module) {
  const out = `runs/${module.replaceAll(/[./]/g, '-')}-${process.hrtime.bigint()}`
  const own = ['--import', module]
  const players = ['--players', 'bot:seller,random', '--seeds', '5']
  expectText(run(node, [program, 'eval', 'toy_market', ...players, '--out', out, ...own]), 'bot:seller')
  expectText(run(node, [program, 'score', out, ...own]), 'patience')
  const compared = run(node, [program, 'compare', out, '--baseline', 'random', '--all', ...own])
  expectText(compared, /patience +\d/)
  expectText(compared, 'bot:seller − random')
  const exported = ['--format', 'sft-trl', '--out', `${out}-data`, '--include-truncated']
  expectText(run(node, [program, 'export', out, ...exported, ...own]), 'rows')
  expectText(run(node, [program, 'report', out, '--html', `${out}.html`, ...own]), '10 rollouts')
  expectText(run(node, [program, 'replay', out, ...own]), 'all equal to their replay')
}

try {
  const [{ filename }] = JSON.parse(
    run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], { cwd: root }),
  )
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'stranger', private: true, type: 'module' }))
  run('npm', ['install', '--no-audit', '--no-fund', `./${filename}`])
  console.log(`installed ${filename}`)

  expectText(run('npx', ['agoragym', '--help']), 'agoragym')
  const shipped = JSON.parse(run('npx', ['agoragym', 'envs', '--json'])).map(({ id }) => id)
  if (shipped.length < 4) throw new Error(`expected the shipped economies, got ${shipped}`)

  // What the documents link to is in the package, or is on the web.
  const home = join(folder, 'node_modules', 'agoragym')
  const documents = [
    'README.md',
    ...readdirSync(join(home, 'docs'), { recursive: true })
      .filter(name => name.endsWith('.md'))
      .map(name => `docs/${name.split(sep).join('/')}`),
  ]
  for (const document of documents) {
    for (const [, target] of readFileSync(join(home, document), 'utf8').matchAll(/\]\(([^)\s#]+)[^)]*\)/g)) {
      if (/^https?:/.test(target) || existsSync(join(home, dirname(document), target))) continue
      throw new Error(`${document} links to ${target}, which is not in the package`)
    }
  }

  // A second zod of another major, as a project may have it.
  run('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', 'zod@3'])

  // The documents' own programs and the examples, compiled against the packed types.
  const programs = documents.flatMap(document =>
    [...readFileSync(join(home, document), 'utf8').matchAll(/```ts\n\/\/ (\S+\.ts)\n([\s\S]*?)```/g)].map(([, name, text]) => ({
      name,
      text,
    })),
  )
  if (programs.length < 3) throw new Error(`expected programs in the documents, found ${programs.length}`)
  for (const { name, text } of programs) writeFileSync(join(folder, name), text)
  const examples = readdirSync(join(root, 'examples')).filter(name => name.endsWith('.ts'))
  for (const name of examples) copyFileSync(join(root, 'examples', name), join(folder, name))
  const toy = readFileSync(join(root, 'test', 'toy_market', 'index.ts'), 'utf8')
  writeFileSync(join(folder, 'toy_market.ts'), toy.replace("'../../index.ts'", "'agoragym'"))
  const own = readFileSync(join(folder, 'own_economy.ts'), 'utf8').split('\n').length
  if (own >= 40) throw new Error(`own_economy.ts has ${own} lines`)

  const tsc = resolve(root, 'node_modules', 'typescript', 'bin', 'tsc')
  const flags = ['--target', 'es2023', '--strict', '--types', 'node', '--typeRoots', join(root, 'node_modules', '@types')]
  const names = [...programs.map(({ name }) => name), ...examples, 'toy_market.ts']
  const bundler = ['--module', 'esnext', '--moduleResolution', 'bundler', '--noEmit', '--allowImportingTsExtensions']
  run(process.execPath, [tsc, ...flags, ...bundler, ...names])
  run(process.execPath, [tsc, ...flags, '--module', 'nodenext', '--rewriteRelativeImportExtensions', '--outDir', 'out', ...names])
  console.log(`${names.length} files compile under NodeNext and Bundler`)

  for (const name of names) {
    if (['toy_market.ts', 'plugin.ts'].includes(name)) continue
    console.log(`== ${name}\n${run(process.execPath, [`out/${name.replace('.ts', '.js')}`]).trim()}`)
  }
  for (const path of ['report.html', 'data/datacard.json']) if (!existsSync(join(folder, path))) throw new Error(`no ${path}`)

  commandLine(process.execPath, './out/plugin.js')
  writeFileSync(
    join(folder, 'suite.json'),
    JSON.stringify({
      name: 'own',
      imports: ['./out/plugin.js'],
      entries: [{ env: 'toy_market', seeds: '2', players: ['bot:seller'] }],
    }),
  )
  expectText(run('npx', ['agoragym', 'eval', '--suite', 'suite.json']), 'bot:seller')
  mkdirSync(join(folder, 'below'))
  writeFileSync(join(folder, 'agoragym.config.js'), "export { default } from './out/plugin.js'\n")
  expectText(on(process.execPath, [join('..', program), 'envs'], join(folder, 'below')).out, 'toy_market')
  rmSync(join(folder, 'agoragym.config.js'))
  console.log('own economy, bot and metric from a program, with --import, in a suite and from the config file')

  // A second copy of the package is told.
  cpSync(join(folder, 'node_modules', 'agoragym'), join(folder, 'elsewhere', 'node_modules', 'agoragym'), { recursive: true })
  writeFileSync(join(folder, 'elsewhere', 'mine.js'), "import { PASS } from 'agoragym'\nexport default { players: {} }\n")
  const second = on(process.execPath, [program, 'envs', '--import', './elsewhere/mine.js'])
  if (second.status !== 2) throw new Error(`a second copy: code ${second.status}`)
  expectText(second.err, /^--import .*: it uses another copy of agoragym \(.*elsewhere.*\) than this command/)

  for (const version of OTHERS) {
    const node = nodeOf(version)
    const found = run(node, ['--version']).trim()
    rmSync(join(folder, 'runs', 'program'), { recursive: true })
    expectText(run(node, ['out/own_economy.js']), 'training rows')
    const [major] = found.slice(1).split('.').map(Number)
    if (major < 22) {
      const { status, err } = on(node, [program, 'envs', '--import', './plugin.ts'])
      if (status !== 2) throw new Error(`${found}: a .ts import ended with code ${status}`)
      expectText(
        err,
        /^--import \.\/plugin\.ts: Node \S+ runs no TypeScript: use Node 22\.18 or later, or compile the file first/,
      )
      commandLine(node, './out/plugin.js')
    } else {
      rmSync(join(folder, 'runs', 'program'), { recursive: true })
      expectText(run(node, ['own_economy.ts']), 'training rows')
      commandLine(node, './plugin.ts')
    }
    console.log(`Node ${found}: ${major < 22 ? 'compiled, and one line about .ts' : '.ts as it is'}`)
  }

  // What registers the economies must survive a bundler that drops what nobody uses.
  writeFileSync(join(folder, 'ids.js'), "import { economies } from 'agoragym'\nconsole.log(economies.ids().join())\n")
  const bundled = async (input, dir) => {
    const bundle = await rolldown({
      input: join(folder, input),
      platform: 'node',
      external: ['libsql', /^node:/],
      logLevel: 'silent',
    })
    await bundle.write({ dir: join(folder, dir), format: 'esm' })
  }
  await bundled('ids.js', 'bundle')
  expectText(run(process.execPath, ['bundle/ids.js']), shipped.join())
  // A plugin with the package bundled into it is a second copy as well.
  await bundled('out/plugin.js', 'bundled-plugin')
  expectText(
    on(process.execPath, [program, 'envs', '--import', './bundled-plugin/plugin.js']).err,
    'it uses another copy of agoragym',
  )
  console.log('a bundle holds the economies')
  console.log('the tarball works')
} finally {
  rmSync(folder, { recursive: true, force: true })
}
