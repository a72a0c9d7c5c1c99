/**
 * Supervised fine-tuning: the conversation of one seat a row, in TRL's dialect or in OpenAI's. TRL's rows carry where they
 * come from in `info`; OpenAI's dialect takes no further field, so its `info` lies in a second file, line by line.
 */
import type { Columns } from './columns.ts'
import { callsInParallel, functionTools, malformedCalls, openAiMessage, trlMessage } from './dialects.ts'
import { type Format, playWriter } from './format.ts'
import { playInfo, upToLastWord } from './play.ts'

const TRL = 'sft.trl.jsonl'
const OPENAI = 'sft.openai.jsonl'
const OPENAI_INFO = 'sft.openai.info.jsonl'

/** The file that says where the rows of a file without `info` come from. */
export const INFO_COLUMNS: Columns = { info: 'json' }

export const sftTrl: Format = {
  id: 'sft-trl',
  describe: 'conversations with tool arguments as objects, for SFTTrainer of TRL',
  files: () => [{ path: TRL, columns: { messages: 'list<json>', tools: 'list<json>', info: 'json' } }],
  open: ({ estimator }) =>
    playWriter((play, sink) => {
      const messages = upToLastWord(play.messages).map(({ message }) => message)
      if (messages.length === 0) return sink.leaveOut('silent')
      sink.row(TRL, {
        messages: messages.map(trlMessage),
        tools: functionTools(play.trace.tools),
        info: { ...playInfo(play, estimator), malformed_calls: malformedCalls(messages) },
      })
    }),
}

export const sftOpenAi: Format = {
  id: 'sft-openai',
  describe: "conversations with tool arguments as text, for OpenAI's fine-tuning API and prime-rl's SFT",
  files: () => [
    { path: OPENAI, columns: { messages: 'list<json>', tools: 'list<json>', parallel_tool_calls: 'bool' } },
    { path: OPENAI_INFO, columns: INFO_COLUMNS },
  ],
  open: ({ estimator }) =>
    playWriter((play, sink) => {
      const messages = upToLastWord(play.messages).map(({ message }) => message)
      if (messages.length === 0) return sink.leaveOut('silent')
      sink.row(OPENAI, {
        messages: messages.map(openAiMessage),
        tools: functionTools(play.trace.tools),
        parallel_tool_calls: callsInParallel(messages),
      })
      sink.row(OPENAI_INFO, { info: playInfo(play, estimator) })
    }),
}
