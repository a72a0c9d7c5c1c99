// The data files that code reads at run time, copied beside the code that a build made of it.
import { cpSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

const DATA = /\.(json|csv|md|html|css|js)$/
const SOURCES = ['bots', 'economies', 'envs', 'evals', 'host', 'rollouts', 'view']

export function copyDataFiles(out) {
  for (const folder of SOURCES) {
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || !DATA.test(entry.name)) continue
      const path = join(entry.parentPath, entry.name)
      cpSync(path, join(out, path))
    }
  }
  // The recipe's files are read as they are.
  cpSync('templates', join(out, 'templates'), { recursive: true })
}
