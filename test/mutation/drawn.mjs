// A checker for StrykerJS that lets through the mutants that were drawn (their names stand in the file of the option `drawn`) and turns
// back all others before a test runs for them.
import { readFileSync } from 'node:fs'
import { relative } from 'node:path'
import { commonTokens, declareFactoryPlugin, PluginKind } from '@stryker-mutator/api/plugin'

/** What a mutant is called in every run over the same code: file, place, what was done, what stands there now. */
export const nameOf = (file, { location: { start, end }, mutatorName, replacement }) =>
  [file, start.line, start.column, end.line, end.column, mutatorName, replacement].join(':')

checker.inject = [commonTokens.options]
function checker({ drawn }) {
  const names = new Set(JSON.parse(readFileSync(drawn, 'utf8')))
  const base = process.cwd()
  return {
    async init() {},
    group: async mutants => [mutants.map(({ id }) => id)],
    check: async mutants =>
      Object.fromEntries(
        mutants.map(mutant => [
          mutant.id,
          names.has(nameOf(relative(base, mutant.fileName), mutant))
            ? { status: 'passed' }
            : { status: 'compileError', reason: 'not drawn' },
        ]),
      ),
  }
}

export const strykerPlugins = [declareFactoryPlugin(PluginKind.Checker, 'drawn', checker)]
