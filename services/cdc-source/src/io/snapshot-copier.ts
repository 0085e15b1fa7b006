import { partitionOf, toLsn, type Lsn, type SourceMoment } from '@hasivu/change-events';
import { isPlatformError, PlatformError } from '@hasivu/errors';
import {
  copyFormats,
  copyQuery,
  CopyReader,
  WireConnection,
  type CatalogColumn,
  type PostgresTarget,
} from '@hasivu/postgres';
import type { TypeLookup } from '@hasivu/pgoutput';

import type { CapturedTable } from '../core/captured-table.ts';
import { keylessPartition } from '../core/change-emitter.ts';
import { EventWriter } from '../core/event-writer.ts';
import { tableId } from '../core/table-selection.ts';
import type { ProgressProducer } from './progress-producer.ts';

const OP_READ = 0x72;
const OP_TRUNCATE = 0x74;
const COUNT_READ = 0;
const COUNT_TRUNCATE = 4;
const NO_TEXT = Buffer.alloc(0);

export interface CopyOptions {
  readonly table: CapturedTable;
  readonly columns: readonly CatalogColumn[];
  /** Take values in binary wherever their form is known; else as text. */
  readonly binary: boolean;
  readonly rowFilter: string | null;
  readonly lookup: TypeLookup;
  /** True when the topic already holds events of an earlier copy: a truncate event goes first. */
  readonly startOver: boolean;
  readonly sink: ProgressProducer;
  readonly sendBytes: number;
  readonly rowsPerTransaction: number;
  /** A Kafka transaction is committed before it is open for this long: the coordinator would abort it. */
  readonly transactionMs: number;
  /** Commits what was copied so far, the table not yet being done. */
  readonly commitPart: () => Promise<void>;
  /** Called every few thousand rows. */
  readonly onProgress: (rows: number) => void;
  readonly signal: AbortSignal;
}

/**
 * Copies tables inside one exported snapshot. The tables are locked against DDL before the snapshot is taken: a rewrite
 * in between would make a table look empty to the snapshot.
 */
export class SnapshotCopier {
  readonly #connection: WireConnection;
  readonly #writer = new EventWriter();
  #snapshotLsn: Lsn = toLsn(0n);
  #seq = 0;

  private constructor(connection: WireConnection) {
    this.#connection = connection;
  }

  /** Opens the copying transaction and takes the locks. */
  static async open(target: PostgresTarget, lockTables: string): Promise<SnapshotCopier> {
    const connection = await WireConnection.open(target, { replication: false });
    const copier = new SnapshotCopier(connection);
    try {
      await connection.query(
        'opening the snapshot transaction',
        'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY',
      );
      await connection.query('locking the tables to copy', `LOCK TABLE ${lockTables} IN ACCESS SHARE MODE`);
      return copier;
    } catch (error) {
      await connection.close();
      throw error;
    }
  }

  /** @param snapshotLsn last log position that the snapshot covers; the commit position of every copied row */
  async useSnapshot(name: string, snapshotLsn: Lsn): Promise<void> {
    await this.#connection.query('importing the exported snapshot', `SET TRANSACTION SNAPSHOT '${name}'`);
    this.#snapshotLsn = snapshotLsn;
  }

  /** Copies one table into the open Kafka transaction. Returns the number of rows. */
  async copy(options: CopyOptions): Promise<number> {
    const name = tableId(options.table.schema);
    try {
      return await this.#copy(options, name);
    } catch (error) {
      if (isPlatformError(error) && ['SOURCE_QUERY', 'SOURCE_TABLE_MISSING'].includes(error.code)) {
        throw new PlatformError('SOURCE_SNAPSHOT_FAILED', {
          doing: `copying ${name}`,
          why: error.message,
          context: { table: name, ...error.context },
          cause: error,
        });
      }
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }

  async #copy(options: CopyOptions, name: string): Promise<number> {
    const { table, sink, signal } = options;
    const moment = this.#moment();
    if (options.startOver) this.#writeTruncate(table, moment, sink);
    const formats = options.binary
      ? copyFormats(options.columns, options.lookup)
      : new Uint8Array(options.columns.length);
    const query = copyQuery(table.schema, options.columns, options.rowFilter, options.lookup, formats);
    const reader = CopyReader.start(this.#connection, `copying ${name}`, query);
    let rows = 0;
    let partSinceMs = performance.now();
    for (;;) {
      const nowMs = Date.now();
      while (reader.next()) {
        this.#writeRow(table, moment, nowMs, reader, sink, formats);
        if (++rows % options.rowsPerTransaction === 0) await options.commitPart();
      }
      if (performance.now() - partSinceMs > options.transactionMs) {
        await options.commitPart();
        partSinceMs = performance.now();
      }
      options.onProgress(rows);
      if (reader.done) return rows;
      if (sink.bufferedBytes >= options.sendBytes) await sink.send();
      signal.throwIfAborted();
      await reader.read();
    }
  }

  #writeRow(
    table: CapturedTable,
    moment: SourceMoment,
    nowMs: number,
    reader: CopyReader,
    sink: ProgressProducer,
    formats: Uint8Array,
  ): void {
    const writer = this.#writer;
    const { key, value } = writer;
    const row = table.newRow;
    const buf = reader.buffer;
    row.scanCopyRow(buf, reader.start, reader.end, formats);
    moment.seq = this.#seq++;
    writer.writeEnvelope(table, OP_READ, moment, nowMs, buf, null, row);
    const headers = writer.headers.length > 0 ? writer.headers : undefined;
    if (table.keyHeader === null) {
      const partition = keylessPartition(moment, table.partitions);
      sink.append(table.topic, partition, null, 0, 0, value.bytes, 0, value.pos, moment.commitTsMs, headers);
    } else {
      writer.writeKey(table, buf, row);
      const partition = partitionOf(key.bytes, 0, key.pos, table.partitions);
      sink.append(
        table.topic,
        partition,
        key.bytes,
        0,
        key.pos,
        value.bytes,
        0,
        value.pos,
        moment.commitTsMs,
        headers,
      );
    }
    table.counts[COUNT_READ] = (table.counts[COUNT_READ] as number) + 1;
    if (headers) table.inexactEvents++;
  }

  #writeTruncate(table: CapturedTable, moment: SourceMoment, sink: ProgressProducer): void {
    const { value } = this.#writer;
    moment.seq = this.#seq++;
    this.#writer.writeEnvelope(table, OP_TRUNCATE, moment, Date.now(), NO_TEXT, null, null);
    sink.append(table.topic, 0, null, 0, 0, value.bytes, 0, value.pos, moment.commitTsMs);
    table.counts[COUNT_TRUNCATE] = (table.counts[COUNT_TRUNCATE] as number) + 1;
  }

  #moment(): SourceMoment {
    const lsn = this.#snapshotLsn;
    const hi = Number(BigInt.asIntN(32, lsn >> 32n));
    const lo = Number(lsn & 0xffffffffn);
    return {
      commitTsMs: Date.now(),
      snapshot: 'true',
      txId: -1,
      lsnHi: hi,
      lsnLo: lo,
      commitLsnHi: hi,
      commitLsnLo: lo,
      seq: 0,
    };
  }
}
