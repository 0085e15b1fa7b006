import { setTimeout as sleep } from 'node:timers/promises';

import {
  copyFormats,
  copyQuery,
  CopyReader,
  emitMessageSql,
  keyAfter,
  keyAmong,
  keyOrder,
  keyTexts,
  keyUpTo,
  quoteLiteral,
  quoteTable,
  tableWriters,
  WireConnection,
  type KeyText,
  type PostgresTarget,
  type TableName,
} from '@hasivu/postgres';

import type { ChunkScope } from '../../core/incremental/chunk-plan.ts';
import { ChunkSize } from '../../core/incremental/chunk-size.ts';
import { ServerSnapshot } from '../../core/incremental/server-snapshot.ts';
import type { TableWindow } from '../../core/incremental/table-window.ts';
import { ChunkRows, type Chunk, type ChunkResult } from './chunk.ts';
import type { ReadableTable, TableDescriber } from './readable-table.ts';

/** Prefix of the messages that say where in the log a chunk was read. */
export const WATERMARK_PREFIX = 'hasivu.watermark';

const FIRST_POLL_MS = 20;
const MAX_POLL_MS = 1000;

export interface ChunkRequest {
  readonly table: TableName;
  readonly filter: string | null;
  readonly scope: ChunkScope;
  /** What the chunks before had; null for the first. */
  readonly like: { readonly oid: number; readonly shape: string } | null;
}

export interface ChunkSessionOptions {
  readonly target: PostgresTarget;
  readonly serverVersion: number;
  readonly describer: TableDescriber;
  /** Longest statement of a read, in milliseconds. */
  readonly statementTimeoutMs: number;
}

/** A session beside the stream that reads chunks, and marks in the log where they were read. */
export class ChunkSession {
  readonly #options: ChunkSessionOptions;
  readonly #connection: WireConnection;

  private constructor(options: ChunkSessionOptions, connection: WireConnection) {
    this.#options = options;
    this.#connection = connection;
  }

  static async open(options: ChunkSessionOptions): Promise<ChunkSession> {
    const connection = await WireConnection.open(options.target, { replication: false });
    // Literals are read by this; a mark must not wait for a synchronous standby that is away.
    await connection.query(
      'setting up the session that reads chunks',
      'SET standard_conforming_strings = on; SET synchronous_commit = local',
    );
    return new ChunkSession(options, connection);
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }

  /**
   * Waits until what was streamed before the window was opened is visible to new snapshots: the server shows a commit to
   * others only some time after it is in the log, and for as long its transaction holds the locks of a writer.
   */
  async settle(
    table: TableName,
    window: TableWindow,
    onWaiting: () => void,
    signal: AbortSignal,
  ): Promise<void> {
    const oid = await this.#oidOf(table);
    const first = await tableWriters(this.#connection, oid);
    let left = first.transactions;
    if (left.size > 0) onWaiting();
    for (let waitMs = FIRST_POLL_MS; left.size > 0; waitMs = Math.min(waitMs * 2, MAX_POLL_MS)) {
      await sleep(waitMs, undefined, { signal });
      const { transactions, snapshot } = await tableWriters(this.#connection, oid);
      window.touched.prune(ServerSnapshot.parse(snapshot));
      left = new Set([...left].filter((one) => transactions.has(one)));
    }
  }

  /**
   * Reads a chunk under a snapshot of its own, and writes the mark behind it while the table is still locked against DDL:
   * at the mark, the table has the shape that was read.
   * @param onSnapshot called once the snapshot is taken
   * @param beforeMark called when the result is known, before the mark can come through the stream
   */
  async read(
    request: ChunkRequest,
    size: ChunkSize,
    mark: string,
    onSnapshot: (snapshot: ServerSnapshot) => void,
    beforeMark: (result: ChunkResult) => void,
  ): Promise<void> {
    const connection = this.#connection;
    const { table, snapshot } = await this.#openChunk(request.table);
    onSnapshot(snapshot);
    const { like } = request;
    if (like && (like.oid !== table.catalog.oid || like.shape !== table.shape)) {
      beforeMark({ kind: 'reshaped' });
    } else {
      beforeMark({ kind: 'read', chunk: await this.#readRows(request, table, snapshot, size) });
    }
    await this.mark(mark);
    await connection.query('closing a chunk', 'COMMIT');
  }

  /**
   * Describes the table before it is locked and looks behind the lock whether that still holds. The session that describes
   * may wait for a lock of the table behind a statement that changes it, which waits for ours: the server sees no circle.
   */
  async #openChunk(name: TableName): Promise<{ table: ReadableTable; snapshot: ServerSnapshot }> {
    const connection = this.#connection;
    const { describer, statementTimeoutMs } = this.#options;
    for (;;) {
      const oid = await this.#oidOf(name);
      const stampSql = describer.stampSql(oid);
      const [before] = await connection.query('describing the table of a chunk', `SELECT ${stampSql}`);
      const table = await describer.describe(oid);
      await connection.query('opening a chunk', 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
      await connection.query(
        'locking the table of a chunk',
        `LOCK TABLE ${quoteTable(name)} IN ACCESS SHARE MODE`,
      );
      await connection.query(
        'opening a chunk',
        // Whatever a condition before has set for the session.
        `SET LOCAL standard_conforming_strings = on; SET LOCAL statement_timeout = ${Math.trunc(statementTimeoutMs)}`,
      );
      const [row] = await connection.query(
        'taking the snapshot of a chunk',
        `SELECT pg_current_snapshot()::text, ${regclass(name)}, ${stampSql}`,
      );
      if (Number(row?.[1]) === oid && row?.[2] === before?.[0])
        return { table, snapshot: ServerSnapshot.parse(row?.[0] ?? '') };
      await connection.query('closing a chunk', 'COMMIT');
    }
  }

  /** Marks this place in the log. */
  async mark(mark: string): Promise<void> {
    const sql = emitMessageSql(WATERMARK_PREFIX, mark, this.#options.serverVersion);
    await this.#connection.query('marking the log', sql);
  }

  async #readRows(
    request: ChunkRequest,
    table: ReadableTable,
    snapshot: ServerSnapshot,
    size: ChunkSize,
  ): Promise<Chunk> {
    const { scope, filter } = request;
    const { catalog, columns, key, rowFilter, only, lookup, binary } = table;
    const last = scope.kind === 'after' ? await this.#lastKey(table, scope.after, size.rows) : null;
    const conditions = scope.kind === 'keys' ? [keyAmong(key, scope.keys)] : between(key, scope.after, last);
    if (filter !== null) conditions.push(`(${filter}\n)`);
    const formats = binary ? copyFormats(columns, lookup) : new Uint8Array(columns.length);
    const query = copyQuery(catalog, columns, rowFilter, lookup, formats, { only, conditions });
    const rows = await this.#copy(query, size);
    size.fits(rows.count, rows.bytes);
    const passed = scope.kind === 'keys' ? 0 : last === null ? rows.count : size.rows;
    const { published, shape } = table;
    return { snapshot, catalog, published, shape, scope, last, passed, formats, rows };
  }

  /** Key of the last of `rows` rows behind `after`; null where there are fewer. */
  async #lastKey(
    { catalog, key, only }: ReadableTable,
    after: KeyText | null,
    rows: number,
  ): Promise<KeyText | null> {
    const order = keyOrder(key);
    const where = after === null ? '' : ` WHERE ${keyAfter(key, after)}`;
    const [found] = await this.#connection.query(
      'finding the end of a chunk',
      `SELECT ${keyTexts(key)} FROM ${only ? 'ONLY ' : ''}${quoteTable(catalog)}${where} ORDER BY ${order} OFFSET ${rows - 1} LIMIT 1`,
    );
    return found ? found.map((text) => text ?? '') : null;
  }

  async #copy(query: string, size: ChunkSize): Promise<ChunkRows> {
    const reader = CopyReader.start(this.#connection, 'reading a chunk', query);
    const rows = new ChunkRows();
    for (;;) {
      while (reader.next()) {
        rows.append(reader.buffer, reader.start, reader.end);
        if (rows.bytes > ChunkSize.maxBytes && size.rows > 1) throw new ChunkTooLarge();
      }
      if (reader.done) return rows;
      await reader.read();
    }
  }

  async #oidOf(table: TableName): Promise<number> {
    const [row] = await this.#connection.query('looking up the table', `SELECT ${regclass(table)}`);
    return Number(row?.[0]);
  }
}

/** The rows of a chunk do not fit into memory: the session is of no more use, the next chunk has to be smaller. */
export class ChunkTooLarge extends Error {}

function between(key: readonly string[], after: KeyText | null, last: KeyText | null): string[] {
  return [...(after === null ? [] : [keyAfter(key, after)]), ...(last === null ? [] : [keyUpTo(key, last)])];
}

function regclass(table: TableName): string {
  return `${quoteLiteral(quoteTable(table))}::regclass::oid`;
}
