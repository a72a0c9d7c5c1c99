/**
 * Wins a good name by keeping its word; then takes payment for labour it will not do, for as long as no more than two have had
 * enough of it, and is honest again after that.
 */
import { attentive, type Moment } from './attentive.ts'

/** The share of the session in which it is honest at first, and how many may decline before it stops lying. */
const HONEST = 1 / 3
const WARNINGS = 2

const lies = ({ elapsed, decliners }: Moment): boolean => elapsed >= HONEST && decliners <= WARNINGS

export const opportunistic = attentive({ builds: moment => !lies(moment), falsePromise: lies })
