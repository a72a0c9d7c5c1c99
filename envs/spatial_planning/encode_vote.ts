/** Deliberation, compensation and vote as numbers and slots. Knows no land and no market. */
import { feature, ranks, slot } from '../core/encoding.ts'
import { meanOrNull } from '../core/sums.ts'
import type { SpatialConfig } from './config.ts'
import { CASH, type Features, type Slots, type View } from './encode_view.ts'
import type { Observation } from './observe.ts'
import type { Plot } from './roster.ts'
import { CHOICES } from './tools.ts'
import { points } from './words.ts'

/** What owners ask for and say they lose, in losses. */
const REQUESTS = { nothing: 0, half: 0.5, loss: 1, more: 1.3, double: 2 } as const
const SAID = { truth: 1, exaggeration: 1.5 } as const
/** Of the offer that was made. */
const PAID = { all: 1, half: 0.5, nothing: 0 } as const
const PAYMENT_SLOTS: Slots = Object.entries(PAID).map(([name, part]) =>
  slot<View>(
    `pay_${name}`,
    'pay_compensation',
    `pays every owner ${name === 'nothing' ? 'nothing' : `${name} of what it offered`}`,
    undefined,
    ({ observation: { shared } }) => ({ amount: Math.round(part * (shared.offer ?? 0)) }),
  ),
)

export function ofVotes({ pledges }: SpatialConfig, owners: number): [Features, Slots] {
  const said = ({ observation: { messages, agent } }: View): number => {
    const numbers = messages.flatMap(({ from, text }) => {
      const number = from === agent ? undefined : /\d[\d,]*/.exec(text)?.[0]
      return number === undefined ? [] : [Number(number.replaceAll(',', ''))]
    })
    return (meanOrNull(numbers) ?? 0) / CASH
  }
  const features: Features = [
    feature(
      'offer',
      [0, 10],
      "the developer's offer to every owner / 100,000; 0 before",
      ({ observation: { shared } }) => (shared.offer ?? 0) / CASH,
    ),
    feature('request', [0, 10], 'own request / 100,000', ({ observation }) => (observation.request ?? 0) / CASH),
    ...ranks(owners).map(rank =>
      feature<View>(
        `request_${rank}`,
        [0, 10],
        `the request of rank ${rank} to the developer, the least first, / 100,000`,
        ({ observation }) => (observation.requests?.[rank - 1] ?? 0) / CASH,
      ),
    ),
    feature(
      'messages',
      [0, 1],
      'messages of this round that it wrote or reads, of 20',
      ({ observation }) => observation.messages.length / 20,
    ),
    feature('said', [0, 10], 'mean of the first numbers in those of others / 100,000', said),
  ]
  const others = ({ shared, agent }: Observation): Plot[] => shared.plots.filter(plot => plot !== agent)
  const message = ({ observation, stake }: View, factor: number): object => {
    const sum = points(Math.round(factor * (observation.role === 'developer' ? stake / owners : stake)))
    const text =
      observation.role === 'developer'
        ? `I can pay every owner at most ${sum} points.`
        : `The project would cost me ${sum} points.`
    return { to: others(observation), text }
  }
  const offers: readonly (readonly [name: string, meaning: string, amount: (view: View) => number | undefined])[] = [
    ['nothing', 'nothing', () => 0],
    ...ranks(owners).map(
      rank =>
        [
          `request_${rank}`,
          `what the owner of rank ${rank} asked for, the least first,`,
          (v: View) => v.observation.requests?.[rank - 1],
        ] as const,
    ),
    ['all', 'what all owners together can be paid out of the gain,', ({ stake }) => Math.floor(stake / owners)],
  ]
  return [
    features,
    [
      ...Object.entries(SAID).map(([name, factor]) =>
        slot<View>(
          `say_${name}`,
          'send_message',
          `tells all others ${factor} of what the project costs or lets it pay`,
          v => others(v.observation).length > 0,
          v => message(v, factor),
        ),
      ),
      ...Object.entries(REQUESTS).map(([name, factor]) =>
        slot<View>(
          `request_${name}`,
          'request_compensation',
          `asks for ${factor} of what the project costs it`,
          undefined,
          ({ stake }) => ({ amount: Math.round(factor * stake) }),
        ),
      ),
      ...offers.map(([name, meaning, amount]) =>
        slot<View>(
          `offer_${name}`,
          'offer_compensation',
          `offers ${meaning} to every owner`,
          v => amount(v) !== undefined,
          v => {
            const sum = amount(v)
            return sum === undefined ? undefined : { amount: sum }
          },
        ),
      ),
      ...CHOICES.map(choice =>
        slot<View>(`vote_${choice}`, 'vote', `votes ${choice.replace('_', ' ')}`, undefined, () => ({ choice })),
      ),
      ...(pledges === undefined ? [] : PAYMENT_SLOTS),
    ],
  ]
}
