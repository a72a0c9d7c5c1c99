/** Looks after itself, and builds where others would work for as long as there is something to build. */
import { canBuild, choose, habitual, lookAfterOneself } from './habits.ts'

export const builder = habitual(({ observation }) => {
  const action = lookAfterOneself(observation)
  return [choose(action === 'working' && canBuild(observation) ? 'building' : action)]
})
