/** Model players: what the rest of the package needs of them. */

export type { NoToolCall } from '../dialogue.ts'
export { type History, historyName, parseHistory } from './conversation.ts'
export { isHome, parseEndpoint } from './endpoint.ts'
export { ASSUMED_COMPLETION, costRange, type Measured } from './estimate.ts'
export { FORMS, type Form, parseForms } from './forms.ts'
export type { Model, ModelAnswer, ModelRequest, Sampling } from './model.ts'
export { modelPolicy } from './model_policy.ts'
export { type Asker, Models, type ModelsOptions } from './models.ts'
export { type Personas, parsePersonas, shippedPersonas } from './personas.ts'
export { type Price, type Prices, priceOf, readPrices, shippedPrices } from './prices.ts'
export { type Protocol, type ProviderFacts, providers, registerProvider } from './providers.ts'
export {
  labelSchema,
  type PlayerChoice,
  type PlayerSpec,
  playerSpecSchema,
  readPlayer,
  splitPlayers,
  type Treatment,
  untreated,
} from './treatment.ts'
