/** What the two ways to let people play ask for alike: pages of our own (`host`) and an oTree project (`otree-app`). */
import { type Args, amount, type OptionSpecs } from './command.ts'

export const PEOPLE_OPTIONS: OptionSpecs = {
  human: {
    type: 'list',
    describe:
      "seat of a person, or how many are people's: the evaluated one first, then in seat order (the evaluated one, where nobody else is a person)",
  },
  'turn-seconds': { type: 'string', describe: 'seconds of a turn, after which the seat is silent, 0 for no limit (0)' },
  rate: { type: 'string', describe: 'what a point of the score pays, in the currency (nothing)' },
  fee: { type: 'string', describe: 'what everybody is paid for coming (0)' },
  currency: { type: 'string', describe: 'three letters of ISO 4217 (EUR)' },
}

/** The seats of `--human`, or how many; no seats where it was not given. Whether there are such seats is not looked at. */
export function readHuman(args: Args): readonly string[] | number {
  const given = args.list('human')
  return given.length === 1 && /^\d+$/.test(given[0]!) ? Number(given[0]) : given.flatMap(text => text.split(','))
}

/** A number from 0, such as seconds or money; undefined where the option was not given. */
export function readAmount(args: Args, name: string): number | undefined {
  const text = args.text(name)
  return text === undefined ? undefined : amount(text, `--${name}`)
}
