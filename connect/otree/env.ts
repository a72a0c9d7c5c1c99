/**
 * What a player is told of an experiment whose rules stand on its pages: an observation is a page, the tools are made from it. Knows
 * pages; sends nothing.
 */
import { anyBots, type PlayableWithBots } from '../../bots/index.ts'
import type { AnyTypes, Playable } from '../../envs/core/environment.ts'
import { type AnyPolicyFactory, PASS } from '../../envs/core/policy.ts'
import { candidates } from '../../envs/core/tool.ts'
import { type Answerable, SUBMIT, toolsOf } from './tools.ts'

/** A page as a player sees it: plain data. */
export interface PageObservation extends Answerable {
  /** `app/Page`. */
  readonly page: string
  readonly index: number
  readonly title: string
  readonly text: string
  /** What was written in the page's chats so far, a line each. */
  readonly chat: readonly string[]
  /** What the live page's server said so far, a line each. */
  readonly heard: readonly string[]
  /** What happened to the seat since its last page, such as a time limit that passed. */
  readonly notices: readonly string[]
  /** Seconds that are left for the page, rounded up; null for no limit. */
  readonly time_left_s: number | null
}

export interface PageConfig {
  /** How often a refused answer is given back within a turn. */
  readonly repairs: number
}

/** Lines of chats and live messages that are shown: the last ones. */
const SHOWN = 30

const RULES = `You take part in an economic experiment together with others. The experiment shows you one page after another; its rules stand on its pages.

Each turn you are shown one page as text. A field of the page stands as [name]; a choice as [name=value]. Answer by calling the tool that the page offers; \`submit\` sends the page and brings the next one. What you send counts and cannot be taken back.

Decide as you think best for yourself under the rules that the pages tell you.`

/** The pages of any experiment, as something that can be played. */
function pagesEnv(): Playable<AnyTypes> {
  const usual = toolsOf({ fields: [], submits: true, live: null, chats: [] })
  return {
    id: 'otree',
    summary: 'An experiment on an oTree server, page by page.',
    seats: () => [{ agent: 'participant', role: 'participant', learner: true }],
    tools: () => usual,
    turn: (config: PageConfig) => ({ maxCalls: 1, repairs: config.repairs, onSilence: 'pass' }),
    rules: () => RULES,
    render: (observation: PageObservation) => renderPage(observation),
  }
}

export function renderPage({ title, text, chat, heard, notices, time_left_s }: PageObservation): string {
  const part = (name: string, lines: readonly string[]): string[] =>
    lines.length === 0 ? [] : [`## ${name}\n${lines.slice(-SHOWN).join('\n')}`]
  return [
    ...notices,
    `# ${title}`,
    ...(text === '' ? [] : [text]),
    ...part('Messages of the page', heard),
    ...part('Chat', chat),
    ...(time_left_s === null ? [] : [`Time left for this page: ${time_left_s} seconds.`]),
  ].join('\n\n')
}

/** Says nothing where a clock goes on without it; else it sends each page with its first candidate: what stands in it, the least, the first. */
const passive: AnyPolicyFactory = () => ({
  act({ observation, tools }) {
    const { time_left_s, submits } = observation as PageObservation
    if (time_left_s !== null || !submits || tools === undefined) return PASS
    const [args] = candidates(tools[SUBMIT]!, observation)
    return args === undefined ? PASS : { calls: [{ tool: SUBMIT, args }] }
  },
})

/** The pages and who can play them unseen. */
export function pagesWithBots(): PlayableWithBots {
  return {
    env: pagesEnv(),
    bots: {
      ...anyBots,
      passive: { description: 'Lets clocks run out, and sends every other page as it stands.', factory: passive },
    },
  }
}
