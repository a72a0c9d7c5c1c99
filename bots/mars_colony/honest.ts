/** Helps those of good repute, promises now and then, and keeps its word; as honest residents do. */
import { honest as resident } from '../../envs/mars_colony/residents/honest.ts'
import { likeResident } from './like_resident.ts'

export const honest = likeResident(resident)
