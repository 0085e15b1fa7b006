import { formatLsn, parseLsn, type Lsn, type Position } from '@hasivu/change-events';
import { PlatformError } from '@hasivu/errors';

import { parseRequests } from './incremental/snapshot-requests-json.ts';
import { isIdle, type SnapshotRequests } from './incremental/snapshot-requests.ts';
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

/** Changes that were lost with a slot, after which every table was copied again. */
export interface Gap {
  /** Of the error that says how. */
  readonly code: string;
  /** Last event before it. */
  readonly after: Position;
  readonly atMs: number;
}

/** Where the events come from: compared at every start. */
export interface ProgressOrigin {
  readonly systemId: string;
  /** 0 where it is not known: a standby that is promoted changes it under the stream. */
  readonly timeline: number;
  /** The newest last. */
  readonly gaps: readonly Gap[];
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
  /** Snapshots that were asked for while streaming. */
  readonly incremental?: SnapshotRequests;
  /** Stamped on every record as it is written; records of the versions before have none. */
  readonly origin?: ProgressOrigin | undefined;
}

export function initialProgress(slot: string, confirmLsn: Lsn): Progress {
  return { slot, phase: 'snapshot', position: ORIGIN, confirmLsn, tables: new Map() };
}

const GAPS_KEPT = 16;

/** What the next records are stamped with. */
export function nextOrigin(
  before: ProgressOrigin | undefined,
  server: { readonly systemId: string; readonly timeline: number },
  gap: Gap | null,
): ProgressOrigin {
  const gaps = [...(before?.gaps ?? []), ...(gap ? [gap] : [])].slice(-GAPS_KEPT);
  return { systemId: server.systemId, timeline: server.timeline, gaps };
}

/** Highest position in Kafka, of an event or of a copy. */
export function publishedThrough(progress: Progress): Lsn {
  let last = progress.publishedLsn ?? progress.position.commitLsn;
  for (const { lsn } of progress.tables.values()) if (lsn > last) last = lsn;
  return last;
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
      ...(progress.publishedLsn === undefined ? {} : { publishedLsn: formatLsn(progress.publishedLsn) }),
      confirmLsn: formatLsn(progress.confirmLsn),
      tables,
      ...(progress.transaction ? { transaction: countsToJson(progress.transaction) } : {}),
      ...(progress.pass && {
        pass: { lsn: formatLsn(progress.pass.lsn), connections: progress.pass.connections },
      }),
      ...(progress.incremental && !isIdle(progress.incremental) && { incremental: progress.incremental }),
      ...(progress.origin ? { origin: originFields(progress.origin) } : {}),
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
      ...(raw['publishedLsn'] === undefined ? {} : { publishedLsn: lsnOf(raw['publishedLsn']) }),
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
      ...(raw['incremental'] === undefined ? {} : { incremental: parseRequests(raw['incremental']) }),
      ...(raw['origin'] === undefined ? {} : { origin: originOf(raw['origin'] as OriginFields) }),
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

interface OriginFields {
  readonly systemId: string;
  readonly timeline: number;
  readonly gaps: readonly { code: string; commitLsn: string; seq: number; atMs: number }[];
}

function originFields({ systemId, timeline, gaps }: ProgressOrigin): OriginFields {
  return {
    systemId,
    timeline,
    gaps: gaps.map(({ code, after, atMs }) => ({
      code,
      commitLsn: formatLsn(after.commitLsn),
      seq: after.seq,
      atMs,
    })),
  };
}

function originOf({ systemId, timeline, gaps }: OriginFields): ProgressOrigin {
  return {
    systemId: String(systemId),
    timeline: Number(timeline),
    gaps: gaps.map(({ code, commitLsn, seq, atMs }) => ({
      code,
      after: { commitLsn: lsnOf(commitLsn), seq },
      atMs,
    })),
  };
}

function lsnOf(text: unknown): Lsn {
  if (typeof text !== 'string') throw new TypeError('a log position is missing');
  return parseLsn(text);
}
