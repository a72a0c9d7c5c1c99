/** Builds every third shift and promises it, keeps the promise, and talks warmly; asks nobody. */
import { bestBonded, buildAndPledge, habitual, say } from './habits.ts'

export const pledger = habitual(({ observation }) => [
  ...buildAndPledge(observation),
  say(bestBonded(observation), 'warm', 'We will finish this together.'),
])
