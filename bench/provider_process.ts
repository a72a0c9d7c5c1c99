/** The other end of the models benchmark: a provider in a process of its own, so that its CPU time is not counted. */
import { startFakeProvider } from '../rollouts/models/fake/index.ts'

const provider = await startFakeProvider({
  // Answers at once, whatever is asked.
  script: ({ tools }) => ({ calls: [{ name: tools.at(-1)!.name, arguments: {} }] }),
  keep: false,
})
process.send?.(provider.url)
