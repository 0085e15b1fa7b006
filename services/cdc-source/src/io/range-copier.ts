import type { Lsn, SourceMoment } from '@hasivu/change-events';
import { isPlatformError, PlatformError } from '@hasivu/errors';
import type { TransactionalProducer } from '@hasivu/kafka';
import {
  afterSnapshot,
  copyQuery,
  CopyReader,
  inSnapshot,
  onPages,
  type TableName,
  type WireConnection,
} from '@hasivu/postgres';
import type { TypeLookup } from '@hasivu/pgoutput';

import type { CapturedTable } from '../core/captured-table.ts';
import { Errands } from '../core/errands.ts';
import { EventAppender } from '../core/event-appender.ts';
import { OP } from '../core/operation.ts';
import type { OversizeRule } from '../core/oversize.ts';
import type { Outbox, OutboxOptions } from '../core/outbox/outbox.ts';
import type { RowChoice } from '../core/snapshot/copy-continuation.ts';
import type { CopyRange } from '../core/snapshot/range-plan.ts';
import { snapshotMoment } from '../core/snapshot/snapshot-moment.ts';
import { tableId } from '../core/table-selection.ts';

/** A range commits as a whole, with its own record of progress. */
const UNCOUNTED = { accept: () => undefined };

/** How rows of one table are read and written, the same for all its ranges. */
export interface CopiedTable {
  readonly table: CapturedTable;
  readonly columns: readonly { readonly name: string; readonly typeOid: number }[];
  /** By column: 1 for one that comes in binary, 0 for text. */
  readonly formats: Uint8Array;
  readonly rowFilter: string | null;
  /** Whether rows are messages of the outbox. */
  readonly isOutbox: boolean;
  readonly lookup: TypeLookup;
}

export interface RangeRequest {
  readonly copied: CopiedTable;
  /** Where the rows are. */
  readonly part: TableName;
  /** null reads the part as a whole, what inherits from it included. */
  readonly range: CopyRange | null;
  readonly rows: RowChoice;
  /** Position of every row. */
  readonly lsn: Lsn;
  /** Number of the first row. */
  readonly firstSeq: number;
}

export interface RangeCopierOptions {
  readonly connection: WireConnection;
  readonly producer: TransactionalProducer;
  readonly sendBytes: number;
  /** What becomes of a row that does not fit into a record. */
  readonly oversize: OversizeRule;
  /** The coordinator aborts a transaction that is open for longer. */
  readonly transactionTimeoutMs: number;
  /** Opens the outbox on what rows are written to; null where there is none. */
  readonly openOutbox: (parts: Pick<OutboxOptions, 'sink' | 'ledger' | 'errands'>) => Outbox | null;
  readonly alive: () => void;
  readonly signal: AbortSignal;
}

/** What one range held. */
export interface RangeResult {
  readonly rows: number;
  /** Bytes of keys and values. */
  readonly bytes: number;
  /** Rows with a value that its type cannot hold exactly. */
  readonly inexact: number;
}

/** Copies ranges through one connection into the open transaction of one producer. */
export class RangeCopier {
  readonly #options: RangeCopierOptions;
  readonly #appender: EventAppender;
  readonly #errands = new Errands();
  #outbox: Outbox | null = null;
  #bytes = 0;
  #inexact = 0;

  constructor(options: RangeCopierOptions) {
    this.#options = options;
    this.#appender = new EventAppender(options.producer, { oversize: options.oversize });
  }

  async copy(request: RangeRequest): Promise<RangeResult> {
    const name = tableId(request.copied.table.schema);
    try {
      return await this.#copy(request, name);
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

  async #copy(request: RangeRequest, name: string): Promise<RangeResult> {
    const { connection, producer, sendBytes, alive, signal } = this.#options;
    const { copied, part, range } = request;
    const moment = snapshotMoment(request.lsn, Date.now());
    const query = copyQuery(part, copied.columns, copied.rowFilter, copied.lookup, copied.formats, {
      only: range !== null,
      conditions: conditionsOf(request),
    });
    const reader = CopyReader.start(connection, `copying ${name}`, query);
    const startedMs = performance.now();
    this.#bytes = this.#inexact = 0;
    let seq = request.firstSeq;
    for (;;) {
      const nowMs = Date.now();
      while (reader.next()) {
        moment.seq = seq++;
        if (copied.isOutbox) this.#sendRow(copied, nowMs, reader);
        else this.#writeRow(copied, moment, nowMs, reader);
        if (this.#errands.waiting) await this.#errands.run();
      }
      alive();
      if (reader.done) return { rows: seq - request.firstSeq, bytes: this.#bytes, inexact: this.#inexact };
      if (producer.bufferedBytes >= sendBytes) await producer.flush();
      signal.throwIfAborted();
      this.#assertInTime(name, performance.now() - startedMs);
      await reader.read();
    }
  }

  // What rows of a table that only takes inserts say is said once: these are no events of the table itself.
  #sendRow({ table, formats }: CopiedTable, nowMs: number, reader: CopyReader): void {
    const { producer, openOutbox } = this.#options;
    this.#outbox ??= openOutbox({ sink: producer, ledger: UNCOUNTED, errands: this.#errands });
    const row = table.newRow;
    row.scanCopyRow(reader.buffer, reader.start, reader.end, formats);
    this.#outbox?.copied(table, reader.buffer, row, nowMs);
    this.#bytes += reader.end - reader.start;
  }

  #writeRow({ table, formats }: CopiedTable, moment: SourceMoment, nowMs: number, reader: CopyReader): void {
    const row = table.newRow;
    const buf = reader.buffer;
    row.scanCopyRow(buf, reader.start, reader.end, formats);
    this.#appender.append(table, OP.read, moment, nowMs, buf, null, row, row);
    this.#inexact += table.inexactEvents;
    table.inexactEvents = 0;
    const { key, value } = this.#appender.writer;
    this.#bytes += value.pos + (table.keyFrame === null ? 0 : key.pos);
  }

  #assertInTime(name: string, tookMs: number): void {
    const { transactionTimeoutMs } = this.#options;
    if (tookMs < transactionTimeoutMs) return;
    throw new PlatformError('SOURCE_SNAPSHOT_FAILED', {
      doing: `copying ${name}`,
      why: `one range took longer than the ${transactionTimeoutMs / 60_000} minutes that a Kafka transaction may take`,
      context: { table: name },
    });
  }
}

function conditionsOf({ range, rows }: RangeRequest): string[] {
  const pages = range === null ? [] : onPages(range.fromPage, range.toPage);
  if (rows.tag === 'all') return pages;
  return [...pages, rows.tag === 'in' ? inSnapshot(rows.snapshot) : afterSnapshot(rows.snapshot)];
}
