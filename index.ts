/**
 * `agoragym`: the economies and the core they stand on. The rest lies in `agoragym/rollouts`, `/bots`, `/evals`, `/export` and
 * `/testing`; what the commands do, they do with these.
 */
export * from './bots/index.ts'
export { CONFIG_NAMES, findConfig } from './economies/config_file.ts'
export { describeEconomy } from './economies/describe.ts'
export type { Dialogue, LineSource, Speaker, SpeakerOptions, Spoken } from './economies/dialogue.ts'
export * from './economies/economy.ts'
export { importedModules, importPlugins } from './economies/imports.ts'
export { judges, metrics, type Plugin, register } from './economies/plugin.ts'
/** What `agoragym new economy` writes. */
export { type NewEconomy, newEconomy } from './economies/recipe.ts'
export { economies, environments } from './economies/registry.ts'
export * from './envs/core/index.ts'
export { packageVersion } from './rollouts/versions.ts'
