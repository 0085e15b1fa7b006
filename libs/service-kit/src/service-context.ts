import type { HasivuConfig, ServiceName } from '@hasivu/config';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';

/** What a service's `main` gets. */
export interface ServiceContext {
  readonly config: HasivuConfig;
  readonly logger: Logger;
  /** Registry behind /metrics. */
  readonly metrics: Registry;
  /** Aborts on SIGTERM, SIGINT or the supervisor's death: stop taking input, make durable what is accepted, return. */
  readonly signal: AbortSignal;
  /** Reports readiness for /readyz; the reason tells a person what the service waits for. */
  ready(isReady: boolean, reason?: string): void;
  /** The service's loop calls this as it makes progress or finds nothing to do; /livez fails when it falls silent. */
  alive(): void;
  /** Counts an error that was survived (waited out, retried) in hasivu_errors_total; fatal ones are counted by themselves. */
  countError(error: unknown): void;
}

export interface ServiceDefinition {
  readonly name: ServiceName;
  /** One line for --help. */
  readonly summary: string;
  /** Resolves when drained after `signal`, or when there is nothing to do; a rejection ends the process by its error's policy. */
  readonly main: (context: ServiceContext) => Promise<void>;
}
