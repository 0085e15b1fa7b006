import type { ExternalParts } from './external-parts.ts';
import type { PostgresVersion } from './postgres-version.ts';
import type { StackStatus } from './stack-status.ts';
import type { SystemUser } from './unprivileged-user.ts';

/** What lasts from one start to the next: a client's settings stay right after `down` and `up`. */
export interface LastingFacts {
  readonly ports: readonly number[];
  readonly postgresPassword: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** Everything the keeper needs to start the servers. A part without an entry in `tools` is external. */
export interface StackPlan {
  readonly mode: StackStatus['mode'];
  /** Delete everything when the stack ends. */
  readonly ephemeral: boolean;
  readonly stateDirectory: string;
  readonly startedAt: string;
  readonly controlToken: string;
  readonly facts: LastingFacts;
  readonly external: ExternalParts;
  readonly postgres: {
    readonly version: PostgresVersion;
    readonly native: string;
    readonly dataDirectory: string;
    readonly user: SystemUser | null;
  } | null;
  readonly kafka: { readonly java: string; readonly libDirectory: string } | null;
  readonly registry: { readonly java: string; readonly directory: string } | null;
  readonly s3: { readonly weed: string } | null;
}

/** Places in `LastingFacts.ports`. */
export const PORT = {
  postgres: 0,
  kafka: 1,
  kafkaController: 2,
  registry: 3,
  registryManagement: 4,
  s3: 5,
  s3Grpc: 6,
  master: 7,
  masterGrpc: 8,
  volume: 9,
  volumeGrpc: 10,
  filer: 11,
  filerGrpc: 12,
} as const;
export const PORT_COUNT = Object.keys(PORT).length;

export function portOf(plan: StackPlan, name: keyof typeof PORT): number {
  const port = plan.facts.ports[PORT[name]];
  if (port === undefined) throw new RangeError(`the plan has no port for ${name}`);
  return port;
}
