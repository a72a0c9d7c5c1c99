/** Asks the reputable to build, builds for friends alone; as opportunistic residents do. */
import { opportunistic as resident } from '../../envs/mars_colony/residents/opportunistic.ts'
import { likeResident } from './like_resident.ts'

export const opportunistic = likeResident(resident)
