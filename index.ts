/** The package's public names: the registry of economies and the core they stand on. */
export * from './envs/core/index.ts'
export { environments } from './envs/index.ts'
