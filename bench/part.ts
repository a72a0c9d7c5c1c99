/**
 * A part of the benchmarks in a process of its own, so that its heap and its compiled code are its own: told which by a message, it answers
 * with the rows.
 */
import { importPlugins } from '../economies/imports.ts'
import { benches } from './index.ts'

/** What is asked: which part, and the modules that add to the package. */
export interface AskedPart {
  readonly id: string
  readonly imports: readonly string[]
}

process.once('message', async ({ id, imports }: AskedPart) => {
  await importPlugins(imports, '.')
  const part = (await benches()).find(each => each.id === id)
  const rows = await part!.run()
  process.send!(rows, () => process.exit(0))
})
