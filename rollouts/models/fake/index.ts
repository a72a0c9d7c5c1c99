/** The fake provider, exported to users through `agoragym/testing`. */
export type { Dialect, FakeReply } from './dialects.ts'
export {
  type FakeProvider,
  type FakeProviderOptions,
  type Fault,
  MODEL_FAULTS,
  PROVIDER_FAULTS,
  type Script,
  startFakeProvider,
} from './provider.ts'
export { QUIRKS, QUIRKY_SERVERS, type Quirk, type QuirkName, type RawAnswer } from './quirks.ts'
export type { FakeRequest } from './request.ts'
export { fromTranscript, randomCalls } from './scripts.ts'
