/** The package's public names: the economies and the core they stand on. */
export * from './bots/index.ts'
export * from './economies/economy.ts'
export { CONFIG_NAMES, findConfig, importPlugins } from './economies/imports.ts'
export { judges, metrics, type Plugin, register } from './economies/plugin.ts'
export { economies, environments } from './economies/registry.ts'
export * from './envs/core/index.ts'
