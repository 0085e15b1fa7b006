import { randomUUID } from 'node:crypto';
import { expect } from '@jest/globals';
import { DeltaTable, parseCommit, vacuumTable, vectorLocation, type AddFile } from '@hasivu/delta';
import { createS3Store, type ObjectStore } from '@hasivu/object-store';
import type { BucketPrefix } from '@hasivu/testing';
import { readDelta } from './read-delta.ts';

/** Ahead of the store's clock, which keeps whole seconds: what was just written is old enough to be vacuumed. */
const AHEAD_MS = 5_000;
const COMMIT_FILE = /\/_delta_log\/\d{20}\.json$/;

/**
 * Files under the table's folder that no commit has ever named: what a process left that died between upload and commit.
 * None of them is among the files that deltalake would read.
 */
export async function orphansOf(lake: BucketPrefix, root: string): Promise<string[]> {
  const store = createS3Store(lake);
  try {
    const orphans = await findOrphans(store, root);
    const visible = (await readDelta(lake, root))?.files ?? [];
    expect(visible.filter((uri) => orphans.some((key) => uri.endsWith(`/${key}`)))).toEqual([]);
    return orphans;
  } finally {
    store.close();
  }
}

/** After a vacuum without a retention there is nothing but what the newest version is made of, with the same rows. */
export async function expectVacuumed(lake: BucketPrefix, root: string): Promise<void> {
  const store = createS3Store(lake);
  try {
    const around = { store, nowMs: () => Date.now() + AHEAD_MS, newId: randomUUID };
    const table = (await DeltaTable.open(root, around)) as DeltaTable;
    const before = await readDelta(lake, root);
    await vacuumTable(table, around, { retentionMs: 0, unsafeRetention: true });
    const needed = [...table.state.files.values()].flatMap(keysOf);
    expect(await storedKeys(store, root)).toEqual([...new Set(needed)].sort());
    expect((await readDelta(lake, root))?.rows).toEqual(before?.rows);
  } finally {
    store.close();
  }
}

async function findOrphans(store: ObjectStore, root: string): Promise<string[]> {
  const named = new Set<string>();
  for await (const { key } of store.list(`${root}/_delta_log/`)) {
    if (!COMMIT_FILE.test(`/${key}`)) continue;
    for (const action of parseCommit((await store.get(key)) as Uint8Array))
      if ('add' in action) keysOf(action.add).forEach((one) => named.add(one));
  }
  return (await storedKeys(store, root)).filter((key) => !named.has(key));
}

async function storedKeys(store: ObjectStore, root: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(`${root}/`))
    if (!key.startsWith(`${root}/_delta_log/`)) keys.push(key.slice(root.length + 1));
  return keys.sort();
}

function keysOf({ path, deletionVector }: AddFile): string[] {
  const place = deletionVector === undefined ? { in: 'log' as const } : vectorLocation(deletionVector);
  return place.in === 'table' ? [decodeURIComponent(path), place.key] : [decodeURIComponent(path)];
}
