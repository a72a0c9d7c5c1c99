/**
 * What an OpenEnv client reads before it plays: the schemas of actions, observations and state, and the paths of the HTTP API.
 */
import { packageVersion } from '../rollouts/versions.ts'
import type { Host } from './host.ts'
import { toolsOf } from './seat.ts'

// What the three schemas say. The title of the action is none of those by which clients know an environment of tools alone, and one
// field is required, so that a bare word is an action too.
const TEXT = { type: 'string' }
const RESULT = {
  type: 'object',
  required: ['ok', 'text'],
  properties: { ok: { type: 'boolean' }, text: { type: 'string' } },
}
const OBSERVATION = {
  seat: { type: 'string', description: 'whose eyes these are' },
  t: { type: 'integer', minimum: 0, description: 'steps of the world so far' },
  text: { type: 'string', description: 'what the seat sees, or what it is asked to do again; empty at the end' },
  offered: { type: 'array', items: TEXT, description: 'the tools that may be called now' },
  results: { type: 'array', items: RESULT, description: 'what came of each call of the last action' },
  terminated: { type: 'boolean', description: 'over by what happened in it' },
  truncated: { type: 'boolean', description: 'over at its planned length, or stopped' },
  stop: { type: 'string', description: 'why it is over' },
  scores: { type: 'object', description: 'at the end: what an evaluation says of this seat' },
  metrics: { type: 'object', description: 'at the end: the economy’s metrics of this seat' },
}
const REQUIRED = ['seat', 't', 'text', 'offered', 'results', 'terminated', 'truncated']

export function schemas(host: Host, env: string): object {
  const offered = toolsOf(host.game('openenv', { env }), 'messages')
  const tool = { type: 'string', enum: offered.map(({ name }) => name), description: 'the tool to call' }
  const args = { type: 'object', description: 'its arguments; their schemas come with the reset' }
  return {
    action: {
      title: 'EconAction',
      description: 'One message: a tool with its arguments, then further calls in order. {"calls": []} is silence.',
      type: 'object',
      additionalProperties: false,
      required: ['tool'],
      properties: {
        tool,
        args,
        calls: { type: 'array', items: { type: 'object', required: ['tool'], properties: { tool, args } } },
        units: {
          type: 'object',
          description: 'tokens of the message, for economies that bill thinking',
          properties: { thinking: { type: 'integer', minimum: 0 }, output: { type: 'integer', minimum: 0 } },
        },
        metadata: { type: 'object' },
      },
    },
    observation: { title: 'EconObservation', type: 'object', required: REQUIRED, properties: OBSERVATION },
    reset_observation: {
      title: 'EconResetObservation',
      type: 'object',
      required: [...REQUIRED, 'rules', 'tools'],
      properties: {
        ...OBSERVATION,
        rules: { type: 'string', description: 'the system prompt' },
        tools: { type: 'array', items: { type: 'object' }, description: 'name, description and input_schema of every tool' },
      },
    },
    state: {
      title: 'EconState',
      type: 'object',
      required: ['episode_id', 'step_count'],
      properties: {
        episode_id: { type: ['string', 'null'] },
        step_count: { type: 'integer', minimum: 0, description: 'actions since the reset' },
        env: { type: 'string' },
        preset: { type: ['string', 'null'] },
        seed: { type: ['integer', 'null'] },
        t: { type: 'integer', minimum: 0 },
      },
    },
  }
}

/** The paths that tell OpenEnv's clients which mode a server is in. */
export function openApi(env: string): object {
  const operation = (summary: string) => ({ summary, responses: { 200: { description: summary } } })
  return {
    openapi: '3.1.0',
    info: { title: `agoragym ${env}`, version: '1.0.0', description: `OpenEnv HTTP API of agoragym ${packageVersion()}` },
    paths: {
      '/reset': { post: operation('A first observation') },
      '/step': { post: operation('What an action of a fresh environment leads to') },
      '/state': { get: operation('The state of a fresh environment') },
      '/metadata': { get: operation('What the environment is') },
      '/health': { get: operation('Whether the server runs') },
      '/schema': { get: operation('Schemas of actions, observations and state') },
      '/mcp': { post: operation('JSON-RPC: its tools') },
    },
  }
}
