/** The manners of the shipped citizens: what each is, and what it would do about the audits and the end it sees. */
import type { Observation } from '../../envs/swarm_economy/index.ts'
import { type Manner, stepsLeft } from './citizen.ts'

const NONE = (): number => 0
const ALWAYS = (): boolean => true

/** What it lends where it lends at all: the most there is. */
const MOST = 40
/** What a loan that is known to have been repaid or broken is worth in reputation, to who judges a stranger by both. */
const RECORD = { repaid: 3, broken: -6, enough: 54 }

/** Reputation of who has no record yet that is enough. */
const NEWCOMER = 40

/** Lends to a stranger by its reputation and its public record; to who has none in good faith. */
const byRecord: Manner['lends'] = (_observation, { reputation, record: { repaid, broken } = { repaid: 0, broken: 0 } }) => {
  const enough =
    repaid + broken === 0 ? reputation >= NEWCOMER : reputation + RECORD.repaid * repaid + RECORD.broken * broken >= RECORD.enough
  return enough ? MOST : 0
}

const HONEST: Manner = {
  reads: 1,
  overstates: 0,
  lends: byRecord,
  trusts: MOST,
  takes: 24,
  asks: NONE,
  repays: ALWAYS,
  posts: 2,
}

/** Steps before the end at which those who mean to keep what they borrow begin to ask for it: two before loans end. */
const TURNS = 9

/** What it asks of a stranger, and how much more of who has dealt with it for every loan that was repaid. */
const ASKS = { first: 16, more: 12 }

/** Honest until it turns: then it asks everybody for what it can hope to get, and repays nobody any more. */
const turning = (manner: Manner, observation: Observation): Manner => {
  const turned = stepsLeft(observation) <= TURNS
  return { ...manner, asks: repaid => (turned ? Math.min(MOST, ASKS.first + ASKS.more * repaid) : 0), repays: () => !turned }
}

const SHIRKER: Manner = { ...HONEST, reads: 0, overstates: 1 }

/** Risk of an audit from which the opportunistic keep their word. */
const RISKY = 0.33

export interface Citizen {
  readonly description: string
  readonly manner: (observation: Observation) => Manner
}

export const CITIZENS: Readonly<Record<string, Citizen>> = {
  honest: {
    description: 'Reads all pages, vouches for what it knows, lends by reputation and record, repays.',
    manner: () => HONEST,
  },
  opportunistic: {
    description:
      'Honest where an audit is likelier than a third; else it reads half, vouches for all and keeps what it borrows last.',
    manner: observation =>
      observation.shared.rules.audit_risk >= RISKY ? HONEST : turning({ ...HONEST, reads: 0.5, overstates: 1 }, observation),
  },
  deceptive: {
    description:
      'Hands in first pages only and vouches for all; keeps faith until it is trusted, then borrows all it can and keeps it.',
    manner: observation => turning(SHIRKER, observation),
  },
  extractor: {
    description: 'Works honestly and keeps faith until nine steps before the end; then it borrows all it can and keeps it.',
    manner: observation => turning(HONEST, observation),
  },
  trusting: {
    description: 'Honest, and lends the most there is to everybody that has not failed it.',
    manner: () => ({ ...HONEST, lends: () => MOST }),
  },
  shirker: { description: 'Honest in its loans; hands in first pages only and vouches for all.', manner: () => SHIRKER },
}
