/**
 * OpenTelemetry for the commands that play: where traces and metrics go is read from the standard variables of the environment by its
 * own SDK, which is loaded only where it was asked for.
 */
import { UserError } from '../envs/core/errors.ts'
import { oneLine } from '../envs/core/text.ts'
import type { ExperimentEvent } from '../evals/run_experiment.ts'
import { packageVersion } from '../rollouts/versions.ts'
import type { Args, OptionSpecs } from './command.ts'
import type { Io } from './io.ts'

export const OTEL_OPTIONS: OptionSpecs = {
  otel: {
    type: 'boolean',
    describe: 'send OpenTelemetry traces and metrics to OTEL_EXPORTER_OTLP_ENDPOINT (http://localhost:4318), without texts',
  },
  'otel-content': { type: 'boolean', describe: 'with --otel: what models answer is in them too' },
}

/** What hears of play, and ends once what it heard has been sent. */
export interface Exporting {
  readonly event: (event: ExperimentEvent) => void
  stop(): Promise<void>
}

/** Undefined where it was not asked for. */
export async function exportingOf(args: Args, io: Io, note: (text: string) => void): Promise<Exporting | undefined> {
  const asked = io.env.OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT ?? ''
  const content = args.flag('otel-content') || /^(true|span_only|span_and_event)$/i.test(asked)
  if (!args.flag('otel')) {
    if (args.flag('otel-content')) throw new UserError('--otel-content is of --otel; ask for both.')
    return undefined
  }
  const [{ NodeSDK, api, resources }, { Telemetry }] = await Promise.all([sdk(), import('../evals/telemetry.ts')])
  const version = packageVersion()
  let failed: string | undefined
  // What the SDK cannot send it says in its log alone, and the run goes on.
  api.diag.setLogger(
    { error: text => (failed ??= text), warn: text => (failed ??= text), info() {}, debug() {}, verbose() {} },
    { logLevel: api.DiagLogLevel.WARN, suppressOverrideMessage: true },
  )
  const own = new NodeSDK({
    serviceName: io.env.OTEL_SERVICE_NAME ?? 'agoragym',
    resource: resources.resourceFromAttributes({ 'service.version': version }),
    // The command line and the machine's name are nobody's business: they may hold keys and names.
    resourceDetectors: [resources.envDetector],
    logRecordProcessors: [],
    instrumentations: [],
  })
  own.start()
  const telemetry = new Telemetry(api, { version, content })
  return {
    event: telemetry.event,
    async stop() {
      telemetry.end()
      await own.shutdown().catch((error: Error) => (failed ??= error.message))
      for (const global of [api.trace, api.metrics, api.context, api.propagation, api.diag]) global.disable()
      if (failed !== undefined) note(`--otel: not all traces and metrics were taken: ${oneLine(failed).slice(0, 200)}`)
    },
  }
}

async function sdk() {
  try {
    return await import('@opentelemetry/sdk-node')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error
    throw new UserError('--otel needs a package that is not installed: npm install @opentelemetry/sdk-node@0.223.0')
  }
}
