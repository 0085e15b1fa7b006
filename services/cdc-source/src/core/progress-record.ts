import { formatLsn, parseLsn, type Lsn } from '@hasivu/change-events';
import { PlatformError } from '@hasivu/errors';

import { ORIGIN, type SealedProgress } from './position-ledger.ts';
import type { TransactionCounts } from './transaction-counts.ts';
import { parseTableCopy, writableCopy } from './snapshot/table-copy-json.ts';
import type { TableCopy } from './snapshot/table-copy.ts';

/** How far the initial copy of one table is. */
export interface TableProgress {
  /** Last log position that the copy covers: streamed changes of the table up to it are in the copy. */
  readonly lsn: Lsn;
  readonly done: boolean;
  /** A table that was dropped and made again has another OID, and needs another copy. */
  readonly oid: number;
  /** Of a copy that has begun and is not done. */
  readonly copy?: TableCopy;
}

/** The snapshot that tables are copied under now. */
export interface SnapshotPass {
  /** Last log position that it covers. */
  readonly lsn: Lsn;
  /** Connections that copy, each with a Kafka transaction and a progress record of its own. */
  readonly connections: number;
}

/**
 * The source's own progress, written to the progress topic inside every Kafka transaction, so that it is true exactly
 * when the events it speaks of are visible.
 */
export interface Progress extends SealedProgress {
  readonly slot: string;
  readonly phase: 'snapshot' | 'streaming';
  /** Keyed by `schema.table`. */
  readonly tables: ReadonlyMap<string, TableProgress>;
  /** Of the source transaction that `position` is inside of, where transactions are counted. */
  readonly transaction?: TransactionCounts | null;
  /** While tables are copied. */
  readonly pass?: SnapshotPass;
}

export function initialProgress(slot: string, confirmLsn: Lsn): Progress {
  return { slot, phase: 'snapshot', position: ORIGIN, confirmLsn, tables: new Map() };
}

export function serializeProgress(progress: Progress): Buffer {
  const tables = Object.fromEntries(
    [...progress.tables].map(([name, table]) => [
      name,
      {
        lsn: formatLsn(table.lsn),
        done: table.done,
        oid: table.oid,
        ...(table.copy && { copy: writableCopy(table.copy) }),
      },
    ]),
  );
  return Buffer.from(
    JSON.stringify({
      slot: progress.slot,
      phase: progress.phase,
      commitLsn: formatLsn(progress.position.commitLsn),
      seq: progress.position.seq,
      confirmLsn: formatLsn(progress.confirmLsn),
      tables,
      ...(progress.transaction ? { transaction: countsToJson(progress.transaction) } : {}),
      ...(progress.pass && {
        pass: { lsn: formatLsn(progress.pass.lsn), connections: progress.pass.connections },
      }),
    }),
  );
}

/** @throws PlatformError SOURCE_PROGRESS when the bytes are not a record of ours. */
export function parseProgress(bytes: Buffer): Progress {
  try {
    const raw = JSON.parse(bytes.toString('utf8')) as Record<string, unknown>;
    const { phase, seq } = raw;
    if (phase !== 'snapshot' && phase !== 'streaming')
      throw new TypeError(`phase is ${JSON.stringify(phase)}`);
    if (typeof seq !== 'number') throw new TypeError('seq is not a number');
    const tables = Object.entries(raw['tables'] as Record<string, RawTable>);
    const pass = raw['pass'] as { lsn: string; connections: number } | undefined;
    return {
      slot: String(raw['slot']),
      phase,
      position: { commitLsn: lsnOf(raw['commitLsn']), seq },
      confirmLsn: lsnOf(raw['confirmLsn']),
      tables: new Map(
        tables.map(([name, t]) => [
          name,
          {
            lsn: lsnOf(t.lsn),
            done: t.done === true,
            oid: Number(t.oid),
            ...(t.copy !== undefined && { copy: parseTableCopy(t.copy) }),
          },
        ]),
      ),
      ...(raw['transaction'] ? { transaction: countsOf(raw['transaction']) } : {}),
      ...(pass && { pass: { lsn: lsnOf(pass.lsn), connections: Number(pass.connections) } }),
    };
  } catch (error) {
    throw new PlatformError('SOURCE_PROGRESS', {
      doing: 'reading the last progress record',
      why: (error as Error).message,
      cause: error,
    });
  }
}

function countsToJson({ commitLsn, tables }: TransactionCounts): object {
  return { commitLsn: formatLsn(commitLsn), tables: Object.fromEntries(tables) };
}

function countsOf(raw: unknown): TransactionCounts {
  const { commitLsn, tables } = raw as { commitLsn: string; tables: Record<string, number> };
  return { commitLsn: lsnOf(commitLsn), tables: new Map(Object.entries(tables)) };
}

interface RawTable {
  readonly lsn: string;
  readonly done: boolean;
  readonly oid: number;
  readonly copy?: unknown;
}

function lsnOf(text: unknown): Lsn {
  if (typeof text !== 'string') throw new TypeError('a log position is missing');
  return parseLsn(text);
}
