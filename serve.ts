/**
 * `agoragym/serve`: games over HTTP and WebSocket for trainers. One port speaks OpenEnv, Open Reward Standard, NeMo Gym's resources
 * server and the package's own wire; `agoragym serve` starts it.
 */
export { ServeError } from './serve/errors.ts'
export { type Casting, Game, type GameRequest, gameRequest, type Payment } from './serve/game.ts'
export { Host, type HostOptions } from './serve/host.ts'
export { type OtreeApp, type OtreeAppOptions, otreeApp, writeOtreeApp } from './serve/otree_app/project.ts'
export { type RunningServer, type ServeOptions, startServer } from './serve/server.ts'
export { type StdioOptions, serveStdio } from './serve/stdio.ts'
