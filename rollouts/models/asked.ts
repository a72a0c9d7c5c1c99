/**
 * How a model player is asked: its own treatment over the options of its run, and what files and requests say of that. Knows which
 * endpoints take what; asks nobody.
 */
import { resolve } from 'node:path'
import { UserError } from '../../envs/core/errors.ts'
import type { AgentId } from '../../envs/core/tool.ts'
import type { NoToolCall, PlayStyle } from '../dialogue.ts'
import type { CallerSettings } from './caller.ts'
import { type History, historyName, parseHistory } from './conversation.ts'
import type { Endpoint } from './endpoint.ts'
import type { Sampling } from './model.ts'
import { type Persona, type Personas, readPersona } from './personas.ts'
import { type Treatment, treatmentText } from './treatment.ts'

/** What a run says of every model that says nothing else itself. */
export interface Asking extends Partial<CallerSettings> {
  readonly history?: History
  readonly noToolCall?: NoToolCall
  readonly personas?: Personas
  /** Where a treatment's persona file is looked for; the process's own folder by default. */
  readonly cwd?: string
}

/** How one player is asked. */
export interface Asked {
  /** The player string with its treatment. */
  readonly name: string
  /** `bySeat`: whether a seat's persona goes before it. */
  readonly persona: { readonly all: Persona | undefined; readonly bySeat: boolean }
  readonly instructions: string | undefined
  readonly settings: CallerSettings
  readonly style: Omit<PlayStyle, 'persona'>
}

/** The fields of a treatment that are sampling options. */
const SAMPLING = [
  'temperature',
  'top_p',
  'top_k',
  'seed',
  'max_tokens',
  'reasoning_effort',
] as const satisfies readonly (keyof Sampling)[]

/** How a player is asked: its treatment over the options of the run. A UserError where a setting means nothing to the endpoint. */
export function askedAs(endpoint: Endpoint, treatment: Treatment, options: Asking): Asked {
  const { sampling: given = {}, extraBody = {}, history = 'full', noToolCall = 'economy', adaptations = [] } = options
  // OpenAI's own models all take tools by Responses, not all by Chat Completions, which is what other servers speak.
  const usual = endpoint.own && endpoint.protocol === 'openai' ? 'responses' : 'chat'
  const own = (value: string): string => (/[./\\]/.test(value) ? resolve(options.cwd ?? '.', value) : value)
  const sampling = Object.fromEntries(
    SAMPLING.flatMap(name => {
      const value = treatment[name] ?? given[name]
      return value === undefined ? [] : [[name, value]]
    }),
  ) as Sampling
  const persona =
    treatment.persona === undefined
      ? options.personas?.all
      : treatment.persona === null
        ? undefined
        : readPersona(own(treatment.persona))
  const settings = {
    api: treatment.api ?? options.api ?? usual,
    sampling,
    extraBody: { ...extraBody, ...treatment.extra_body },
    adaptations,
  }
  if (sampling.seed !== undefined && (endpoint.protocol === 'anthropic' || settings.api === 'responses'))
    throw new UserError(
      `Player '${endpoint.name}': seed: only Chat Completions takes one; leave it out, set temperature, or choose --api chat.`,
    )
  const style = {
    history: treatment.history === undefined ? history : parseHistory(treatment.history),
    noToolCall: treatment.no_tool_call ?? noToolCall,
  }
  const told = treatmentText({
    ...sampling,
    ...(persona !== undefined && { persona: persona.name }),
    ...(treatment.instructions !== undefined && { instructions: treatment.instructions }),
    ...(style.history !== 'full' && { history: historyName(style.history) }),
    ...(style.noToolCall !== 'economy' && { no_tool_call: style.noToolCall }),
    ...(endpoint.protocol !== 'anthropic' && settings.api !== usual && { api: settings.api }),
    ...(Object.keys(settings.extraBody).length > 0 && { extra_body: settings.extraBody }),
  })
  return {
    name: `${endpoint.name}${told}`,
    // A seat's persona is for players that bring none of their own.
    persona: treatment.persona === undefined ? { all: persona, bySeat: true } : { all: persona, bySeat: false },
    instructions: treatment.instructions,
    settings,
    style,
  }
}

/** What is added to the rules of a seat: a persona, then instructions; empty for neither. */
export function addedRules(
  { persona: { all, bySeat }, instructions }: Asked,
  agent: AgentId,
  personas: Personas | undefined,
): string {
  const persona = (bySeat ? personas?.seats[agent] : undefined) ?? all
  return [persona?.text ?? '', instructions ?? ''].filter(text => text !== '').join('\n\n')
}

/** What the metadata of a run say of a player that is asked so. */
export function playerDetails(
  endpoint: Endpoint,
  { settings, style, persona, instructions }: Asked,
  personas: Personas | undefined,
) {
  return {
    ...askedOf(endpoint, settings),
    ...(settings.adaptations.length > 0 && { adaptations: settings.adaptations }),
    history: historyName(style.history),
    no_tool_call: style.noToolCall,
    personas: personaNames(persona, personas),
    ...(instructions !== undefined && { instructions }),
  }
}

/** The personas of a player by seat, `*` for every other, as files record them. */
function personaNames({ all, bySeat }: Asked['persona'], personas: Personas | undefined): Readonly<Record<string, unknown>> {
  const seats = bySeat ? Object.entries(personas?.seats ?? {}) : []
  return Object.fromEntries(
    [...(all === undefined ? [] : [['*', all] as const]), ...seats].map(([seat, { name, digest }]) => [seat, { name, digest }]),
  )
}

/** Who is asked and with which settings, as files record it. */
export function askedOf({ model, baseUrl, protocol }: Endpoint, { api, sampling, extraBody }: CallerSettings) {
  return { model, base_url: baseUrl, protocol: protocol === 'anthropic' ? 'messages' : api, sampling, extra_body: extraBody }
}

/** What of the settings makes a request another one. Adaptations that were chosen do, those that were learnt do not. */
export function requestSettings({ model }: Endpoint, { api, sampling, extraBody, adaptations }: CallerSettings): object {
  return { model, api, sampling, extraBody, ...(adaptations.length > 0 && { adaptations }) }
}
