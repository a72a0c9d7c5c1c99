/** What everybody hears of: an event in a few words, or nothing. Knows no state. */
import type { SwarmEvent } from './state.ts'

export function news(event: SwarmEvent): string | undefined {
  switch (event.type) {
    case 'work_submitted':
      return `${event.agent} finished task #${event.task}`
    case 'trade_accepted':
      return `${event.agent} accepted trade #${event.proposal} of ${event.from}`
    case 'trade_rejected':
      return `${event.agent} rejected trade #${event.proposal} of ${event.from}`
    case 'audited':
      return `${event.agent} ${event.passed ? 'passed' : 'failed'} an audit of task #${event.task}`
    case 'loan_repaid':
      return `${event.agent} repaid loan #${event.loan} of ${event.to}`
    case 'loan_overdue':
      return `${event.agent} did not repay loan #${event.loan} of ${event.to}`
    case 'loan_collected':
      return `an audit collected loan #${event.loan} from ${event.agent}`
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
