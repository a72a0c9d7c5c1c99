/** Wins trust, then promises everything and builds nothing; as deceptive residents do. */
import { deceptive as resident } from '../../envs/mars_colony/residents/deceptive.ts'
import { likeResident } from './like_resident.ts'

export const deceptive = likeResident(resident)
