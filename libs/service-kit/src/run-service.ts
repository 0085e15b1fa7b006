import { loadConfig, type HasivuConfig } from '@hasivu/config';
import { EXIT, exitCodeOf, isPlatformError, PlatformError } from '@hasivu/errors';
import type { Logger } from 'pino';
import { collectDefaultMetrics, Counter, Registry } from 'prom-client';

import { parseServiceArguments, serviceUsage } from './command-line.ts';
import { HealthState } from './health-state.ts';
import { openHttpEndpoints } from './http-endpoints.ts';
import type { ServiceContext, ServiceDefinition } from './service-context.ts';
import { createServiceLogger } from './service-logger.ts';
import { listenForStop } from './stop-signal.ts';

/** Time to drain after a stop; what is not durable by then is replayed by the next start. */
const DRAIN_MS = 60_000;

export interface ServiceProcess {
  readonly argv: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
}

/** Runs a service from its command line to its exit code. Never throws. */
export async function runService(service: ServiceDefinition, host: ServiceProcess): Promise<number> {
  let configPath: string;
  try {
    const parsed = parseServiceArguments(host.argv);
    if (parsed.help) {
      host.stdout.write(serviceUsage(service.name, service.summary));
      return EXIT.ok;
    }
    configPath = parsed.configPath;
  } catch (error) {
    host.stderr.write(`${(error as Error).message}\n\n${serviceUsage(service.name, service.summary)}`);
    return EXIT.needsOperator;
  }
  let config: HasivuConfig;
  try {
    config = loadConfig(configPath, host.env);
  } catch (error) {
    return report(error, host);
  }
  const logger = createServiceLogger(service.name, String(config.log.level));
  try {
    return await serve(service, config, host, logger);
  } catch (error) {
    logger.fatal(logFields(error), `${service.name} stops: ${(error as Error).message}`);
    return report(error, host);
  }
}

async function serve(
  service: ServiceDefinition,
  config: HasivuConfig,
  host: ServiceProcess,
  logger: Logger,
): Promise<number> {
  const health = new HealthState();
  const metrics = new Registry();
  collectDefaultMetrics({ register: metrics });
  const errors = new Counter({
    name: 'hasivu_errors_total',
    help: 'Errors that ended or delayed the service, by code',
    labelNames: ['code'],
    registers: [metrics],
  });
  await using endpoints = await openHttpEndpoints(portOf(service, config, host.env), health, metrics);
  using stop = listenForStop(host.env['HASIVU_SUPERVISED'] === '1', (reason) =>
    logger.info({ reason }, 'stopping: draining what is accepted'),
  );
  logger.info({ port: endpoints.port }, 'listening');
  const countError = (error: unknown): void =>
    errors.inc({ code: isPlatformError(error) ? error.code : 'UNEXPECTED' });
  const context: ServiceContext = {
    config,
    logger,
    metrics,
    signal: stop.signal,
    ready: (isReady, reason) => health.ready(isReady, reason),
    alive: () => health.alive(),
    countError,
  };
  try {
    await withDrainBound(service.main(context), stop.signal);
  } catch (error) {
    if (stop.signal.aborted && (error as Error).name === 'AbortError') return EXIT.ok;
    countError(error);
    throw error;
  }
  logger.info(stop.signal.aborted ? 'stopped: drained' : 'done');
  return EXIT.ok;
}

async function withDrainBound(running: Promise<void>, signal: AbortSignal): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const bound = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => {
      timer = setTimeout(
        () =>
          reject(
            new PlatformError('SERVICE_DRAIN_TIMEOUT', {
              doing: 'draining after a stop',
              context: { drainMs: DRAIN_MS },
            }),
          ),
        DRAIN_MS,
      );
    });
  });
  try {
    await Promise.race([running, bound]);
  } finally {
    clearTimeout(timer);
  }
}

function portOf(service: ServiceDefinition, config: HasivuConfig, env: NodeJS.ProcessEnv): number {
  const fromEnv = env['HASIVU_HTTP_PORT'];
  return fromEnv === undefined || fromEnv === '' ? config.services[service.name].httpPort : Number(fromEnv);
}

function logFields(error: unknown): object {
  if (!isPlatformError(error)) return { err: error };
  return { code: error.code, retry: error.retry, ...error.context, err: error };
}

function report(error: unknown, host: ServiceProcess): number {
  const text = isPlatformError(error)
    ? `error ${error.message}`
    : `error UNEXPECTED: ${(error as Error).stack ?? String(error)}`;
  host.stderr.write(`${text}\n`);
  return exitCodeOf(error);
}
