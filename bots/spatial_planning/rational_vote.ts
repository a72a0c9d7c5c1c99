/**
 * Asks for a tenth more than the project costs it, offers the cheapest sum that carries, votes by the sum of value and
 * compensation, and says nothing; where there is no vote it is honest.
 */
import { character, lossOf } from './common.ts'
import { honestHabits } from './honest.ts'

export const rationalVoter = character(context => ({
  ...honestHabits(context),
  message: () => undefined,
  request: seen => Math.round(1.1 * lossOf(seen)),
}))
