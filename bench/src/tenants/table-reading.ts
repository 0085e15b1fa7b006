import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { DeltaTable, type TableState } from '@hasivu/delta';
import { Engine, parsePredicate } from '@hasivu/lake-engine';
import type { ObjectStore } from '@hasivu/object-store';

import { countedStore } from './counted-store.ts';
import { fileBand, type FileBand } from './file-band.ts';

/** What one step took. */
export interface StepUse {
  readonly cpuSeconds: number;
  readonly milliseconds: number;
  readonly requests: number;
}

/** Files that a query for one tenant has to read. */
export interface TenantRead {
  readonly tenant: number;
  readonly files: number;
  readonly bytes: number;
}

export interface TableReading {
  readonly version: number;
  readonly band: FileBand;
  /** The newest state, by somebody who knows nothing of the table. */
  readonly load: StepUse;
  /** All objects under the table's folder. */
  readonly listing: StepUse & { readonly objects: number };
  readonly reads: readonly TenantRead[];
}

export interface ReadingOptions {
  readonly targetBytes: number;
  readonly tenants: readonly number[];
}

/** Reads a table as an engine does before it reads rows: the log, the listing, and which files a tenant's rows are in. */
export async function readTable(
  store: ObjectStore,
  root: string,
  { targetBytes, tenants }: ReadingOptions,
): Promise<TableReading> {
  const { result: table, use: load } = await measured(store, (counted) =>
    DeltaTable.open(root, { store: counted, nowMs: Date.now, newId: randomUUID }),
  );
  if (table === null) throw new Error(`there is no table ${root}`);
  const { result: objects, use } = await measured(store, async (counted) => {
    let found = 0;
    for await (const _ of counted.list(`${root}/`)) found += 1;
    return found;
  });
  return {
    version: table.state.version,
    band: fileBand(table.state, targetBytes),
    load,
    listing: { ...use, objects },
    reads: await tenantReads(root, table.state, tenants),
  };
}

async function measured<T>(
  store: ObjectStore,
  work: (counted: ObjectStore) => Promise<T>,
): Promise<{ result: T; use: StepUse }> {
  const counted = countedStore(store);
  const startedMs = performance.now();
  const before = process.cpuUsage();
  const result = await work(counted.store);
  const { user, system } = process.cpuUsage(before);
  const milliseconds = Math.round(performance.now() - startedMs);
  return { result, use: { cpuSeconds: (user + system) / 1e6, milliseconds, requests: counted.requests() } };
}

async function tenantReads(
  root: string,
  { schema, columns, files }: TableState,
  tenants: readonly number[],
): Promise<TenantRead[]> {
  const folder = await mkdtemp(join(tmpdir(), 'hasivu-bench-'));
  const engine = new Engine({ folder, memoryBytes: 64e6 });
  try {
    return await engine.exclusively('telling files apart', async (session) => {
      const reads: TenantRead[] = [];
      for (const tenant of tenants) {
        const predicate = await parsePredicate(session, { root, schema, columns }, `tenant_id = ${tenant}`);
        const read = [...files.values()].filter((file) => predicate.mayHold(file));
        reads.push({ tenant, files: read.length, bytes: read.reduce((sum, { size }) => sum + size, 0) });
      }
      return reads;
    });
  } finally {
    await engine.close();
    await rm(folder, { recursive: true, force: true });
  }
}
