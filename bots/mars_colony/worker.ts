/** Only works, whatever it needs. */
import { choose, habitual } from './habits.ts'

export const worker = habitual(({ observation }) => [choose(observation.suspended ? 'resting' : 'working')])
