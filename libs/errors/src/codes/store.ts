import type { ErrorEntry } from '../error-entry.ts';

export const storeErrors = {} as const satisfies Record<string, ErrorEntry>;
