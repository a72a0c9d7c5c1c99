/** The bare substrate: no initiative; it answers requests as an honest colonist does. */
import { honest } from './honest.ts'
import { NOTHING, type Resident } from './resident.ts'

export const rule: Resident = { ...honest, initiative: () => NOTHING }
