/**
 * Preference pairs: two rollouts of the same seed, seat and opponents, the better one chosen. What both were told and said
 * before they part is the prompt. The best is paired with the worst, the second best with the second worst and so on, so
 * that no rollout is in two pairs.
 */
import { groupBy } from '../../envs/core/grouped.ts'
import { canonical } from '../../envs/core/plain.ts'
import type { Message } from '../messages.ts'
import { callsInParallel, functionTools, openAiMessage, trlMessage } from './dialects.ts'
import type { ExportFacts, Format, Sink } from './format.ts'
import { playInfo, type Said, type SeatPlay, upToLastWord } from './play.ts'
import { INFO_COLUMNS } from './sft.ts'

const TRL = 'preference.trl.jsonl'
const OPENAI = 'preference.openai.jsonl'
const OPENAI_INFO = 'preference.openai.info.jsonl'

export const preference: Format = {
  id: 'preference',
  describe: "pairs of rollouts, the better one chosen, for DPOTrainer of TRL and in OpenAI's dialect",
  uses: 'margin',
  files: () => [
    {
      path: TRL,
      columns: { prompt: 'list<json>', chosen: 'list<json>', rejected: 'list<json>', tools: 'list<json>', info: 'json' },
    },
    { path: OPENAI, columns: { input: 'json', preferred_output: 'list<json>', non_preferred_output: 'list<json>' } },
    { path: OPENAI_INFO, columns: INFO_COLUMNS },
  ],
  open: facts => ({
    task({ plays }, sink) {
      for (const group of rivals(plays)) pairUp(group, facts, sink)
    },
  }),
}

/** The plays that may be compared: the same seat against the same opponents, by whatever player. */
function rivals(plays: readonly SeatPlay[]): SeatPlay[][] {
  return [...groupBy(plays, play => canonical([play.agent, play.opponents])).values()]
}

function pairUp(group: readonly SeatPlay[], facts: ExportFacts, sink: Sink): void {
  // Equal rewards keep the order of the rollouts' keys.
  const ranked = [...group].sort((a, b) => b.reward - a.reward)
  if (ranked.length % 2 === 1) sink.leaveOut('unpaired')
  for (let i = 0; i < ranked.length >> 1; i++) {
    const chosen = ranked[i]!
    const rejected = ranked[ranked.length - 1 - i]!
    if (chosen.reward - rejected.reward < facts.margin) sink.leaveOut('small_margin', 2)
    else writePair(chosen, rejected, facts, sink)
  }
}

function writePair(chosen: SeatPlay, rejected: SeatPlay, { estimator }: ExportFacts, sink: Sink): void {
  const better = upToLastWord(chosen.messages)
  const tools = functionTools(chosen.trace.tools)
  const chosenInfo = playInfo(chosen, estimator)
  const worse = upToLastWord(rejected.messages)
  const rejectedInfo = playInfo(rejected, estimator)
  const start = parting(better, worse)
  if (start === undefined) {
    sink.leaveOut('no_shared_prompt', 2)
    return
  }
  const prompt = better.slice(0, start).map(({ message }) => message)
  const info = {
    margin: chosenInfo.reward - rejectedInfo.reward,
    is_truncated: chosenInfo.is_truncated || rejectedInfo.is_truncated,
    chosen: chosenInfo,
    rejected: rejectedInfo,
  }
  const after = (said: readonly Said[]): Message[] => said.slice(start).map(({ message }) => message)
  sink.row(TRL, {
    prompt: prompt.map(trlMessage),
    chosen: after(better).map(trlMessage),
    rejected: after(worse).map(trlMessage),
    tools,
    info,
  })

  const preferred = firstTurn(after(better))
  const other = firstTurn(after(worse))
  if (canonical(preferred.map(trlMessage)) === canonical(other.map(trlMessage))) {
    sink.leaveOut('same_answer', 2)
    return
  }
  sink.row(OPENAI, {
    input: {
      messages: prompt.map(openAiMessage),
      tools,
      parallel_tool_calls: callsInParallel([...prompt, ...preferred, ...other]),
    },
    preferred_output: preferred.map(openAiMessage),
    non_preferred_output: other.map(openAiMessage),
  })
  sink.row(OPENAI_INFO, { info })
}

/**
 * Where the two part: the last of the players' own messages up to which both are alike. The ids of calls do not count. The
 * prompt before it ends with something the player was told. Undefined where nothing is shared.
 */
export function parting(a: readonly Said[], b: readonly Said[]): number | undefined {
  let start: number | undefined
  for (let i = 0; i < a.length && i < b.length; i++) {
    const [left, right] = [a[i]!, b[i]!]
    if (left.sampled && right.sampled && i > 0 && !a[i - 1]!.sampled) start = i
    if (left.sampled !== right.sampled || canonical(trlMessage(left.message)) !== canonical(trlMessage(right.message))) break
  }
  return start
}

/** The dialect's outputs hold no words of the user: the answers and results up to those, ending with an answer. */
function firstTurn(messages: readonly Message[]): Message[] {
  const next = messages.findIndex(({ role }) => role === 'user')
  const turn = next < 0 ? messages : messages.slice(0, next)
  return turn.slice(0, turn.findLastIndex(({ role }) => role === 'assistant') + 1)
}
