/** Builds every third shift, promises it and keeps the promise, asks the most reputable colonist to join, and talks warmly. */
import { bestBonded, buildAndPledge, habitual, mostReputable, say } from './habits.ts'

export const cooperator = habitual(({ observation }) => [
  ...buildAndPledge(observation),
  say(bestBonded(observation), 'warm', 'We will finish this together.'),
  ...(observation.shared.step % 3 === 0 ? [{ tool: 'ask', args: { to: mostReputable(observation) } } as const] : []),
])
