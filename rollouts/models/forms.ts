/**
 * What one endpoint turned out to want otherwise. A 400 that says how a request must be spelled is answered by the same request
 * in a second form, one that says that an option is unsupported by the request without it, and both are kept to from then on.
 * A form can also be chosen beforehand. Knows the words of servers; translates nothing itself.
 */
import { nearest, UserError } from '../../envs/core/errors.ts'
import { type Json, list, object, parsed, string } from './json.ts'
import { codesOf, said } from './server_errors.ts'
import { HttpError } from './transport.ts'

interface FormRules {
  /** What the request looks like in this form. */
  readonly means: string
  /** What servers say that want it. */
  readonly words: RegExp
  /** What they say that want something else. */
  readonly unless?: RegExp
  /** Whether a request is in the first form. */
  readonly concerns: (body: Json) => boolean
}

const messagesOf = (body: Json): readonly Json[] => list(body.messages)
const after = (body: Json, role: string, next: string): boolean =>
  messagesOf(body).some(({ role: here }, i, all) => here === role && all[i + 1]?.role === next)
const callsOf = (body: Json): readonly Json[] => [
  ...messagesOf(body).flatMap(({ tool_calls, content }) => [...list(tool_calls), ...list(content).filter(isCallBlock)]),
  ...list(body.input).filter(isCallBlock),
]
const isCallBlock = ({ type }: Json): boolean => type === 'tool_use' || type === 'function_call'
const contents = (body: Json): readonly unknown[] =>
  messagesOf(body).flatMap(({ role, content }) => (role === 'assistant' ? [content] : []))

const RULES = {
  max_completion_tokens: {
    means: '`max_completion_tokens` instead of `max_tokens`',
    words:
      /max_completion_tokens|max_tokens.{0,60}(not |un)(support|recogni|permit|allow)|(unsupported|unknown|unrecogni[sz]ed|unexpected).{0,40}max_tokens/i,
    unless: /too (large|high|big)|at most|less than|exceed|maximum allowed|integer/i,
    concerns: body => 'max_tokens' in body && !('system' in body),
  },
  max_tokens: {
    means: '`max_tokens` instead of `max_completion_tokens`',
    words: /max_completion_tokens/i,
    unless: /too (large|high|big)|at most|less than|exceed|maximum allowed|integer/i,
    concerns: body => 'max_completion_tokens' in body,
  },
  user_in_result: {
    means: 'what a user says after a tool result stands at the end of that result',
    words:
      /(after|follow(ing|ed|s)?|between).{0,30}\btool\b|\btool\b.{0,60}(must|should|has to|can only|cannot|can't|may not|must not) be (directly |immediately )?followed by|\btool\b\W{0,4}(->|→|to)\W{0,4}user|alternat(e|ing)|(message|role)s? (order|sequence)|expected last role/i,
    concerns: body => after(body, 'tool', 'user'),
  },
  system_as_user: {
    means: 'the rules stand at the beginning of the first user message, not in a system message',
    words:
      /system.{0,50}(not |n't |un)(be )?(support|allow|permit|accept|enabled)|(unsupported|invalid|unknown|unexpected).{0,30}\bsystem\b|(not |n't |un)support.{0,40}\bsystem\b|must alternate|developer instruction is not enabled|only (supports? )?'?user'?,? and '?(assistant|model)|role.{0,24}(should|must) be '?user'?,? (or|and) '?(assistant|model)|only .{0,40}roles? (are|is) (support|allow|accept)|instructions.{0,30}(not |un)support/i,
    concerns: body =>
      messagesOf(body).some(({ role }) => role === 'system') || (string(body.instructions) !== '' && 'input' in body),
  },
  content_empty: {
    means: 'an empty `content` beside tool calls instead of null',
    words:
      /(?<![a-z_])content.{0,80}(null|none\b|nil\b|string|required|missing|must not be|cannot be|can't be|invalid type|objects? must have)|(null|none|missing).{0,40}(?<![a-z_])content/i,
    concerns: body => contents(body).includes(null),
  },
  content_words: {
    means: 'a word of `content` beside tool calls instead of none',
    words:
      /(?<![a-z_])content.{0,80}(empty|blank|at least 1|min_?length|too short|whitespace)|(empty|blank).{0,40}(?<![a-z_])content/i,
    concerns: body => contents(body).some(content => content === '' || content === null),
  },
  streaming: {
    means: 'answers are asked for as a stream',
    words:
      /stream.{0,20}(must|has to|should) be (set to )?(true|enabled)|(only|must|please).{0,30}stream(?!_options)|non-?stream|stream.{0,12}(only|required|is required)|requires? stream|enable the stream|stream ?[=:] ?false|set .{0,12}stream.{0,12}true/i,
    concerns: body => body.stream !== true,
  },
  short_ids: {
    means: 'ids of tool calls are nine letters and digits',
    words:
      /(call|tool.?use|tool_calls\W|function_call)[^a-z]{0,14}ids?\b.{0,120}(must|should|length|pattern|invalid|match|too long|characters|alphanumeric|unique|duplicate|expected)|(invalid|duplicate|malformed).{0,20}(tool.?call|tool_use).{0,3}id/i,
    concerns: body =>
      callsOf(body).some(call => string(call.call_id ?? call.id) !== '' && !/^\d{9}$/.test(string(call.call_id ?? call.id))),
  },
  plain_names: {
    means: 'a tool that does not exist is called `unknown_tool` in what is sent',
    words:
      /(function|tool)s?\b.{0,60}\bname.{0,120}(must|should|length|pattern|invalid|match|too long|characters|not|unknown|undefined)|(undefined|unknown|undeclared|unavailable) (function|tool)|tool.{0,60}(not (in|found|defined|declared|available))/i,
    concerns: body => {
      const known = new Set(list(body.tools).map(tool => string(object(tool.function).name ?? tool.name)))
      return callsOf(body).some(call => {
        const name = string(object(call.function).name ?? call.name)
        return name !== 'unknown_tool' && !known.has(name)
      })
    },
  },
  result_names: {
    means: 'a tool result carries the name of its tool',
    words:
      /function_response\.name|tool.{0,40}(message|result|response|role).{0,60}\bname\b.{0,40}(required|missing|empty|must)|missing.{0,20}\bname\b.{0,40}tool/i,
    concerns: body => messagesOf(body).some(({ role, name }) => role === 'tool' && name === undefined),
  },
} satisfies Record<string, FormRules>

export type Form = keyof typeof RULES
const TABLE: Readonly<Record<string, FormRules>> = RULES

/** The second forms by name, and what each means. */
export const FORMS: Readonly<Record<Form, string>> = Object.fromEntries(
  Object.entries(RULES).map(([name, { means }]) => [name, means]),
) as Record<Form, string>

/** Reads names of forms. Throws a UserError for one that is none. */
export function parseForms(names: readonly string[]): readonly Form[] {
  const known = Object.keys(FORMS)
  const wrong = names.find(name => !known.includes(name))
  if (wrong !== undefined)
    throw new UserError(`--adapt: no adaptation '${wrong.slice(0, 64)}'. There are ${known.join(', ')}.${nearest(wrong, known)}`)
  return [...new Set(names)] as Form[]
}

/** Statuses with which servers say that a request is not to their liking; templates that fail say so with 500. */
const DISLIKES = new Set([400, 404, 405, 406, 415, 422, 500, 501])

const UNSUPPORTED =
  /unsupported|not[ _]support|n't (support|accept|allow)|not (be )?(permit|allow|accept|available|enabled|valid for|a? ?recogni[sz]ed|a? ?valid (field|parameter|property|argument))|unknown (name|parameter|field|argument|option|key)|unrecogni[sz]ed|unexpected (keyword|field|parameter|argument|property|key)|extra (inputs?|fields?|key)|extra_forbidden|extraneous|additional ?propert|cannot find field|deprecated|only the default|no such (field|parameter)|invalid (field|parameter|argument) name/i
/** What is said of a value rather than of the option. */
const VALUE =
  /(supported|allowed|valid|accepted|permitted) values|must be (one of|between|in the|less|greater|at (most|least)|[<>≤≥])|(less|greater) than or equal|out of range|\brange\b|too (high|large|low|small)|cannot both|[<>≤≥]=? ?\d/i
const ONLY_DEFAULT = /only the default/i
/** What is said of a field that is not there. */
const MISSED = /missing|lacks|absent|must be (passed|provided|included|sent)|required/i

/** Whether a refusal is about the value that was sent, which somebody chose, rather than about the option. */
function isAboutValue(words: string, value: unknown): boolean {
  if (ONLY_DEFAULT.test(words)) return false
  if (VALUE.test(words)) return true
  if (typeof value !== 'number' && typeof value !== 'string') return false
  return new RegExp(`(?<![\\w.-])${String(value).replace(/[^\w-]/g, '\\$&')}(?![\\w-]|\\.\\d)`).test(words)
}

/** Another path of the same server takes what this one does not: nothing is dropped for that. */
export const OTHER_API = /\/v1\/responses|responses api/i

/** English words that are names of options as well: they count only where they are quoted. */
const WORDLIKE = new Set(['reasoning', 'include', 'stream'])

/** A name in whatever spelling a server gives it: `top_p`, `topP`, `top-p`, `top p`. */
function spelled(name: string): RegExp {
  const pattern = name.split('_').join('[ _-]?')
  return WORDLIKE.has(name) ? new RegExp(`["'\`]${pattern}["'\`.]`, 'i') : new RegExp(`(?<![a-z])${pattern}(?![a-z])`, 'i')
}

/** What one endpoint has taught so far; kept for the run. */
export class Forms {
  readonly #forms: Set<Form>
  readonly #dropped = new Set<string>()
  /** Fields of the server's own that it does not take back. */
  readonly #kept = new Set<string>()
  readonly #accepted = new Set<string>()
  /** Forms that were ever taken up: none is taken up twice. */
  readonly #tried = new Set<Form>()
  #version = 0

  /** `chosen` are the forms to begin with. */
  constructor(chosen: readonly Form[] = []) {
    this.#forms = new Set(chosen)
    for (const form of chosen) this.#tried.add(form)
  }

  has(form: Form): boolean {
    return this.#forms.has(form)
  }

  /** Whether the server takes this field of its own messages back. */
  takes(field: string): boolean {
    return !this.#kept.has(field)
  }

  /** Second forms that requests are sent in, and `without:FIELD` of fields of the server's own that are not sent back. */
  get adaptations(): readonly string[] {
    return [...this.#forms, ...[...this.#kept].map(field => `without:${field}`)]
  }

  /** Options that are not sent. */
  get dropped(): readonly string[] {
    return [...this.#dropped]
  }

  /**
   * Sends what `build` makes of these forms; where the server refuses it in words that name another form or an option it does
   * not support, the request is built anew and sent again. `optional` are the fields that it can do without, `own` names the
   * fields of the server's own that it holds.
   */
  async send<T>(
    build: () => Json,
    { optional, own }: { readonly optional: readonly string[]; readonly own: () => readonly string[] },
    post: (body: Json) => Promise<T>,
  ): Promise<T> {
    for (;;) {
      const version = this.#version
      const body = Object.fromEntries(
        Object.entries(build()).filter(([name, value]) => value !== undefined && !this.#dropped.has(name)),
      )
      try {
        const answer = await post(body)
        for (const name of optional) if (name in body) this.#accepted.add(name)
        return answer
      } catch (error) {
        const refusal = refusalOf(error)
        if (refusal === undefined) throw error
        // Another request may have learnt it while this one was under way.
        if (!this.#learn(refusal, body, optional, own) && this.#version === version) throw error
      }
    }
  }

  #learn({ words, param }: Refusal, body: Json, optional: readonly string[], own: () => readonly string[]): boolean {
    const unsupported = UNSUPPORTED.test(words) && !OTHER_API.test(words)
    const known = unsupported ? named(optional, words, param, body) : undefined
    const option = known !== undefined && !isAboutValue(words, body[known]) ? known : undefined
    // Nobody but the server asked for these: whatever it has against one that it does not miss, it need not have it.
    const field = MISSED.test(words) ? undefined : own().find(name => spelled(name).test(words))
    const form = (Object.keys(TABLE) as Form[]).find(name => {
      const { words: wanted, unless, concerns } = TABLE[name]!
      return !this.#tried.has(name) && wanted.test(words) && unless?.test(words) !== true && concerns(body)
    })
    if (option !== undefined && !this.#accepted.has(option)) this.#dropped.add(option)
    else if (field !== undefined && this.takes(field)) this.#kept.add(field)
    else if (form !== undefined) this.#adopt(form)
    else return false
    this.#version++
    return true
  }

  #adopt(form: Form): void {
    // The two names of one limit exclude each other.
    if (form === 'max_tokens') this.#forms.delete('max_completion_tokens')
    if (form === 'max_completion_tokens') this.#forms.delete('max_tokens')
    this.#forms.add(form)
    this.#tried.add(form)
  }
}

interface Refusal {
  readonly words: string
  readonly param: string
}

function refusalOf(error: unknown): Refusal | undefined {
  const at = httpErrorIn(error)
  if (at === undefined || !DISLIKES.has(at.status)) return undefined
  const json = typeof at.body === 'string' ? parsed(at.body) : at.body
  const whole = object(Array.isArray(json) ? json[0] : json)
  const inner = object(whole.error)
  return {
    words: `${said(at.body)} ${codesOf(at.body).join(' ')}`.slice(0, 4000),
    param: string(inner.param ?? whole.param),
  }
}

/** The server's answer that an SDK threw. */
export function httpErrorIn(error: unknown): HttpError | undefined {
  for (let at = error, depth = 0; depth < 8 && at instanceof Error; at = at.cause, depth++) if (at instanceof HttpError) return at
  return undefined
}

/** The option that a server names: by its parameter, `reasoning.effort` by the field it lies in, or in its words. */
function named(optional: readonly string[], words: string, param: string, body: Json): string | undefined {
  const sent = optional.filter(name => name in body)
  const first = param.split('.')[0]
  return sent.find(name => name === first) ?? sent.find(name => spelled(name).test(words))
}
