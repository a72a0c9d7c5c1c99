/**
 * `human`: a person, wherever people sit; here at a terminal. Shows what the seat sees and a menu of moves made from the tools'
 * candidates; takes a number, or any call written down. Knows no economy.
 */
import type { AnyTypes, Decision } from '../../envs/core/environment.ts'
import { PASS, type Policy, type SeatContext, type Turn } from '../../envs/core/policy.ts'
import { type Call, candidates, moves, type PlayerTools, toolSchema, typeName } from '../../envs/core/tool.ts'
import { EpisodeStopped } from '../errors.ts'
import type { People, Player } from '../player.ts'

/** Where a person reads and writes. */
export interface Terminal {
  /** Shows text; a line end is added. What goes on with a line that is too long is indented by `hang` characters. */
  show(text: string, hang?: number): void
  /** The next line that is typed, without its end; undefined once there is no more. A question whose signal is aborted takes none. */
  ask(prompt: string, signal?: AbortSignal): Promise<string | undefined>
  /** What is thrown where the person leaves; by default the game ends there as `player_quit`, and what was played is scored. */
  left?(): Error
}

/** Moves offered by number; a call can always be written down. */
const MENU = 20

const HELP = [
  'Type the number of a move, or write a call: a tool, then its arguments as JSON, such as',
  '  sell {"quantity": 2}',
  'or several as a JSON list, [{"tool": "sell", "args": {"quantity": 2}}, …].',
  't lists the tools, p says nothing this turn, q leaves.',
].join('\n')

/** The player that people are. */
export function humanPlayer(people: People): Player {
  return { name: 'human', kind: 'human', ...people }
}

/** The person at a terminal. Several human seats of an episode are asked one after the other. */
export function atTerminal(terminal: Terminal): People {
  let turn: Promise<unknown> = Promise.resolve()
  // Whoever left a run is asked nothing more, in another seat either.
  const leaving = { gone: undefined as Error | undefined }
  return {
    details: {},
    alone: true,
    policies: () => context => {
      const policy = humanPolicy(terminal, context, leaving)
      return {
        act(given) {
          const decided = turn.then(() => policy(given))
          turn = decided.catch(() => {})
          return decided
        },
      } satisfies Policy<AnyTypes>
    },
  }
}

function humanPolicy(terminal: Terminal, { env, config, seat }: SeatContext<AnyTypes>, leaving: { gone: Error | undefined }) {
  const usual = env.tools(config)
  let greeted = false
  return async (turn: Turn<AnyTypes>): Promise<Decision> => {
    if (leaving.gone !== undefined) throw leaving.gone
    if (!greeted) terminal.show(`${env.rules(config, seat.agent)}\n\n${HELP}`)
    greeted = true
    const { tools = usual } = turn
    for (const { text } of turn.results) terminal.show(`> ${text}`)
    const menu = legalMoves(tools, turn)
    terminal.show(`\n${env.render(turn.observation)}\n`)
    for (const [i, call] of menu.slice(0, MENU).entries()) terminal.show(`${String(i + 1).padStart(3)}  ${callText(call)}`, 5)
    if (menu.length > MENU) terminal.show(`     and ${menu.length - MENU} more; write any of them down`)
    for (;;) {
      turn.signal?.throwIfAborted()
      const typed = (await terminal.ask(`${seat.agent} (? for help): `, turn.signal))?.trim()
      if (typed === undefined || typed === 'q') {
        leaving.gone = terminal.left?.()
        throw leaving.gone ?? new EpisodeStopped('player_quit')
      }
      const answer = understood(typed, menu, tools, turn)
      if (typeof answer === 'object') return answer
      terminal.show(answer)
    }
  }
}

/** The candidates of the offered moves that the economy accepts now, each once. */
function legalMoves(tools: PlayerTools<AnyTypes>, { offered, observation, check }: Turn<AnyTypes>): Call[] {
  const possible = moves(tools, offered).flatMap(tool => candidates(tools[tool]!, observation).map(args => ({ tool, args })))
  const byText = new Map(possible.map(call => [callText(call), call]))
  return [...byText.values()].filter(call => check(call).ok)
}

/** The decision that was typed, or what to say instead. */
function understood(typed: string, menu: readonly Call[], tools: PlayerTools<AnyTypes>, turn: Turn<AnyTypes>): Decision | string {
  if (typed === '' || typed === '?') return HELP
  if (typed === 'p') return PASS
  if (typed === 't') return toolList(tools, turn.offered)
  if (/^\d+$/.test(typed)) {
    const call = menu[Number(typed) - 1]
    return call === undefined ? `No move ${typed}; the menu has ${menu.length}.` : { calls: [call] }
  }
  const calls = parseCalls(typed)
  if (typeof calls === 'string') return calls
  if (calls.length === 1) {
    const checked = turn.check(calls[0])
    if (!checked.ok) return checked.refusal.message
    if (checked.answer !== undefined) return checked.answer
  }
  return { calls }
}

/** `tool {…}`, `tool`, or a JSON list of calls. */
function parseCalls(typed: string): Call[] | string {
  const [, tool, args] = /^([a-z][a-z0-9_]*)\s*(.*)$/s.exec(typed) ?? []
  try {
    if (tool !== undefined) return [{ tool, args: args === '' ? {} : JSON.parse(args!) }]
    const parsed: unknown = JSON.parse(typed)
    return (Array.isArray(parsed) ? parsed : [parsed]) as Call[]
  } catch (error) {
    return `That is not JSON: ${(error as Error).message}`
  }
}

/** A call on one line, as it can be typed; spaces in the arguments let it be wrapped. What is no call is shown as it is. */
export function callText(call: Call): string {
  const spaced = (value: unknown): string => JSON.stringify(value, null, 1).replace(/\n */g, ' ')
  if (typeof call?.tool !== 'string') return spaced(call ?? null)
  const args = spaced(call.args ?? {})
  return args === '{}' ? call.tool : `${call.tool} ${args}`
}

function toolList(tools: PlayerTools<AnyTypes>, offered: readonly string[]): string {
  return offered
    .map(name => {
      const { description, parameters } = toolSchema(name, tools[name]!)
      const fields = Object.entries((parameters.properties ?? {}) as Record<string, Record<string, unknown>>).map(
        ([field, schema]) => `\n    ${field}: ${typeName(schema)}, ${String(schema.description ?? '')}`,
      )
      return `${name}: ${description}${fields.join('')}`
    })
    .join('\n')
}
