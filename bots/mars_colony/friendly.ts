/** Looks after itself, and has a warm word for its best friend every shift. */
import { bestBonded, choose, habitual, lookAfterOneself, say } from './habits.ts'

export const friendly = habitual(({ observation }) => [
  choose(lookAfterOneself(observation)),
  say(bestBonded(observation), 'warm', 'Glad you are here.'),
])
