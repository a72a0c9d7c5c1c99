/** The tools of work on problems, which have pages to read and answers to check. Ours. */
import type { ToolSet } from '../core/tool.ts'
import { signed } from './format.ts'
import { rightOf } from './problems.ts'
import { agentOf, type SwarmTypes } from './state.ts'
import { answered, problemAt, submit, workOn } from './tasks.ts'
import { ARGS, act, refusal, unsubmittable } from './tool_args.ts'

export const PROBLEM_TOOLS = {
  submit_work: act({
    description:
      'Hands in your answers to the task you have claimed, which settles it. Its next pages need not be read: what you do not know you can leave out, or guess.',
    args: ARGS.submit_answers,
    candidates: ({ task }) =>
      task?.problem === undefined
        ? []
        : [{ task_id: task.task, answers: task.problem.questions.map(({ about }) => about[0]!), vouched: 0 }],
    refuse(state, agent, { task_id, vouched }) {
      const refused = unsubmittable(state, agent, task_id)
      if (refused !== undefined) return refused
      const questions = state.tasks[task_id - 1]!.level! + 1
      return vouched > questions
        ? refusal('bad_vouched', `vouched must be between 0 and ${questions}: task #${task_id} has ${questions} questions`)
        : undefined
    },
    apply(draft, agent, { task_id, answers, vouched }, emit) {
      const task = draft.tasks[task_id - 1]!
      const right = rightOf(problemAt(draft, task), answers)
      const length = answers.reduce((sum, answer) => sum + answer.length, 0)
      const work = { ...answered(task, right, vouched), length, repeated: false, exploit: false }
      const { payoff } = submit(draft, agent, task_id, work, emit)
      return `submitted task #${task_id}: ${right} of ${work.questions} right, ${vouched} vouched for, payoff ${signed(payoff)}`
    },
  }),
  work_on: act({
    description: 'Works on the task you have claimed: its next page is shown to you.',
    args: ARGS.nothing,
    candidates: ({ task }) => (task?.problem !== undefined && task.problem.pages.length < task.problem.pageCount ? [{}] : []),
    refuse(state, agent) {
      const { task } = agentOf(state, agent)
      if (task === null) return refusal('no_claim', 'you have not claimed a task')
      const { seen, level } = state.tasks[task - 1]!
      return seen! > level! ? refusal('all_seen', `you have seen all pages of task #${task}`) : undefined
    },
    apply(draft, agent, _args, emit) {
      const task = agentOf(draft, agent).task!
      return `page ${workOn(draft, agent, task, emit)} of task #${task} is shown`
    },
  }),
} satisfies ToolSet<SwarmTypes>
