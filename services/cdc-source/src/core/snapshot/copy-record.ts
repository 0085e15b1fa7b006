import { formatLsn } from '@hasivu/change-events';
import { PlatformError } from '@hasivu/errors';

import type { Progress, TableProgress } from '../progress-record.ts';
import { RangeSet } from './range-set.ts';
import { currentPass, rangesOf, type TableCopy } from './table-copy.ts';

/** Ranges that one connection has copied in the pass, by `schema.table`. */
export type CopiedRanges = ReadonlyMap<string, RangeSet>;

/** Key of a connection's record in the progress topic. */
export function copyRecordKey(slot: string, connection: number): string {
  return `${slot}/copy-${connection}`;
}

/**
 * What a connection writes in the same Kafka transaction as the rows of a range. Everything it has copied in the pass is
 * in it, so that the newest record of each connection tells all.
 */
export function serializeCopyRecord(progress: Progress, copied: CopiedRanges): Buffer {
  const tables = Object.fromEntries([...copied].map(([name, ranges]) => [name, ranges.serialize()]));
  return Buffer.from(JSON.stringify({ pass: formatLsn(progress.pass?.lsn ?? progress.confirmLsn), tables }));
}

/**
 * The progress with what the connections of its pass have copied beyond it. Records of another pass are older: the pass
 * began with what they say.
 * @throws PlatformError SOURCE_PROGRESS when a record is not one of ours
 */
export function withCopyRecords(progress: Progress, records: readonly Buffer[]): Progress {
  const { pass } = progress;
  if (!pass) return progress;
  const tables = new Map(progress.tables);
  for (const record of records) {
    const parsed = parseRecord(record);
    if (parsed.pass !== formatLsn(pass.lsn)) continue;
    for (const [name, text] of Object.entries(parsed.tables)) {
      const table = tables.get(name);
      if (table?.copy) tables.set(name, withRanges(table, table.copy, text));
    }
  }
  return { ...progress, tables };
}

function withRanges(table: TableProgress, copy: TableCopy, text: string): TableProgress {
  const size = rangesOf(copy).length;
  const current = currentPass(copy);
  const seen = new RangeSet(size);
  seen.addAll(current.seen);
  try {
    seen.addAll(RangeSet.parse(size, text));
  } catch (error) {
    throw invalid(error);
  }
  return { ...table, copy: { ...copy, passes: [...copy.passes.slice(0, -1), { ...current, seen }] } };
}

function parseRecord(bytes: Buffer): { readonly pass: string; readonly tables: Record<string, string> } {
  try {
    const raw = JSON.parse(bytes.toString('utf8')) as { pass?: unknown; tables?: unknown };
    if (typeof raw.pass !== 'string' || typeof raw.tables !== 'object' || raw.tables === null) {
      throw new TypeError('it names no pass or no tables');
    }
    return { pass: raw.pass, tables: raw.tables as Record<string, string> };
  } catch (error) {
    throw invalid(error);
  }
}

function invalid(error: unknown): PlatformError {
  return new PlatformError('SOURCE_PROGRESS', {
    doing: "reading a connection's record of copied ranges",
    why: (error as Error).message,
    cause: error,
  });
}
