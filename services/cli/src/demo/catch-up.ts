import { setTimeout as sleep } from 'node:timers/promises';
import { PlatformError } from '@hasivu/errors';
import type { Client } from 'pg';
import type { MetricSample } from '../group/metrics-text.ts';
import { formatBytes, formatCount } from '../terminal/quantity.ts';
import { scrapeMetrics } from '../group/service-scrape.ts';

const POLL_MS = 500;
/** A scrape may fall between two batches; this many quiet ones in a row do not. */
const QUIET_SCRAPES = 3;

export interface CatchUpOptions {
  readonly client: Client;
  readonly slot: string;
  /** HTTP ports by service. */
  readonly ports: ReadonlyMap<string, number>;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly onWait: (what: string) => void;
}

/**
 * Waits until everything committed in Postgres before this call is in the lake: the slot has confirmed the end of the
 * log, the processor and the sink have read their topics to the end, and the sink holds no row that is not committed.
 * @throws PlatformError DEMO_NOT_CAUGHT_UP
 */
export async function waitUntilCaughtUp(options: CatchUpOptions): Promise<void> {
  const { rows } = await options.client.query<{ lsn: string }>(
    'SELECT pg_current_wal_flush_lsn()::text AS lsn',
  );
  const target = rows[0]?.lsn ?? '0/0';
  const deadlineMs = performance.now() + options.timeoutMs;
  let quiet = 0;
  let waitingFor = '';
  while (quiet < QUIET_SCRAPES) {
    options.signal.throwIfAborted();
    waitingFor = (await sourceBehind(options, target)) ?? (await readersBehind(options)) ?? '';
    quiet = waitingFor === '' ? quiet + 1 : 0;
    if (performance.now() > deadlineMs) {
      throw new PlatformError('DEMO_NOT_CAUGHT_UP', {
        doing: 'waiting for the lake to catch up',
        why: `after ${options.timeoutMs / 1000} s: ${waitingFor}`,
      });
    }
    options.onWait(waitingFor);
    await sleep(POLL_MS, undefined, { signal: options.signal });
  }
}

async function sourceBehind({ client, slot }: CatchUpOptions, target: string): Promise<string | null> {
  const { rows } = await client.query<{ behind: string | null }>(
    'SELECT greatest(0, $2::pg_lsn - confirmed_flush_lsn)::text AS behind FROM pg_replication_slots WHERE slot_name = $1',
    [slot, target],
  );
  const behind = rows[0]?.behind ?? null;
  if (behind === null) return `the slot ${slot} does not exist yet`;
  return behind === '0' ? null : `the source has ${formatBytes(Number(behind))} of log to confirm`;
}

async function readersBehind({ ports }: CatchUpOptions): Promise<string | null> {
  for (const [service, port] of ports) {
    const samples = await scrapeMetrics(port);
    if (samples.length === 0) return `${service} does not answer`;
    const behind = behindOf(service, samples);
    if (behind) return behind;
  }
  return null;
}

/** What a service still has to do by its own metrics; null when it has nothing left. */
export function behindOf(service: string, samples: readonly MetricSample[]): string | null {
  const total = (metric: string): number =>
    samples.filter(({ name }) => name === metric).reduce((sum, { value }) => sum + value, 0);
  const lag = total(service === 'lake-sink' ? 'hasivu_sink_lag_rows' : 'hasivu_processor_lag_rows');
  if (lag > 0) return `${service} has ${formatCount(lag)} records to read`;
  const held = total('hasivu_sink_held_bytes');
  if (held > 0) return `${service} holds ${formatBytes(held)} to commit`;
  const pending = total('hasivu_source_snapshot_tables_pending');
  return pending > 0 ? `${service} has ${pending} tables to copy` : null;
}
