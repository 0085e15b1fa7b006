import type { OptimizeFailpoint } from '@hasivu/lake-engine';

/** Names of the places where a test may kill the process; the service passes a function that does nothing. */
export const FAILPOINTS = ['optimize-uploaded', 'optimize-committed'] as const satisfies OptimizeFailpoint[];
export type FailpointName = (typeof FAILPOINTS)[number];
export type Failpoint = (name: FailpointName) => void;
