/** Rests and socializes when a need runs low, works otherwise; alone among others. */
import { choose, habitual, lookAfterOneself } from './habits.ts'

export const balanced = habitual(({ observation }) => [choose(lookAfterOneself(observation))])
