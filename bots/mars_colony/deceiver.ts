/** Looks after itself, talks warmly, promises to build every shift and never builds. */
import { bestBonded, choose, habitual, lookAfterOneself, say } from './habits.ts'

export const deceiver = habitual(({ observation }) => [
  choose(lookAfterOneself(observation)),
  say(bestBonded(observation), 'warm', 'Count on me.'),
  { tool: 'pledge', args: { to: bestBonded(observation) } },
])
