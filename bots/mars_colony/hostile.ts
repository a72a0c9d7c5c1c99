/** Looks after itself, and has a cold word for its best friend every shift. */
import { bestBonded, choose, habitual, lookAfterOneself, say } from './habits.ts'

export const hostile = habitual(({ observation }) => [
  choose(lookAfterOneself(observation)),
  say(bestBonded(observation), 'cold', 'I do not need you.'),
])
