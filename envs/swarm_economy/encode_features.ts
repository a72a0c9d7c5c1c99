/** What a learner without language sees, a number at a time: name, range, meaning and how it is read from the view. */
import { atRank } from '../core/at_rank.ts'
import { feature, flag } from '../core/encoding.ts'
import type { Agent, Features, View } from './encode_view.ts'
import type { Debt, OpenTask } from './state.ts'

/** Resources, payoffs and bounties count in these. */
const HUNDRED = 100

export function ownFeatures(problems: boolean, loans: boolean): Features {
  const self = ({ observation }: View): Agent => observation.shared.agents.find(({ agent }) => agent === observation.agent)!
  const sum = (debts: readonly Debt[] = []): number => debts.reduce((total, { owed }) => total + owed, 0) / HUNDRED
  return [
    feature(
      'steps_left',
      [0, 1],
      'share of the episode that is left',
      ({ observation: { shared } }) => 1 - shared.step / shared.steps,
    ),
    feature('epoch_left', [0, 1], 'share of the epoch that is left', ({ observation: { shared } }) => {
      const length = shared.steps / shared.epochs
      return 1 - (shared.step % length) / length
    }),
    feature('reputation', [0, 1], 'own reputation / 100', ({ observation }) => observation.reputation / HUNDRED),
    feature('resources', [0, 10], 'own resources / 100', ({ observation }) => observation.resources / HUNDRED),
    feature('payoff', [-10, 10], 'own payoff / 100', ({ observation }) => observation.payoff / HUNDRED),
    flag('frozen', '1 while it can only pass', ({ observation }) => observation.status === 'frozen'),
    feature('tax_rate', [0, 1], 'tax of a step', ({ observation }) => observation.shared.rules.tax_rate),
    feature('audit_risk', [0, 1], 'chance of an audit', ({ observation }) => observation.shared.rules.audit_risk),
    feature(
      'decay',
      [0, 1],
      'share of its reputation that a step takes, times 10',
      ({ observation }) => 10 * (1 - observation.shared.rules.decay),
    ),
    feature(
      'freeze_below',
      [0, 1],
      'reputation / 100 below which agents are frozen',
      ({ observation }) => observation.shared.rules.freeze_below / HUNDRED,
    ),
    feature(
      'held_bounty',
      [0, 1],
      'bounty / 100 of the task it holds; 0 without one',
      ({ observation: { task } }) => (task?.bounty ?? 0) / HUNDRED,
    ),
    ...(problems
      ? [
          feature<View>('pages_left', [0, 1], 'pages of the held task not yet seen, of four', ({ observation: { task } }) =>
            task?.problem === undefined ? 0 : (task.problem.pageCount - task.problem.pages.length) / 4,
          ),
          feature<View>(
            'questions',
            [0, 1],
            'questions of the held task, of four',
            ({ observation: { task } }) => (task?.problem?.questions.length ?? 0) / 4,
          ),
          feature<View>('answerable', [0, 1], 'those that the pages seen so far answer, of four', ({ observation: { task } }) => {
            const seen = task?.problem?.pages.length ?? 0
            return (task?.problem?.questions.filter(({ pages }) => pages <= seen).length ?? 0) / 4
          }),
        ]
      : [
          feature<View>(
            'held_difficulty',
            [0, 1],
            'difficulty of the task it holds; 0 without one',
            ({ observation: { task } }) => task?.difficulty ?? 0,
          ),
        ]),
    feature('own_posts', [0, 1], 'share of the shown feed that it wrote', ({ observation: { shared }, foreign }) =>
      shared.feed.length === 0 ? 0 : 1 - foreign.length / shared.feed.length,
    ),
    ...(loans
      ? [
          flag<View>(
            'lending_possible',
            '1 while a loan would still fall due in time',
            ({ observation }) => observation.shared.lending?.possible === true,
          ),
          feature<View>('can_take', [0, 5], 'loans it can still take in this epoch', v => self(v).canTake ?? 0),
          feature<View>('repaid', [0, 20], 'loans it has repaid, by the public record', v => self(v).record?.repaid ?? 0),
          feature<View>('broken', [0, 20], 'loans it has broken, by the public record', v => self(v).record?.broken ?? 0),
          feature<View>('owes', [0, 10], 'what it owes / 100', ({ observation }) => sum(observation.credit?.owes)),
          feature<View>('is_owed', [0, 10], 'what it is owed / 100', ({ observation }) => sum(observation.credit?.owed)),
        ]
      : []),
  ]
}

export function taskFeatures(rank: number, problems: boolean): Features {
  const at = ({ tasks }: View): OpenTask | undefined => tasks[rank - 1]
  const name = `task_${rank}`
  return [
    feature(
      `${name}_bounty`,
      [0, 1],
      `bounty / 100 of open task ${rank}; 0 where there is none`,
      v => (at(v)?.bounty ?? 0) / HUNDRED,
    ),
    problems
      ? feature<View>(`${name}_level`, [0, 3], `its level`, v => at(v)?.level ?? 0)
      : feature<View>(`${name}_difficulty`, [0, 1], `its difficulty`, v => at(v)?.difficulty ?? 0),
  ]
}

export function otherFeatures(rank: number, loans: boolean): Features {
  const name = `other_${rank}`
  const of = atRank(({ others }: View) => others, rank)
  /** The last step counts from 1. */
  const time = (debt: Debt | undefined, { observation: { shared } }: View): number =>
    debt === undefined ? 0 : (debt.due - shared.step) / 10
  return [
    feature(
      `${name}_reputation`,
      [0, 1],
      `reputation / 100 of the other agent of rank ${rank}; all 0 where there is none`,
      of(o => o.reputation / HUNDRED),
    ),
    feature(
      `${name}_resources`,
      [0, 10],
      'its resources / 100',
      of(o => o.resources / HUNDRED),
    ),
    feature(
      `${name}_active`,
      [0, 1],
      '1 unless it is frozen',
      of(o => Number(o.status === 'active')),
    ),
    feature(
      `${name}_offers`,
      [-1, 1],
      'the transfer / 100 of its pending proposal: above 0 it gives',
      of(o => (o.incoming?.transfer ?? 0) / HUNDRED),
    ),
    feature(
      `${name}_offered`,
      [-1, 1],
      'the transfer / 100 of the own pending proposal to it',
      of(o => (o.outgoing?.transfer ?? 0) / HUNDRED),
    ),
    feature(
      `${name}_accepted`,
      [0, 10],
      'own proposals that it accepted',
      of(o => o.accepted),
    ),
    feature(
      `${name}_declined`,
      [0, 10],
      'own proposals that it did not accept',
      of(o => o.made - o.accepted),
    ),
    feature(
      `${name}_asked`,
      [0, 10],
      'proposals of it that asked for payment',
      of(o => o.asking),
    ),
    ...(loans
      ? [
          feature<View>(
            `${name}_can_take`,
            [0, 5],
            'loans it can still take in this epoch',
            of(o => o.canTake ?? 0),
          ),
          feature<View>(
            `${name}_repaid`,
            [0, 20],
            'loans it has repaid, by the public record',
            of(o => o.record?.repaid ?? 0),
          ),
          feature<View>(
            `${name}_broken`,
            [0, 20],
            'loans it has broken, by the public record',
            of(o => o.record?.broken ?? 0),
          ),
          feature<View>(
            `${name}_repaid_you`,
            [0, 10],
            'own loans that it has repaid',
            of(o => o.repaid),
          ),
          feature<View>(
            `${name}_broke_yours`,
            [0, 10],
            'own loans that it has broken',
            of(o => o.broken),
          ),
          feature<View>(
            `${name}_is_owed`,
            [0, 1],
            'what is owed to it / 100',
            of(o => (o.owes?.owed ?? 0) / HUNDRED),
          ),
          feature<View>(
            `${name}_owes`,
            [0, 1],
            'what it owes / 100',
            of(o => (o.owed?.owed ?? 0) / HUNDRED),
          ),
          feature<View>(
            `${name}_due`,
            [-2, 2],
            'tens of steps until the own debt to it is due, below 0 overdue; 0 without one',
            of((o, v) => time(o.owes, v)),
          ),
        ]
      : []),
  ]
}
