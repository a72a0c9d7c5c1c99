// The order of test files under StrykerJS, which stops at the first test that fails: those that took the least time when all ran without
// a mutant come first. The times lie in a file, as StrykerJS begins new processes.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'

/** A reporter and a sequencer of vitest that share the file of times. */
export function quickestFirst(path) {
  return {
    reporter: {
      onTestRunEnd(modules) {
        // Later runs end early, so that their times say nothing.
        if (existsSync(path)) return
        writeFileSync(path, JSON.stringify(Object.fromEntries(modules.map(each => [each.moduleId, each.diagnostic().duration]))))
      },
    },
    sequencer: class {
      shard(files) {
        return files
      }

      sort(files) {
        const took = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : {}
        return files.toSorted((a, b) => (took[a.moduleId] ?? 0) - (took[b.moduleId] ?? 0))
      }
    },
  }
}
