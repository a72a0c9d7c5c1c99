// Runs the code of the documentation as a reader would: packs the package, installs the tarball in an empty folder a page, and
// takes the page's blocks in order. Knows fences, nothing of what a page says.
//
//   ```ts [file.ts]      saved under that name (or `// file.ts` as its first line), compiled against the packed types, run
//   ```js [file.js]      saved and run
//   ```sh                run by bash, the command of the package first in the PATH; a failing line fails the page
//   ```json [file.json]  saved where it has a name, read as JSON in any case
//   ```sh no-run: why      not run: counted, and listed with its reason
//
// `node scripts/blocks.mjs [PAGE…]` (all pages of docs/, README.md and the economies' READMEs by default). Exits 1 naming page
// and line of each block that fails. Other languages are text.
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, delimiter, dirname, join, relative, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '..')
const RUN = new Set(['ts', 'js', 'sh', 'json'])
/** Code that a reader may run and this cannot: it must say why. */
const OTHER = new Set(['python', 'py', 'yaml', 'toml', 'dockerfile', 'bash'])
const SECONDS = 300

/** The fenced blocks of a page with what their info string says. */
function blocksOf(page) {
  const blocks = []
  let open
  for (const [i, line] of readFileSync(join(root, page), 'utf8').split('\n').entries()) {
    const fence = /^(\s*)(`{3,})(.*)$/.exec(line)
    if (open === undefined) {
      if (fence === null) continue
      const [, language, rest] = /^(\S*)\s*(.*)$/.exec(fence[3].trim())
      const [marked, reason] = /\bno-run\b(?:: (\S.*))?$/.exec(rest) ?? []
      if (marked !== undefined && reason === undefined) throw new Error(`${page}:${i + 1}: no-run needs a reason: no-run: why`)
      open = {
        page,
        line: i + 1,
        language,
        reason,
        name: /\[([^\]]+)\]/.exec(rest)?.[1],
        ticks: fence[2],
        indent: fence[1],
        lines: [],
      }
    } else if (fence !== null && fence[2].length >= open.ticks.length && fence[3].trim() === '') {
      const { lines, indent, ...block } = open
      const code = lines.map(text => (text.startsWith(indent) ? text.slice(indent.length) : text)).join('\n')
      const named = block.name ?? /^\/\/ (\S+\.(?:ts|js|mjs))$/m.exec(code.split('\n', 1)[0])?.[1]
      blocks.push({ ...block, code: `${code}\n`, name: named })
      open = undefined
    } else open.lines.push(line)
  }
  if (open !== undefined) throw new Error(`${page}:${open.line}: the block is never closed`)
  const unmarked = blocks.find(({ language, reason }) => OTHER.has(language) && reason === undefined)
  if (unmarked !== undefined) throw new Error(`${page}:${unmarked.line}: ${unmarked.language} is not run here: add no-run: why`)
  return blocks.filter(({ language }) => RUN.has(language) || OTHER.has(language))
}

/** The Markdown pages directly in a folder, and the README of each of its folders. */
const pagesIn = folder =>
  existsSync(join(root, folder))
    ? readdirSync(join(root, folder))
        .filter(name => name.endsWith('.md'))
        .map(name => `${folder}/${name}`)
    : []
const readmesIn = folder =>
  readdirSync(join(root, folder))
    .map(name => `${folder}/${name}/README.md`)
    .filter(path => existsSync(join(root, path)))

const pages =
  process.argv.length > 2
    ? process.argv.slice(2).map(page => relative(root, resolve(page)))
    : ['README.md', ...pagesIn('docs'), ...pagesIn('docs/extend'), ...readmesIn('envs')]

const base = mkdtempSync(join(tmpdir(), 'agoragym-blocks-'))
const npm = (args, cwd) => execFileSync('npm', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })
const failures = []
const skipped = []
let ran = 0

function run(block, command, args, folder) {
  const { page, line } = block
  const path = [join(folder, 'node_modules', '.bin'), dirname(process.execPath), process.env.PATH].join(delimiter)
  const result = spawnSync(command, args, {
    cwd: folder,
    encoding: 'utf8',
    timeout: SECONDS * 1000,
    maxBuffer: 1 << 28,
    env: { ...process.env, PATH: path, CI: 'true', FORCE_COLOR: '0' },
  })
  if (result.status === 0) {
    ran++
    return true
  }
  const why = result.error?.message ?? `exit ${result.status ?? result.signal}`
  failures.push(
    `${page}:${line}: ${why}\n${`${result.stdout ?? ''}${result.stderr ?? ''}`.trim().split('\n').slice(-25).join('\n')}`,
  )
  return false
}

const TSC = [
  join(root, 'node_modules', 'typescript', 'bin', 'tsc'),
  ...'--module nodenext --target es2023 --strict --skipLibCheck --rewriteRelativeImportExtensions --types node'.split(' '),
  ...['--typeRoots', join(root, 'node_modules', '@types'), '--outDir', 'out'],
]

/** One page: its blocks share a folder, as they would a reader's. */
function runPage(page, blocks) {
  const folder = join(base, page.replaceAll('/', '-'))
  mkdirSync(folder)
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'reader', private: true, type: 'module' }))
  symlinkSync(join(base, 'node_modules'), join(folder, 'node_modules'))
  for (const [i, block] of blocks.entries()) {
    const { language, code, reason, line } = block
    if (reason !== undefined) {
      skipped.push(`${page}:${line}: ${reason}`)
      continue
    }
    const name = block.name ?? `block${i}.${language}`
    if (name !== basename(name) && name.includes('..'))
      throw new Error(`${page}:${line}: a block's file lies in its page's folder: ${name}`)
    if (language !== 'sh' && (language !== 'json' || block.name !== undefined)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true })
      writeFileSync(join(folder, name), code)
    }
    if (language === 'ts') {
      if (!run(block, process.execPath, [...TSC, name], folder)) return
      ran--
      if (!run(block, process.execPath, [join('out', name.replace(/\.ts$/, '.js'))], folder)) return
    } else if (language === 'js') {
      if (!run(block, process.execPath, [name], folder)) return
    } else if (language === 'sh') {
      if (!run(block, 'bash', ['-euo', 'pipefail', '-c', code], folder)) return
    } else {
      try {
        JSON.parse(code)
        ran++
      } catch (error) {
        failures.push(`${page}:${line}: ${error.message}`)
      }
    }
  }
}

try {
  const found = pages.map(page => [page, blocksOf(page)])
  const [{ filename }] = JSON.parse(npm(['pack', '--json', '--ignore-scripts', '--pack-destination', base], root))
  writeFileSync(join(base, 'package.json'), JSON.stringify({ name: 'readers', private: true, type: 'module' }))
  npm(['install', '--no-audit', '--no-fund', '--ignore-scripts', `./${filename}`], base)
  for (const [page, blocks] of found) {
    const before = ran
    runPage(page, blocks)
    if (blocks.length > 0) console.log(`${page}: ${ran - before} of ${blocks.length} blocks run`)
  }
} finally {
  rmSync(base, { recursive: true, force: true })
}
console.log(`\n${ran} blocks run, ${skipped.length} marked no-run${skipped.length > 0 ? ':' : ''}`)
for (const line of skipped) console.log(`  ${line}`)
if (failures.length > 0) {
  console.error(`\n${failures.length} failed:\n${failures.join('\n\n')}`)
  process.exitCode = 1
}
