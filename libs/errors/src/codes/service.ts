import type { ErrorEntry } from '../error-entry.ts';

export const serviceErrors = {} as const satisfies Record<string, ErrorEntry>;
