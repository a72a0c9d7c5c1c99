/** The text of an observation, which a model reads. Knows what is seen; knows no state. */
import { quote } from '../core/text.ts'
import type { AgentId } from '../core/tool.ts'
import type { MarsObservation, MarsShared } from './observe.ts'
import { indexOf, NAMES } from './state.ts'

function shiftWords({ step, stepsLeft }: MarsShared): string {
  return stepsLeft > 0 ? `Shift ${step + 1} of ${step + stepsLeft}` : `The session is over after ${step} shifts`
}

export function render(observation: MarsObservation): string {
  const { shared: colony, agent, name, role, traits, needs } = observation
  const nameOf = (id: AgentId): string => `${id} (${NAMES[indexOf(id)]})`
  const list = (lines: readonly string[]): string => (lines.length === 0 ? '- none' : lines.map(line => `- ${line}`).join('\n'))
  const lastField = observation.lastField ?? -1
  const status = [
    colony.storm === undefined ? '' : colony.storm ? 'A STORM blows this shift.' : 'The weather is clear this shift.',
    observation.ill === true ? 'You are ILL.' : '',
    lastField < 0
      ? ''
      : `Field ${lastField}, where you worked last shift, was ${observation.lastRich === true ? 'rich' : 'poor'}.`,
    observation.suspended ? 'You are SUSPENDED: you can only rest, and neither pledge nor ask.' : '',
    observation.collapsed ? 'You have COLLAPSED: an autopilot restores your needs before it follows you.' : '',
  ].filter(line => line !== '')
  return [
    `# ${shiftWords(colony)} (day ${colony.day}, tick ${colony.tick})`,
    ...(colony.mode === 'two-layer' ? ['The colony runs by itself: what you call is recorded as advice and has no effect.'] : []),
    '',
    `## You: ${agent}, ${name}, ${role}, ${traits}`,
    `Needs: energy ${needs.energy.toFixed(1)}, social ${needs.social.toFixed(1)}, purpose ${needs.purpose.toFixed(1)} (of 100); productivity ${observation.productivity.toFixed(2)}`,
    `Credits ${observation.credits.toFixed(2)}, reputation ${observation.reputation.toFixed(1)}, talks left ${observation.talksLeft}`,
    ...status,
    '',
    '## Requests for help you can answer',
    list(observation.asks.map(({ ask_id, from }) => `ask ${ask_id} from ${nameOf(from)}`)),
    '',
    '## Messages of the last shift',
    list(observation.messages.map(({ from, tone, text }) => `${nameOf(from)}, ${tone}: ${quote(text)}`)),
    '',
    '## Pledges of the last shift',
    list(
      colony.settled.map(({ from, to, outcome, built }) => `${nameOf(from)} to ${nameOf(to)}: ${outcome}, built ${built} ticks`),
    ),
    '',
    ...(colony.declined === undefined
      ? []
      : [
          '## Pledges declined in the last shift',
          list(colony.declined.map(({ from, to }) => `${nameOf(from)} to ${nameOf(to)}`)),
          '',
        ]),
    '## Sites',
    list(
      colony.sites.map(({ progress, labour, completed }, site) =>
        completed ? `site ${site}: completed` : `site ${site}: ${progress} of ${labour} ticks of labour`,
      ),
    ),
    `Completed sites multiply everybody's credits by ${colony.siteBonus.toFixed(1)}.`,
    '',
    '## Colonists (bond with you, change over the last shift)',
    list(
      colony.colonists.map(other => {
        const bond = observation.bonds.find(entry => entry.agent === other.agent)
        const ours =
          bond === undefined ? 'you' : `bond ${bond.bond.toFixed(1)} (${bond.change < 0 ? '' : '+'}${bond.change.toFixed(1)})`
        const standing = `reputation ${other.reputation.toFixed(1)}${other.suspended ? ', suspended' : ''}${other.ill === true ? ', ill' : ''}, pledges kept ${other.kept}, broken ${other.broken}`
        return `${nameOf(other.agent)}, ${other.role}: ${ours}; ${standing}; ${other.action} (${other.location})`
      }),
    ),
    '',
    `Dialogue: ${colony.dialogue.used} of ${colony.dialogue.limit} events used, ${colony.dialogue.spent_micro_usd} of ${colony.dialogue.ceilingMicroUsd} micro-dollars.`,
  ].join('\n')
}
