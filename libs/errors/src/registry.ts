import { cliErrors } from './codes/cli.ts';
import { configErrors } from './codes/config.ts';
import { kafkaErrors } from './codes/kafka.ts';
import { lakeErrors } from './codes/lake.ts';
import { pipelineErrors } from './codes/pipeline.ts';
import { serviceErrors } from './codes/service.ts';
import { sourceErrors } from './codes/source.ts';
import { stackErrors } from './codes/stack.ts';
import { storeErrors } from './codes/store.ts';
import type { ErrorEntry } from './error-entry.ts';

/** Every error code of the platform, with its cause, cure and retry policy. `docs/errors.md` is made from it. */
export const ERROR_REGISTRY = {
  ...configErrors,
  ...sourceErrors,
  ...kafkaErrors,
  ...lakeErrors,
  ...storeErrors,
  ...pipelineErrors,
  ...stackErrors,
  ...serviceErrors,
  ...cliErrors,
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof ERROR_REGISTRY;
