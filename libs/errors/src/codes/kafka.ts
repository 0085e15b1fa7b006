import type { ErrorEntry } from '../error-entry.ts';

export const kafkaErrors = {} as const satisfies Record<string, ErrorEntry>;
