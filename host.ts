/**
 * `agoragym/host`: games that people play in their browsers, beside models and bots. `HostedGames` gives the `people` that
 * `runExperiment` seats and hears its events; `startHost` serves their pages.
 */
export { parseAsked } from './host/asked.ts'
export {
  type DecisionRow,
  HOSTED_FILES,
  type PersonRow,
  type SeatId,
  type SeatLink,
  type SittingRow,
  writePrivate,
} from './host/files.ts'
export { type HandedOut, HostedGames, type HostOptions } from './host/games.ts'
export type * from './host/messages.ts'
export { readTexts, type Texts } from './host/page/texts.ts'
export type { PaymentRule } from './host/payment.ts'
export type { HostRules } from './host/seat.ts'
export { type HostServerOptions, type RunningHost, startHost } from './host/server.ts'
