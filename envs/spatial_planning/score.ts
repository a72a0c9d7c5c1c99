/**
 * Scores of a seat in the package's terms. `payoff` is the mean over paid rounds of the points earned, at the role's exchange rate,
 * so that it is the euros a participant expects from the drawn round, base points and show-up fee left out. `reward` is the payoff
 * alone, in the unit of the configuration (`reward_scale`): euros, where it says nothing; a round counts within `reward_cap`.
 * The other three are told beside it and are no part of it.
 */
import type { Scores } from '../core/environment.ts'
import type { EpisodeLog } from '../core/log.ts'
import { meanOrNull } from '../core/sums.ts'
import type { AgentId } from '../core/tool.ts'
import type { SpatialConfig } from './config.ts'
import { PAYMENT, PLOTS, type Role, rosterOf } from './roster.ts'
import { type Finished, finishedRounds, type Session, sessionOf } from './session.ts'
import { gameFee } from './settlement.ts'
import type { SpatialTypes } from './types.ts'

/** What a round's payoff adds to a player's mean earnings of a round, in euros. */
function earned({ treatment, rounds }: SpatialConfig, role: Role, payoff: number): number {
  return payoff / PAYMENT[treatment][role].pointsPerEuro / rounds
}

/** Euros that are a reward of 1. */
const unitOf = ({ reward_scale }: SpatialConfig, role: Role): number => reward_scale?.[role] ?? 1

/** What a round's payoff adds to a player's reward. */
export function rewardOf(config: SpatialConfig, player: number, payoff: number): number {
  const role = rosterOf(config).roles[player]!
  const reward = earned(config, role, payoff) / unitOf(config, role)
  const cap = (config.reward_cap ?? Number.POSITIVE_INFINITY) / config.rounds
  return Math.max(-cap, Math.min(cap, reward))
}

/** Scores of every seat, of the finished paid rounds of any prefix of a log. */
export function score(log: EpisodeLog<SpatialTypes>): Record<AgentId, Scores> {
  const session = sessionOf(log)
  const rounds = finishedRounds(session)
  return Object.fromEntries(
    session.roster.agents.map((agent, player) => {
      const role = session.roster.roles[player]!
      const payoff = rounds.reduce((sum, { payoffs }) => sum + earned(session.config, role, payoffs[player]!), 0)
      const reward = rounds.reduce((sum, { payoffs }) => sum + rewardOf(session.config, player, payoffs[player]!), 0)
      return [
        agent,
        {
          reward,
          payoff,
          reputation: truthfulness(rounds, player),
          survival: solvency(session, rounds, player),
          quality: diligence(session, player),
          points: rounds.reduce((sum, { payoffs }) => sum + payoffs[player]!, 0),
          euros: session.paid?.euros[player] ?? null,
        },
      ]
    }),
  )
}

/**
 * How close a player's statements came to the truth: the mean of 1 − |stated − true| / true, at least 0, over the declarations he
 * made himself, and his appraisals; in the voting treatment over his requests against the loss the project brings him, and over what he
 * paid against what he had offered. Null without a statement.
 */
export function truthfulness(rounds: readonly Finished[], player: number): number | null {
  const marks = statements(rounds, player).map(({ stated, real }) => Math.max(0, 1 - Math.abs(stated - real) / real))
  return meanOrNull(marks)
}

/** What a player stated of his own accord, beside what was true. Points; `real` > 0. */
export function statements(rounds: readonly Finished[], player: number): { readonly stated: number; readonly real: number }[] {
  return rounds.flatMap(({ values, play }) => {
    const value = values[player]
    if (value === undefined) {
      const appraisals = play.kind === 'land' ? (play.appraisals[player] ?? []) : []
      return appraisals.flatMap(({ plot, values: said }) =>
        [0, 1].map(condition => ({ stated: said[condition]!, real: values[plot]![condition]! })),
      )
    }
    if (play.kind === 'vote') {
      const request = play.requests[player]
      const loss = value[0] - value[1]
      // A pledge is as true as it is kept; paying more than was offered breaks none.
      const { payment, offer } = play
      const pledged = PLOTS[player] === 'developer' && payment?.declared && offer !== null && offer.value > 0
      return [
        ...(request?.declared && loss > 0 ? [{ stated: request.value, real: loss }] : []),
        ...(pledged ? [{ stated: Math.min(payment.value, offer.value), real: offer.value }] : []),
      ]
    }
    const initial = play.initial[player]!
    const final = play.final[player]!
    return [
      ...(initial.declared ? [0, 1].map(condition => ({ stated: initial.value[condition]!, real: value[condition]! })) : []),
      ...(final.declared ? [{ stated: final.value, real: value[play.chosen!] }] : []),
    ]
  })
}

/** The share of paid rounds that would have left the player without a debt: base points and payoff not below zero; null before any. */
function solvency({ payment, roster }: Session, rounds: readonly Finished[], player: number): number | null {
  const terms = payment[roster.roles[player]!]
  const solvent = rounds.filter(({ payoffs }) => gameFee(payoffs[player]!, terms) >= 0)
  return rounds.length === 0 ? null : solvent.length / rounds.length
}

/** Of all the seat called or was asked for, the share that was carried out: refused calls and defaulted decisions count against it; null before any. */
function diligence({ conduct }: Session, player: number): number | null {
  const { accepted, refused, defaulted } = conduct[player]!
  const asked = accepted + refused + defaulted
  return asked === 0 ? null : accepted / asked
}
