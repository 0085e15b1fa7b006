import type { ErrorEntry } from '../error-entry.ts';

export const stackErrors = {} as const satisfies Record<string, ErrorEntry>;
