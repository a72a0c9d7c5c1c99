// Compiles the package: TypeScript to ESM with declarations, then the data files that code reads at run time.
// node scripts/build.mjs [FOLDER [TSCONFIG [FLAG…]]]: into dist/ by default, without the tests; flags go to the compiler.
import { spawnSync } from 'node:child_process'
import { chmodSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { copyDataFiles } from './data_files.mjs'

const [out = 'dist', config = 'tsconfig.build.json', ...flags] = process.argv.slice(2)
rmSync(out, { recursive: true, force: true })
const tsc = spawnSync(
  process.execPath,
  [join('node_modules', 'typescript', 'bin', 'tsc'), '-p', config, '--noEmit', 'false', '--outDir', out, ...flags],
  {
    stdio: 'inherit',
  },
)
if (tsc.status !== 0) process.exit(tsc.status ?? 1)

copyDataFiles(out)
for (const bin of readdirSync(join(out, 'bin'))) if (bin.endsWith('.js')) chmodSync(join(out, 'bin', bin), 0o755)
