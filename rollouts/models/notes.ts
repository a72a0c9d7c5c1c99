/**
 * What has to be said of a run's models beside its figures: settings that did not reach them, requests that were sent otherwise,
 * answers that are not what they seem. Reads metadata; knows no command.
 */
import type { Metadata } from '../metadata.ts'

/** How servers are started whose models call tools. */
export const TOOL_PARSERS =
  'The server must parse tool calls: vllm serve --enable-auto-tool-choice --tool-call-parser NAME; llama-server --jinja; sglang --tool-call-parser NAME; in Ollama, LM Studio and OpenRouter a model that is listed with tools.'

type Facts = Pick<Metadata, 'player' | 'usage' | 'avg_metrics'> & Partial<Pick<Metadata, 'dropped_options' | 'adaptations'>>

/** Lines of one sentence or two; none where there is nothing to say. Metadata of older versions say less. */
export function modelNotes({ player, usage, avg_metrics, dropped_options = {}, adaptations = {} }: Facts): string[] {
  const of = (counter: string): number => avg_metrics[`model_${counter}`] ?? 0
  const notes: string[] = []
  for (const [option, calls] of Object.entries(dropped_options))
    notes.push(`${player}: the endpoint does not support ${option}; ${calls} calls were made without it.`)
  const forms = Object.keys(adaptations)
  if (forms.length > 0) {
    const chosen = forms.filter(form => !form.includes(':'))
    const again = chosen.length === 0 ? '' : `; --adapt ${chosen.join(' --adapt ')} chooses that beforehand`
    notes.push(`${player}: the endpoint wants requests in another form (${forms.join(', ')})${again}.`)
  }
  if (of('unknown_finish_reasons') > 0)
    notes.push(
      `${player}: some answers stopped for a reason that is not known and count as finished (finish_word in the rows of calls).`,
    )
  if (usage?.repaired)
    notes.push(
      `${player}: some token counts cannot be and were made up for, the larger reading counting (usage.repaired in the rows of calls).`,
    )
  if (of('refusals') > of('calls') / 2)
    notes.push(
      `${player}: most answers were refusals, of the model or of a filter before it (told_as_error in the rows of calls).`,
    )
  if (of('calls') > 0 && of('calls_in_text') > 0 && of('calls') - of('no_tool_call') - of('nudges') < 1e-9)
    notes.push(`${player}: no message held a tool call, though the text of some reads like one. ${TOOL_PARSERS}`)
  return notes
}
