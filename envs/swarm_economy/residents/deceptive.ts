/**
 * Behaves until it is trusted, then hands in poor work and dresses up extractions as partnerships. The trust phase, the
 * switch and the extractions are documented, each in two versions that the configuration chooses between.
 */
import type { SwarmConfig } from '../config.ts'
import { sigmoid } from '../label.ts'
import type { Character, Move, View } from './character.ts'
import { oneDecimal, targets } from './resident.ts'

/** Reputation above which an agent is worth exploiting in the versions that choose. */
const REPUTABLE = 40

const EXTRACTION = 'A special partnership, for you alone: a small commitment now, large shared returns soon.'

const SWITCH: Readonly<Record<SwarmConfig['exploit_switch'], (view: View) => boolean>> = {
  hard: ({ self }) => self.interactions >= self.trust,
  soft: ({ self, random }) => random.chance(0.7 * sigmoid(2 * (self.interactions - self.trust))),
}

export const deceptive: Character = {
  accepts: (_view, { transfer }) => (transfer >= 0 ? 0.5 : 0),
  exploit(view) {
    const { state, self, random } = view
    const { config } = state
    if (!SWITCH[config.exploit_switch](view)) return undefined
    const poorWork = (): Move | undefined =>
      self.task === null ? undefined : { kind: 'submit', p: random.uniform(0.2, 0.45), exploit: true }
    if (self.task !== null && random.chance(0.5)) return poorWork()
    if (random.chance(0.5)) {
      const eligible = targets(state, self).filter(agent => config.exploit_targets === 'anyone' || agent.reputation > REPUTABLE)
      if (eligible.length > 0) {
        const to = random.pick(eligible).id
        const transfer = config.exploit_transfer === 'fixed' ? -15 : oneDecimal(random.uniform(-20, -5))
        return { kind: 'propose', to, transfer, text: EXTRACTION, exploit: true }
      }
    }
    return poorWork()
  },
  work: random => random.uniform(0.7, 0.85),
  claims: ({ random }, open) => (random.chance(0.6) ? random.pick(open) : undefined),
  votes: 0.2,
  posts: 0.1,
  proposes: 0.1,
  transfers: [0, 3],
  words: {
    posts: ['Trust is built one deal at a time.', 'Always glad to work with reliable agents.'],
    offers: ['A token of good will. More to come.', 'Let us get to know each other with a small exchange.'],
  },
}
