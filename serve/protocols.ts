/** The protocols of a server, one function each that adds its routes. */
import { agora } from './agora.ts'
import { nemo } from './nemo.ts'
import { openEnv } from './openenv.ts'
import { ors } from './ors.ts'
import type { Port } from './routes.ts'

export const protocols: readonly ((port: Port) => void)[] = [openEnv, ors, nemo, agora]
