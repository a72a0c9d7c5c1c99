/** The deceptive player without shame: declares the most that is allowed for what it wants, and its lower end for the other. */
import { character, preferred } from './common.ts'
import { deceptiveHabits } from './deceptive.ts'

export const brazen = character(context =>
  deceptiveHabits(context, ({ land, role }) =>
    preferred(role) === 1 ? [land!.low[0], land!.cap[1]] : [land!.cap[0], land!.low[1]],
  ),
)
