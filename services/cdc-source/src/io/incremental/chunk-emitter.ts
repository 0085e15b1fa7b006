import type { SourceMoment } from '@hasivu/change-events';
import { TupleSpans } from '@hasivu/pgoutput';
import type { KeyText } from '@hasivu/postgres';

import type { CapturedTable } from '../../core/captured-table.ts';
import { EventAppender } from '../../core/event-appender.ts';
import { keyTextOf } from '../../core/incremental/key-text.ts';
import type { TableWindow } from '../../core/incremental/table-window.ts';
import { OP } from '../../core/operation.ts';
import type { OversizeRule } from '../../core/oversize.ts';
import type { PositionLedger } from '../../core/position-ledger.ts';
import type { SchemaChanges } from '../../core/schema-changes.ts';
import type { ProgressProducer } from '../progress-producer.ts';
import type { Chunk } from './chunk.ts';

const COUNT_READ = 0;

export interface ChunkEmitterOptions {
  readonly sink: Pick<ProgressProducer, 'append' | 'bufferedBytes' | 'send'>;
  readonly ledger: Pick<PositionLedger, 'accept'>;
  readonly schemaChanges: SchemaChanges | null;
  readonly sendBytes: number;
  /** What becomes of a row that does not fit into a record. */
  readonly oversize: OversizeRule;
}

/** What became of a chunk's rows. */
export interface EmittedChunk {
  readonly rows: number;
  /** Rows that the stream has newer. */
  readonly superseded: number;
  /** Of those, the ones of which the stream may lack a value. */
  readonly owed: readonly KeyText[];
}

/** Writes the rows of a chunk at the place of its mark, without those that the stream has newer. */
export class ChunkEmitter {
  readonly #options: ChunkEmitterOptions;
  readonly #appender: EventAppender;

  constructor(options: ChunkEmitterOptions) {
    this.#options = options;
    const { sink, schemaChanges, oversize } = options;
    this.#appender = new EventAppender(sink, { schemaChanges, oversize });
  }

  /**
   * @param moment of the mark; its rows have the numbers behind the mark's own
   * @throws PlatformError SOURCE_KEY_VALUE before anything is written, SOURCE_ROW_TOO_LARGE behind the rows before
   */
  async emit(
    chunk: Chunk,
    table: CapturedTable,
    window: TableWindow,
    moment: SourceMoment,
  ): Promise<EmittedChunk> {
    const { rows, snapshot, formats } = chunk;
    const row = new TupleSpans(table.schema.columns.length);
    const { touched } = window;
    const owed: KeyText[] = [];
    const kept: number[] = [];
    const emptied = touched.emptiedAfter(snapshot);
    for (let i = 0; i < rows.count && !emptied; i++) {
      row.scanCopyRow(rows.buffer, rows.start(i), rows.end(i), formats);
      const newer = touched.newer(window.keyOf(table, rows.buffer, row), snapshot);
      if (newer === null) kept.push(i);
      else if (newer.partial) owed.push(keyTextOf(table, rows.buffer, row));
    }
    for (const i of kept) {
      row.scanCopyRow(rows.buffer, rows.start(i), rows.end(i), formats);
      moment.seq++;
      this.#write(table, rows.buffer, row, moment);
      const { sink, sendBytes } = this.#options;
      if (sink.bufferedBytes >= sendBytes) await sink.send();
    }
    return { rows: kept.length, superseded: rows.count - kept.length, owed };
  }

  #write(table: CapturedTable, buf: Buffer, row: TupleSpans, moment: SourceMoment): void {
    this.#appender.append(table, OP.read, moment, moment.commitTsMs, buf, null, row, row);
    table.counts[COUNT_READ] = (table.counts[COUNT_READ] as number) + 1;
    this.#options.ledger.accept();
  }
}
