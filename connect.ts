/**
 * `agoragym/connect`: seats at somebody's server. A protocol is an adapter; a session is played with any players, and everything that
 * went over the wire, was shown, decided and answered is written down. `agoragym connect` starts it.
 */
export type { Adapter, Ask, Link, LinkEvent, SeatRequest, SeatResult, Wire } from './connect/adapter.ts'
export { type Reconnecting, reconnecting } from './connect/backoff.ts'
export {
  CONNECTED_FILES,
  type ConnectErrorRow,
  type ConnectResultRow,
  type DecisionRow,
  type Disposition,
  Evidence,
  type KnownSession,
  readConnection,
  readDecisions,
  readSeatResults,
  readTurns,
  type TurnRow,
} from './connect/evidence.ts'
export { CODECS, type CodecName } from './connect/ibex/codec.ts'
export { type Creation, type IbexOptions, ibexServer } from './connect/ibex/index.ts'
export { type PageSchema, readSchemas, type Schemas, type SendTool } from './connect/otree/schema.ts'
export { type OTreeOptions, otreeServer, type Way } from './connect/otree/server.ts'
export { serverUrl } from './connect/remote.ts'
export { type ConnectedRun, type ConnectedRunOptions, connectedRun, type Hosted, type Server } from './connect/run.ts'
export { MARGIN, type SeatEvent, type SeatOutcome, type SessionTerms } from './connect/seat_play.ts'
export { playSession, type SessionEvent, type SessionOptions, type SessionResult, sessionKey } from './connect/session.ts'
