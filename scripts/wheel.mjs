// Builds the Python package: bundles the program into python/agoragym/_js, as code and data files lie in dist/, then makes the
// wheel of it. Knows files, nothing of what the program does.
// node scripts/wheel.mjs [--bundle] [FOLDER]: the wheel goes to python/dist by default; --bundle stops before it. Needs, for the
// wheel, a Python that has `build` and `hatchling` (AGORAGYM_PYTHON, else python3).
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative, resolve } from 'node:path'
import { build } from 'esbuild'
import { copyDataFiles } from './data_files.mjs'

const root = resolve(import.meta.dirname, '..')
process.chdir(root)
const out = join('python', 'agoragym', '_js')
const [folder = join('python', 'dist')] = process.argv.slice(2).filter(word => word !== '--bundle')

/**
 * Native code, which a bundle cannot hold (only `sim-engine` and the paper's comparison load it, and no wheel brings those), and what
 * users install who want it.
 */
const LEFT_OUT = ['libsql', '@opentelemetry/sdk-node', 'bullmq', 'ioredis']
/** What reports paste into their page and pages of games load: read as files, found by their package's name. */
const PASTED = {
  d3: 'dist/d3.min.js',
  '@observablehq/plot': 'dist/plot.umd.min.js',
  preact: 'dist/preact.mjs',
  htm: 'dist/htm.mjs',
}

const ROOT_MODULE = 'agoragym-bundle-root'
/**
 * Code finds its data files by `import.meta`. In the bundle every module answers with the place that it would have in dist/, and
 * the data files lie at those places.
 */
const places = {
  name: 'places',
  setup(build) {
    build.onResolve({ filter: new RegExp(`^${ROOT_MODULE}$`) }, ({ path }) => ({ path, namespace: ROOT_MODULE }))
    // package.json names the files with side effects where they lie when compiled.
    build.onResolve({ filter: /^\.\.?\/.*\.ts$/ }, ({ path, resolveDir }) => ({
      path: resolve(resolveDir, path),
      sideEffects: true,
    }))
    build.onLoad({ filter: /.*/, namespace: ROOT_MODULE }, () => ({
      contents: `import { fileURLToPath } from 'node:url'
        export const urlOf = path => new URL(path, import.meta.url).href
        export const folderOf = path => fileURLToPath(new URL('.', urlOf(path)))`,
      resolveDir: root,
    }))
    build.onLoad({ filter: /\.ts$/ }, ({ path }) => {
      const text = readFileSync(path, 'utf8')
      if (!text.includes('import.meta.')) return undefined
      const place = JSON.stringify(`./${relative(root, path).replaceAll('\\', '/').replace(/\.ts$/, '.js')}`)
      const placed = text
        .replaceAll('import.meta.url', `__urlOf(${place})`)
        .replaceAll('import.meta.dirname', `__folderOf(${place})`)
      return { contents: `import { urlOf as __urlOf, folderOf as __folderOf } from '${ROOT_MODULE}'\n${placed}`, loader: 'ts' }
    })
  },
}

rmSync(out, { recursive: true, force: true })
const { metafile } = await build({
  entryPoints: {
    agoragym: 'bin/agoragym.ts',
    // Threads and processes are modules of their own.
    'bench/part': 'bench/part.ts',
    'bench/provider_process': 'bench/provider_process.ts',
    'economies/audit_worker': 'economies/audit_worker.ts',
    'economies/play_worker': 'economies/play_worker.ts',
    'queue/lease_thread': 'queue/lease_thread.ts',
  },
  outdir: out,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  chunkNames: 'chunk-[hash]',
  minifyWhitespace: true,
  minifySyntax: true,
  legalComments: 'none',
  external: LEFT_OUT,
  // Packages written for CommonJS ask for built-in modules with `require`.
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
  plugins: [places],
  metafile: true,
  logLevel: 'warning',
})

copyDataFiles(out)
// What the program reads of its own package, and its scope: `agoragym/package.json` is found from within it.
const { name, version, type, license } = JSON.parse(readFileSync('package.json', 'utf8'))
writeFileSync(
  join(out, 'package.json'),
  `${JSON.stringify({ name, version, type, license, exports: { './package.json': './package.json' } }, null, 2)}\n`,
)
const require = createRequire(import.meta.url)
for (const [library, file] of Object.entries(PASTED)) {
  const home = join('node_modules', library)
  for (const path of ['package.json', file, relative(realpathSync(home), require.resolve(library))]) {
    mkdirSync(dirname(join(out, home, path)), { recursive: true })
    cpSync(join(home, path), join(out, home, path))
  }
}
// What there is to play, for those who only want the names.
const listed = spawnSync(process.execPath, [join(out, 'agoragym.js'), 'envs', '--json'], { encoding: 'utf8' })
if (listed.status !== 0) throw new Error(`the bundle does not run: ${listed.stderr}`)
writeFileSync(join(out, 'economies.json'), listed.stdout)

/** The folder of the package that a bundled file comes from; undefined for a file of ours. */
function packageOf(path) {
  const [, found] = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path) ?? []
  return found
}
const bundled = new Set([
  ...Object.keys(metafile.inputs).map(packageOf),
  ...Object.keys(PASTED).map(name => `node_modules/${name}`),
])
bundled.delete(undefined)
const notices = [...bundled].sort().map(home => {
  const { name, version, license } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8'))
  const texts = readdirSync(home).filter(file => /^(licen[cs]e|notice)/i.test(file))
  return [`${name} ${version} (${license})`, ...texts.map(file => readFileSync(join(home, file), 'utf8').trim())].join('\n\n')
})
writeFileSync(join(out, 'THIRD_PARTY.txt'), `${notices.join(`\n\n${'-'.repeat(80)}\n\n`)}\n`)
for (const file of ['LICENSE', 'NOTICE']) cpSync(file, join('python', file))

const size = Object.values(metafile.outputs).reduce((sum, { bytes }) => sum + bytes, 0)
console.log(`${out}: ${version}, ${(size / 1e6).toFixed(1)} MB of code with ${bundled.size} packages`)

if (!process.argv.includes('--bundle')) {
  const python = process.env.AGORAGYM_PYTHON ?? 'python3'
  rmSync(folder, { recursive: true, force: true })
  const made = spawnSync(python, ['-m', 'build', '--wheel', '--no-isolation', '--outdir', resolve(folder), 'python'], {
    encoding: 'utf8',
  })
  if (made.status !== 0) {
    console.error(`${python} -m build: ${made.error?.message ?? `code ${made.status}`}\n${made.stdout}${made.stderr}`)
    console.error('It needs a Python with both: pip install build hatchling')
    process.exit(1)
  }
  console.log(
    join(
      folder,
      readdirSync(folder).find(file => file.endsWith('.whl')),
    ),
  )
}
