/** Only walks. */
import { choose, habitual } from './habits.ts'

export const idle = habitual(({ observation }) => [choose(observation.suspended ? 'resting' : 'walking')])
