/** The servers of the stack, in the order they are started. */
export const PART_NAMES = ['postgres', 'kafka', 'registry', 's3'] as const;
export type PartName = (typeof PART_NAMES)[number];

/** `external`: an existing server named by the environment; the stack neither starts nor stops it. */
export type PartState = 'starting' | 'running' | 'stopped' | 'failed' | 'external';

interface PartFacts {
  readonly state: PartState;
  /** Process id of the server itself; null when it is not running or is external. */
  readonly pid: number | null;
  /** File with what the server prints; null for an external one. */
  readonly log: string | null;
  /** Why a failed part failed; null otherwise. */
  readonly reason: string | null;
}

export interface PostgresStatus extends PartFacts {
  /** `postgres://user:password@host:port/database`, a superuser. */
  readonly url: string;
}
export interface KafkaStatus extends PartFacts {
  readonly brokers: readonly string[];
  /** Where Kafka's own jars are (for its command line tools); null for an external cluster. */
  readonly libDirectory: string | null;
  readonly java: string | null;
}
export interface RegistryStatus extends PartFacts {
  /** Confluent-compatible API, ends in `/apis/ccompat/v7` for the registry the stack starts. */
  readonly url: string;
}
export interface S3Status extends PartFacts {
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** One object with every part's URL and credentials; what `hasivu local status --json` prints. */
export interface StackStatus {
  readonly version: 1;
  readonly state: 'starting' | 'running' | 'stopped' | 'failed';
  /** `foreground`: ends with the process that started it; `detached`: stays until stopped. */
  readonly mode: 'foreground' | 'detached';
  readonly stateDirectory: string;
  /** The process that owns the servers; null once it has ended. */
  readonly keeperPid: number | null;
  readonly startedAt: string;
  readonly postgres: PostgresStatus;
  readonly kafka: KafkaStatus;
  readonly registry: RegistryStatus;
  readonly s3: S3Status;
}

/** The stack's state follows from its parts: one failed part is a failed stack. */
export function overallState(parts: readonly PartState[]): StackStatus['state'] {
  if (parts.includes('failed')) return 'failed';
  if (parts.includes('starting')) return 'starting';
  if (parts.every((state) => state === 'running' || state === 'external')) return 'running';
  return 'stopped';
}
