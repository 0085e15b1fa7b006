import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import { LOAD_STATEMENTS, type LoadBatch } from './load-batch.ts';
import type { LoadPlan } from './load-plan.ts';

/** One batch makes about 200 row changes, so ten a second make about 2,000. */
const BATCH_EVERY_MS = 100;

export interface LoadProgress {
  readonly transactions: number;
  readonly rowChanges: number;
}

export interface LoadOptions {
  readonly plan: LoadPlan;
  readonly seconds: number;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: LoadProgress) => void;
}

/**
 * Applies the plan's batches, one transaction each, until the time is over or the signal aborts. A batch that comes late
 * is not made up for: a slow machine gets a smaller load, never a burst.
 */
export async function runLoad(client: Client, options: LoadOptions): Promise<LoadProgress> {
  const endMs = performance.now() + options.seconds * 1000;
  let progress: LoadProgress = { transactions: 0, rowChanges: 0 };
  while (performance.now() < endMs && !options.signal.aborted) {
    const startedMs = performance.now();
    const rowChanges = await applyBatch(client, options.plan.nextBatch());
    progress = { transactions: progress.transactions + 1, rowChanges: progress.rowChanges + rowChanges };
    options.onProgress(progress);
    const waitMs = startedMs + BATCH_EVERY_MS - performance.now();
    if (waitMs > 0) await sleep(waitMs, undefined, { signal: options.signal }).catch(() => {});
  }
  return progress;
}

/** Applies a batch as one transaction. Returns the rows changed by name; rows deleted by cascade come on top. */
export async function applyBatch(client: Client, batch: LoadBatch): Promise<number> {
  let rowChanges = 0;
  await client.query('BEGIN');
  try {
    for (const { sql, rows } of LOAD_STATEMENTS) {
      const values = rows(batch);
      if (values.length > 0) rowChanges += (await client.query(sql, [JSON.stringify(values)])).rowCount ?? 0;
    }
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {});
    throw error;
  }
  return rowChanges;
}
