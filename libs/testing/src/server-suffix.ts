import { basename } from 'node:path';

/** Suffixes of a test file that say which real servers it needs. */
const SUFFIXES_OF = {
  postgres: ['pg'],
  kafka: ['kafka', 'registry'],
  registry: ['registry', 'kafka'],
  s3: ['s3'],
  service: [],
} as const;
/** Tests of whole services may use everything. */
const WHOLE = ['crash', 'e2e', 'storm', 'interop'];

export type Server = keyof typeof SUFFIXES_OF;

/** Whether a test file's name announces that it needs `server`: `slot.pg.kafka.test.ts` does for two. */
export function announces(testPath: string, server: Server): boolean {
  const parts = basename(testPath).split('.');
  return [...SUFFIXES_OF[server], ...WHOLE].some((suffix) => parts.includes(suffix));
}

/**
 * Throws when the running test file has no suffix for `server`: it would run with the unit tests, where no server is,
 * and would pass or fail by what happens to run on the machine. Outside of a test (benchmarks) anything is allowed.
 */
export function demandSuffix(fixture: string, ...servers: readonly Server[]): void {
  const testPath = runningTest();
  if (testPath === null || servers.some((server) => announces(testPath, server))) return;
  const wanted = [...new Set(servers.flatMap((server) => [...SUFFIXES_OF[server], ...WHOLE]))];
  throw new Error(
    `${fixture} needs real servers, and the name of ${basename(testPath)} does not say so: ` +
      `rename it to <name>.<suffix>.test.ts with one of the suffixes ${wanted.join(', ')}`,
  );
}

function runningTest(): string | null {
  const { expect } = globalThis as { expect?: { getState?: () => { testPath?: string } } };
  return expect?.getState?.().testPath ?? null;
}
