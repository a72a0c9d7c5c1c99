/** An encoding beside observations made by hand: what a feature says, and what a slot calls. */
import { type AnyEnvironment, Episode, resolveConfig } from '../../index.ts'

type Fields = Readonly<Record<string, unknown>>

/** An observation of a fresh game of a preset, with options of its own, with other fields; those of `shared` are replaced one by one. */
export function reading(env: AnyEnvironment, preset: string, agent: string, options: Fields = {}) {
  const config = resolveConfig(env, preset, options)
  const encoding = env.encode!(config)
  const plain = new Episode(env, config, 0).observe(agent) as Fields & { readonly shared: Fields }
  const altered = ({ shared, ...own }: Fields): object => ({
    ...plain,
    ...own,
    shared: { ...plain.shared, ...(shared as Fields) },
  })
  return {
    plain,
    slots: encoding.slots.map(({ name }) => name),
    feature(name: string, fields: Fields): number {
      const into = new Float32Array(encoding.features.length)
      encoding.observe(altered(fields), into)
      return into[encoding.features.findIndex(feature => feature.name === name)]!
    },
    /** The calls of a slot, and whether it is legal while every tool is offered. */
    slot(name: string, fields: Fields) {
      const at = encoding.slots.findIndex(slot => slot.name === name)
      const mask = new Uint8Array(encoding.slots.length)
      encoding.mask(altered(fields), Object.keys(env.tools(config)), mask)
      return { legal: mask[at] === 1, calls: encoding.decode(altered(fields), at).calls }
    },
  }
}
