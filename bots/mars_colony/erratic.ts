/** One of the five actions every shift, drawn uniformly; nothing else. */
import { ACTIONS } from '../../envs/mars_colony/parameters.ts'
import { choose, habitual } from './habits.ts'

export const erratic = habitual(({ random }) => [choose(random.pick(ACTIONS))])
