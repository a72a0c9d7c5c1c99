/** Unpaired preferences: a prompt, what the seat went on to say, and whether it ended well. */
import { functionTools, malformedCalls, trlMessage } from './dialects.ts'
import { type Format, playWriter } from './format.ts'
import { openingOf, playInfo, upToLastWord } from './play.ts'

const FILE = 'kto.jsonl'

export const kto: Format = {
  id: 'kto',
  describe: 'completions labelled by reward ≥ --threshold, for KTOTrainer of TRL',
  uses: 'threshold',
  files: () => [
    {
      path: FILE,
      columns: { prompt: 'list<json>', completion: 'list<json>', label: 'bool', tools: 'list<json>', info: 'json' },
    },
  ],
  open: ({ estimator, threshold }) =>
    playWriter((play, sink) => {
      const said = upToLastWord(play.messages)
      const start = openingOf(said)
      if (start === undefined) return sink.leaveOut('silent')
      const messages = said.map(({ message }) => message)
      sink.row(FILE, {
        prompt: messages.slice(0, start).map(trlMessage),
        completion: messages.slice(start).map(trlMessage),
        label: play.reward >= threshold,
        tools: functionTools(play.trace.tools),
        info: { ...playInfo(play, estimator), malformed_calls: malformedCalls(messages) },
      })
    }),
}
