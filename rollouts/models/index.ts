/** Model players: what the rest of the package needs of them. */
export { type History, historyName, parseHistory } from './conversation.ts'
export { parseEndpoint } from './endpoint.ts'
export { ASSUMED_COMPLETION, costRange, type Measured } from './estimate.ts'
export type { Model, ModelAnswer, ModelRequest, Sampling } from './model.ts'
export { modelPolicy, type NoToolCall } from './model_policy.ts'
export { type Asker, Models, type ModelsOptions } from './models.ts'
export { type Personas, parsePersonas, shippedPersonas } from './personas.ts'
export { type Price, type Prices, priceOf, readPrices, shippedPrices } from './prices.ts'
