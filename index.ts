/** The package's public names: the economies and the core they stand on. */
export * from './bots/index.ts'
export * from './economies/economy.ts'
export { economies, environments } from './economies/registry.ts'
export * from './envs/core/index.ts'
