/** The package compiled into a folder of its own, for programs that are run as processes; types are checked elsewhere. */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { transform } from 'esbuild'

const ROOT = join(import.meta.dirname, '..')
/** What no program runs. */
const APART = ['node_modules', 'dist', 'test', 'docs', 'python', 'scripts', 'examples']
const DATA = /\.(json|csv|md|html|css|js)$/

export interface Built {
  readonly folder: string
  /** The program `agoragym`. */
  readonly program: string
  remove(): void
}

/** Compiles what programs run, and these folders of tests beside it. */
export async function build(beside: readonly string[] = []): Promise<Built> {
  const folder = mkdtempSync(join(tmpdir(), 'agoragym-built-'))
  const parts = readdirSync(ROOT, { withFileTypes: true }).filter(each => each.isDirectory() && !/^\./.test(each.name))
  const folders = [...parts.map(({ name }) => name).filter(name => !APART.includes(name)), ...beside]
  const files = [
    ...readdirSync(ROOT),
    ...folders.flatMap(name =>
      readdirSync(join(ROOT, name), { recursive: true, encoding: 'utf8' }).map(path => join(name, path)),
    ),
  ]
  await Promise.all(
    files.map(async path => {
      const code = path.endsWith('.ts') && !path.endsWith('.d.ts')
      if (!code && !(DATA.test(path) && path.includes('/'))) return
      const out = join(folder, code ? path.replace(/\.ts$/, '.js') : path)
      mkdirSync(dirname(out), { recursive: true })
      if (!code) {
        cpSync(join(ROOT, path), out)
        return
      }
      const { code: plain } = await transform(readFileSync(join(ROOT, path), 'utf8'), { loader: 'ts', target: 'node20' })
      writeFileSync(out, plain.replace(/((?:from|import\(|import)\s*"\.[^"]+)\.ts"/g, '$1.js"'))
    }),
  )
  cpSync(join(ROOT, 'package.json'), join(folder, 'package.json'))
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  return { folder, program: join(folder, 'bin', 'agoragym.js'), remove: () => rmSync(folder, { recursive: true, force: true }) }
}
