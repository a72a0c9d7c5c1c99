/** The reference of the public surface: one module an export of the package, read off its built declarations. */
import { readFileSync } from 'node:fs'

const { exports: subpaths } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))

/** @type {import('typedoc').TypeDocOptions & import('typedoc-plugin-markdown').PluginOptions} */
export default {
  plugin: ['typedoc-plugin-markdown'],
  name: 'agoragym',
  tsconfig: 'tsconfig.json',
  entryPoints: Object.values(subpaths).flatMap(({ types }) => (types === undefined ? [] : [`../${types}`])),
  out: 'api',
  readme: 'none',
  entryFileName: 'index',
  fileExtension: '.md',
  hideBreadcrumbs: true,
  hidePageHeader: true,
  disableSources: true,
  githubPages: false,
  excludePrivate: true,
  excludeInternal: true,
  excludeExternals: true,
  sanitizeComments: true,
  // A type that the package does not export is described where it is met.
  validation: { notExported: false, invalidLink: true, invalidPath: true },
  treatValidationWarningsAsErrors: false,
  logLevel: 'Warn',
}
