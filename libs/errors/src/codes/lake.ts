import type { ErrorEntry } from '../error-entry.ts';

export const lakeErrors = {} as const satisfies Record<string, ErrorEntry>;
