/** A player that ends its episode before the first step: what is left of a rollout is what surrounds it. */
import type { Plugin } from '../economies/plugin.ts'
import { EpisodeStopped } from '../rollouts/errors.ts'

const plugin: Plugin = {
  players: {
    quitter: name => ({
      name,
      kind: 'bot',
      details: {},
      policies: () => () => ({
        act: () => {
          throw new EpisodeStopped('quit')
        },
      }),
    }),
  },
}
export default plugin
