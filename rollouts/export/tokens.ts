/**
 * Token rows for policy-gradient training: the ids that the server returned, never made from text. As long as each prompt
 * extends what was said before, calls are joined into one row; where the context was cut, a new row begins.
 */
import type { CallRow } from '../player.ts'
import { type Format, playWriter } from './format.ts'
import { playInfo } from './play.ts'

const FILE = 'tokens.jsonl'

export interface TokenSequence {
  readonly model: string
  readonly prompt_ids: readonly number[]
  readonly completion_ids: readonly number[]
  /** 1 for a token the model sampled, 0 for one it was told. */
  readonly completion_mask: readonly number[]
  /** One a completion id, 0 where it was told; null where the server did not give them for every sampled token. */
  readonly logprobs: readonly number[] | null
}

/** The sequences of one seat's calls; none where no call has ids. Of a call that was made again, the last counts. */
export function tokenSequences(calls: readonly CallRow[]): TokenSequence[] {
  const last = new Map(calls.map(call => [call.call, call]))
  const sequences: { model: string; prompt: readonly number[]; ids: number[]; mask: number[]; logprobs: number[] | null }[] = []
  let joinable = false
  for (const { model, reply } of [...last.values()].sort((a, b) => a.call - b.call)) {
    const { prompt_token_ids: prompt, token_ids: ids, logprobs } = reply
    if (prompt === undefined || ids === undefined) {
      joinable = false
      continue
    }
    let sequence = joinable ? sequences.at(-1)! : undefined
    if (sequence === undefined || !extendsSequence(prompt, sequence.prompt, sequence.ids) || sequence.model !== model) {
      sequence = { model, prompt, ids: [], mask: [], logprobs: [] }
      sequences.push(sequence)
    }
    const told = prompt.slice(sequence.prompt.length + sequence.ids.length)
    for (const id of told) sequence.ids.push(id)
    for (const _ of told) sequence.mask.push(0)
    for (const id of ids) sequence.ids.push(id)
    for (const _ of ids) sequence.mask.push(1)
    if (logprobs?.length !== ids.length) sequence.logprobs = null
    if (sequence.logprobs !== null) {
      for (const _ of told) sequence.logprobs.push(0)
      for (const logprob of logprobs!) sequence.logprobs.push(logprob)
    }
    joinable = true
  }
  return sequences.map(({ model, prompt, ids, mask, logprobs }) => ({
    model,
    prompt_ids: prompt,
    completion_ids: ids,
    completion_mask: mask,
    logprobs,
  }))
}

function extendsSequence(prompt: readonly number[], before: readonly number[], said: readonly number[]): boolean {
  return (
    prompt.length >= before.length + said.length &&
    before.every((id, i) => prompt[i] === id) &&
    said.every((id, i) => prompt[before.length + i] === id)
  )
}

export const tokens: Format = {
  id: 'tokens',
  describe: 'token ids, masks, log-probabilities and advantages, only as a server returned them',
  reads: ['calls'],
  files: () => [
    {
      path: FILE,
      columns: {
        prompt_ids: 'list<int64>',
        completion_ids: 'list<int64>',
        completion_mask: 'list<int64>',
        logprobs: 'list<float64>',
        reward: 'float64',
        advantage: 'float64',
        group_id: 'string',
        rollout_id: 'string',
        agent: 'string',
        env: 'string',
        model: 'string',
        temperature: 'float64',
        info: 'json',
      },
    },
  ],
  open: ({ estimator }) =>
    playWriter((play, sink) => {
      const { agent, rollout, group, figures, advantage } = play
      const sequences = tokenSequences(rollout.calls().filter(call => call.agent === agent))
      if (sequences.length === 0) return sink.leaveOut('no_token_ids')
      const { temperature } = (play.trace.agent.config.sampling ?? {}) as { temperature?: number }
      for (const { model, ...ids } of sequences) {
        sink.row(FILE, {
          ...ids,
          reward: play.reward,
          advantage,
          group_id: group.id,
          rollout_id: rollout.key,
          agent,
          env: figures.info.env,
          model,
          temperature,
          info: playInfo(play, estimator),
        })
      }
    }),
}
