/** What the wire says no with. Clients tell errors apart by these codes; the documentation's table is made of them. */

/** By code, what it means. */
export const WIRE_ERRORS = {
  bad_json: 'the line or frame is no JSON object; the answer has `id` null',
  bad_request: 'a field is missing, misspelt or of the wrong kind; the message names it',
  unknown_op: 'no such operation',
  unknown_protocol: 'the client speaks another protocol; `error.protocol` is the one spoken here',
  unknown_env: 'no such economy',
  bad_config: 'no such preset, or fields that its schema refuses',
  unknown_seat: 'no such seat, or none of the live ones',
  unknown_player: 'no such player, or one that this server does not seat',
  bad_seed: 'the seed is no integer in [0, 2⁵³)',
  not_encoded: 'the economy has no encoding',
  unknown_session: 'no session of that number on this connection: never made, or closed',
  idle_closed: 'the session was closed because nothing was asked of it for too long',
  not_reset: 'the session has no game yet, or its log was given up (`log: false`)',
  episode_over: 'the game is over: reset',
  not_your_turn: 'a decision or message of a seat that is not waited for now',
  player_failed: 'another player (a model) failed for good: this game is given up and has no score; a reset starts the next',
  capacity: 'as many sessions as the server allows are open',
  too_large: 'the request is longer than the server takes',
  internal: 'a fault of the server; its session is closed',
} as const
