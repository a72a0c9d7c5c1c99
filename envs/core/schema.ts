/** The schemas that authors bring: which zod they are of. Knows no economy. */
import { short } from './plain.ts'

/**
 * Throws where something is no schema of zod 4, of whatever copy: economies are read by structure, so that a second zod 4 in a
 * project does no harm, and zod 3 cannot be read at all.
 */
export function checkSchema(schema: unknown, what: string): void {
  const parts = typeof schema === 'object' && schema !== null ? schema : {}
  if ('_zod' in parts) return
  const came = '_def' in parts ? 'a schema of zod 3' : short(schema)
  throw new TypeError(`${what}: expected a schema of zod 4 (import { z } from 'agoragym'), got ${came}`)
}
