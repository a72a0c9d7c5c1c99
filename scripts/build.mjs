// Compiles the package: TypeScript to ESM with declarations, then the data files that code reads at run time.
// node scripts/build.mjs [FOLDER [TSCONFIG]]: into dist/ by default, without the tests.
import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'

const [out = 'dist', config = 'tsconfig.build.json'] = process.argv.slice(2)
rmSync(out, { recursive: true, force: true })
const tsc = spawnSync(
  process.execPath,
  [join('node_modules', 'typescript', 'bin', 'tsc'), '-p', config, '--noEmit', 'false', '--outDir', out],
  {
    stdio: 'inherit',
  },
)
if (tsc.status !== 0) process.exit(tsc.status ?? 1)

const DATA = /\.(json|csv|md|html|css|js)$/
const SOURCES = ['bots', 'economies', 'envs', 'evals', 'rollouts']
for (const folder of SOURCES) {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !DATA.test(entry.name)) continue
    const path = join(entry.parentPath, entry.name)
    cpSync(path, join(out, path))
  }
}
// The recipe's files are read as they are.
cpSync('templates', join(out, 'templates'), { recursive: true })
for (const bin of readdirSync(join(out, 'bin'))) if (bin.endsWith('.js')) chmodSync(join(out, 'bin', bin), 0o755)
