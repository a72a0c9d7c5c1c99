/** What everybody hears of: an event in a few words, or nothing. Knows no state. */
import type { SwarmEvent } from './state.ts'

export function news(event: SwarmEvent): string | undefined {
  switch (event.type) {
    case 'task_claimed':
      return `${event.agent} claimed task #${event.task}`
    case 'work_submitted':
      return `${event.agent} finished task #${event.task}`
    case 'claim_lapsed':
      return `${event.agent} let its claim on task #${event.task} lapse`
    case 'audited':
      return `${event.agent} ${event.passed ? 'passed' : 'failed'} an audit of task #${event.task}`
    case 'frozen':
      return `${event.agent} was frozen`
    case 'unfrozen':
      return `${event.agent} is active again`
    case 'post_rewarded':
      return `post #${event.post} of ${event.agent} became popular`
    default:
      return undefined
  }
}
