/**
 * From a policy as data to one that plays. Knows the families, alterations and blindfolds by name; knows no economy.
 */
import { resolveConfig } from '../../envs/core/config.ts'
import type { AnyTypes, Decision } from '../../envs/core/environment.ts'
import { canonical } from '../../envs/core/plain.ts'
import { type AnyPolicyFactory, PASS } from '../../envs/core/policy.ts'
import { alterations } from './alterations.ts'
import { chooser } from './chooser.ts'
import { firstLegal } from './first_legal.ts'
import { type Blindfold, type PolicyDesc, type PolicyFamily, type Subject, specOf } from './spec.ts'
import { seeing, wrapped } from './wrap.ts'

/** What families there are in a preset: the economy's own, and the generic one over the tools of the preset itself, whatever the setting. */
export function familiesOf(subject: Subject, preset: string): Readonly<Record<string, PolicyFamily>> {
  return { chooser: chooser(subject.env, resolveConfig(subject.env, preset)), ...specOf(subject, preset).families }
}

/** The policy that a description names. Throws where it names something that is not there. */
export function policyOf(subject: Subject, preset: string, desc: PolicyDesc): AnyPolicyFactory {
  switch (desc.kind) {
    case 'bot':
      return known(subject.bots, desc.name, 'bot').factory
    case 'tool':
      return oneTool(desc.tool, desc.rank)
    case 'list': {
      const { messages, turns = [0] } = desc
      return () => ({ act: ({ t }) => messages[turns[t % turns.length]!] ?? PASS })
    }
    case 'family': {
      const { parameters, make } = known(familiesOf(subject, preset), desc.family, 'family')
      if (parameters.length !== desc.parameters.length)
        throw new RangeError(
          `family ${desc.family}: expected ${parameters.length} parameters (${parameters.join(', ')}), got ${desc.parameters.length}`,
        )
      return make(desc.parameters)
    }
    case 'altered': {
      const base = policyOf(subject, preset, desc.base)
      const blindfold = specOf(subject, preset).blindfolds?.[desc.by]
      return blindfold === undefined ? known(alterations, desc.by, 'alteration').alter(base) : blindfolded(base, blindfold)
    }
  }
}

function known<Value>(of: Readonly<Record<string, Value>>, name: string, what: string): Value {
  if (!Object.hasOwn(of, name)) throw new RangeError(`no ${what} '${name}'; there are: ${Object.keys(of).join(', ')}`)
  return of[name]!
}

/** The legal call nearest to that rank among the tool's candidates; silence where none is legal. */
function oneTool(tool: string, rank: number): AnyPolicyFactory {
  return ({ env, config }) => {
    const declared = env.tools(config)[tool]
    return {
      act(turn) {
        if (declared === undefined || !turn.offered.includes(tool)) return PASS
        const call = firstLegal(tool, declared, rank, turn)
        return call === undefined ? PASS : { calls: [call] }
      },
    }
  }
}

function blindfolded(base: AnyPolicyFactory, { observation, call }: Blindfold): AnyPolicyFactory {
  return wrapped(base, policy => ({
    act(turn) {
      const seen =
        observation === undefined
          ? turn
          : seeing(turn, (observation as (full: AnyTypes['Observation']) => object)(turn.observation))
      const decision = policy.act(seen) as Decision
      return call === undefined ? decision : { ...decision, calls: decision.calls.flatMap(given => call(given) ?? []) }
    },
  }))
}

/** The blind policy that says these messages in turn. */
export function blindList(messages: readonly Decision[]): PolicyDesc {
  const distinct = new Map<string, number>()
  const turns = messages.map(message => {
    const id = canonical(message)
    if (!distinct.has(id)) distinct.set(id, distinct.size)
    return distinct.get(id)!
  })
  const first = [...distinct.values()].map(index => messages[turns.indexOf(index)]!)
  return distinct.size === 1 ? { kind: 'list', messages: first } : { kind: 'list', messages: first, turns }
}
