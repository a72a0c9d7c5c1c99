// The order of test files under StrykerJS, which stops at the first test that fails: those that took the least time when all ran without
// a mutant come first. The times lie in a file, as StrykerJS begins new processes. It looks at tests alone: a file that cannot be read with a
// mutant in place has none, so its error is told as one outside of tests, which StrykerJS does look at.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'

/** A reporter and a sequencer of vitest that share the file of times. */
export function quickestFirst(path) {
  let vitest
  return {
    reporter: {
      onInit(given) {
        vitest = given
      },
      onTestRunEnd(modules) {
        for (const error of modules.flatMap(each => each.errors())) vitest.state.catchError(error, 'Unhandled Error')
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
