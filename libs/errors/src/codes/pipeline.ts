import type { ErrorEntry } from '../error-entry.ts';

export const pipelineErrors = {} as const satisfies Record<string, ErrorEntry>;
