import type { SourceMoment } from '@hasivu/change-events';
import { isPlatformError, PlatformError } from '@hasivu/errors';
import type { LogicalMessage } from '@hasivu/pgoutput';
import type { KeyText } from '@hasivu/postgres';

import type { Errands } from '../../core/errands.ts';
import { afterChunk } from '../../core/incremental/chunk-plan.ts';
import { ChunkSize } from '../../core/incremental/chunk-size.ts';
import { OwedKeys } from '../../core/incremental/owed-keys.ts';
import {
  anew,
  finishFirst,
  withFirst,
  type SnapshotRequest,
  type SnapshotRequests,
} from '../../core/incremental/snapshot-requests.ts';
import { TableWindow } from '../../core/incremental/table-window.ts';
import { TouchedKeys } from '../../core/incremental/touched-keys.ts';
import type { PositionLedger } from '../../core/position-ledger.ts';
import type { RowTap } from '../../core/row-tap.ts';
import type { TransactionObserver } from '../../core/transaction-observer.ts';
import { failpoint } from '../../failpoints.ts';
import type { TableCompiler } from '../table-compiler.ts';
import type { ChunkEmitter } from './chunk-emitter.ts';
import type { Attempt, ChunkReader } from './chunk-reader.ts';
import type { Chunk, ChunkResult } from './chunk.ts';
import type { SnapshotReport } from './snapshot-report.ts';

const FIRST_DELAY_MS = 50;
const MAX_DELAY_MS = 5_000;
const MAX_MARK_BYTES = 64;
const ENDS_SNAPSHOT: ReadonlySet<string> = new Set(['SOURCE_KEY_VALUE', 'SOURCE_ROW_TOO_LARGE']);
/** Windows in a row that rows without a key may end: each ends the log behind a key that was dropped and made anew. */
const MAX_KEYLESS = 5;

export interface IncrementalSnapshotsOptions {
  readonly reader: Pick<ChunkReader, 'start' | 'abandon' | 'rest' | 'close'>;
  readonly compiler: Pick<TableCompiler, 'shapeOf' | 'compileRead'>;
  readonly emitter: ChunkEmitter;
  readonly report: Pick<SnapshotReport, 'changed' | 'chunk' | 'finished' | 'overflowed'>;
  readonly ledger: Pick<PositionLedger, 'accept'>;
  readonly errands: Errands;
  /** What the progress record says. */
  readonly restored: SnapshotRequests;
  /** Most rows of a chunk. */
  readonly chunkRows: number;
  /** Keys of a window that are kept one by one. */
  readonly windowKeys: number;
  /** Bytes that the keys may take whose rows are owed. */
  readonly owedBytes: number;
  /** Asks for the taps of all tables anew. */
  readonly retap: () => void;
}

/**
 * Reads tables in chunks beside the stream and writes them in its order. A chunk is read under a snapshot of its own, the
 * log is marked behind it, and when the stream comes to the mark, the chunk's rows are written there: all but those that
 * a transaction touched which the stream has brought and the snapshot does not see. One chunk is under way at a time.
 * Everything but the reading itself happens in the turn of the stream.
 */
export class IncrementalSnapshots implements TransactionObserver {
  readonly #options: IncrementalSnapshotsOptions;
  #requests: SnapshotRequests;
  /** Of the first request, once a row is owed: its list is only written when somebody looks at it. */
  #owed: OwedKeys | null = null;
  #owedChanged = false;
  #window: TableWindow | null = null;
  #size: ChunkSize;
  #attempt: Attempt | null = null;
  #xid = -1;
  /** Before the next chunk: what it waits for may take long to become visible. */
  #delayMs = 0;
  #keyless = 0;

  constructor(options: IncrementalSnapshotsOptions) {
    this.#options = options;
    this.#requests = options.restored;
    this.#size = new ChunkSize(options.chunkRows);
    options.report.changed(this.#requests);
  }

  /** What outlives the process, as of what is in the open Kafka transaction. */
  get requests(): SnapshotRequests {
    if (this.#owed && this.#owedChanged) {
      this.#requests = withFirst(this.#requests, { owed: this.#owed.keys, again: this.#owed.again });
      this.#owedChanged = false;
    }
    return this.#requests;
  }

  #replace(requests: SnapshotRequests): void {
    this.#requests = requests;
    this.#owed = null;
    this.#owedChanged = false;
  }

  /** Takes what a signal, at the place that the stream has come to, made of the requests. */
  change(requests: SnapshotRequests): void {
    const goesOn = isSame(this.#requests.queue[0], requests.queue[0]);
    this.#replace(requests);
    if (requests.paused || !goesOn) this.#drop();
    this.#changed();
    failpoint('signal-taken');
    this.resume();
  }

  /** Goes on with what is left to do, where nothing is under way. */
  resume(): void {
    const { paused, queue } = this.requests;
    const [request] = queue;
    if (this.#attempt) return;
    if (paused || !request) {
      this.#options.reader.rest();
      return;
    }
    this.#window ??= this.#openWindow(request.table);
    const stop = new AbortController();
    this.#attempt = {
      request,
      window: this.#window,
      size: this.#size,
      stop,
      delayMs: this.#delayMs,
      read: null,
    };
    this.#options.reader.start(this.#attempt);
  }

  /** The tap of the table that is read, and of no other. */
  tapOf(table: string): RowTap | null {
    return this.#window?.table === table ? this.#window : null;
  }

  onBegin(xid: number): void {
    this.#xid = xid;
    this.#window?.begin(xid);
  }

  onCommit(): void {
    // Changes are noted one by one.
  }

  /**
   * The stream came to a mark. One that is not of the chunk under way is of an earlier life, of a chunk that nobody wants
   * any more, or of somebody else. In a transaction a mark would stand at its commit, which may be far behind the read.
   * @param seq -1 when Kafka has what belongs there
   */
  marked({ transactional, content }: LogicalMessage, seq: number, moment: SourceMoment): void {
    const attempt = this.#attempt;
    if (seq < 0 || transactional || content.length > MAX_MARK_BYTES) return;
    if (attempt?.read?.mark !== content.toString('utf8')) return;
    const { result } = attempt.read;
    const at: SourceMoment = { ...moment, snapshot: 'incremental' };
    this.#options.errands.add(() => this.#settle(attempt, result, at));
  }

  async close(): Promise<void> {
    this.#attempt?.stop.abort();
    this.#attempt = null;
    await this.#options.reader.close();
  }

  #openWindow(table: string): TableWindow {
    const owe = (key: KeyText, name: string): void => {
      const [first] = this.#requests.queue;
      if (!first) return;
      this.#owed ??= new OwedKeys(first, this.#options.owedBytes);
      if (this.#owed.add(key, name)) this.#owedChanged = true;
    };
    const window = new TableWindow(table, owe, new TouchedKeys(this.#options.windowKeys));
    window.begin(this.#xid);
    this.#window = window;
    this.#size = new ChunkSize(this.#options.chunkRows);
    this.#options.retap();
    return window;
  }

  /** Gives up the chunk under way and the window: what comes next opens another one. */
  #drop(): void {
    if (this.#attempt) this.#options.reader.abandon(this.#attempt);
    this.#attempt = null;
    this.#window = null;
    this.#options.retap();
  }

  async #settle(attempt: Attempt, result: ChunkResult, moment: SourceMoment): Promise<void> {
    if (attempt !== this.#attempt) return;
    attempt.stop.abort();
    this.#attempt = null;
    if (result.kind === 'failed') this.#fail(result.error);
    else if (result.kind === 'reshaped') this.#beginAnew(withFirst(this.requests, { run: null }));
    else await this.#take(attempt, result.chunk, moment);
    this.#changed();
    this.resume();
  }

  async #take({ window, size }: Attempt, chunk: Chunk, moment: SourceMoment): Promise<void> {
    const { compiler, emitter, report } = this.#options;
    const { touched } = window;
    if (window.keyless && ++this.#keyless > MAX_KEYLESS) {
      const why = `changes of ${window.table} come without its key: one that is deferrable is none to the stream`;
      this.#fail(new PlatformError('SOURCE_SIGNAL_INVALID', { doing: 'placing a chunk', why }));
      return;
    }
    if (touched.overflowed(chunk.snapshot)) {
      size.shrink();
      report.overflowed(window.table);
      this.#wait();
      if (touched.lost) this.#drop();
      return;
    }
    try {
      const shape = await compiler.shapeOf(chunk.catalog, chunk.published);
      const table = await compiler.compileRead(shape, chunk.catalog.identity);
      const { scope, last, passed, shape: fingerprint, catalog, snapshot } = chunk;
      const emitted = await emitter.emit(chunk, table, window, moment);
      const unseen = scope.kind === 'keys' ? scope.keys.filter((key) => window.isUnseen(key, snapshot)) : [];
      const owed = [...emitted.owed, ...unseen];
      touched.prune(snapshot);
      this.#keyless = 0;
      const { oid, estimatedRows } = catalog;
      const { requests, next } = afterChunk(
        this.requests,
        { scope, last, passed, rows: emitted.rows, owed, table: { oid, shape: fingerprint, estimatedRows } },
        Date.now(),
        this.#options.owedBytes,
      );
      this.#replace(requests);
      if (emitted.rows === 0 && owed.length > 0) this.#wait();
      else this.#delayMs = 0;
      report.chunk(window.table, emitted, requests.queue[0]?.run ?? null);
      if (next === 'done') this.#finish({ result: 'done' });
      else if (next === 'anew') this.#beginAnew(requests);
    } catch (error) {
      // The stream would end of a row like that, a snapshot need not. Rows of the chunk that were written before are the
      // newest states of their keys all the same.
      if (!isPlatformError(error) || !ENDS_SNAPSHOT.has(error.code)) throw error;
      this.#fail(error);
    }
    failpoint('chunk-emitted');
  }

  #wait(): void {
    this.#delayMs = Math.min(MAX_DELAY_MS, Math.max(FIRST_DELAY_MS, this.#delayMs * 2));
  }

  /** A new window: all that was streamed before it will be seen by its first chunk. */
  #beginAnew(requests: SnapshotRequests): void {
    this.#replace(anew(requests));
    this.#drop();
  }

  #fail(error: unknown): void {
    const known = isPlatformError(error) ? error : null;
    const reason = known ? known.message : 'unexpected error';
    this.#finish({ result: 'failed', reason, ...(known && { code: known.code }) });
  }

  #finish(outcome: Omit<Parameters<typeof finishFirst>[1], 'atMs'>): void {
    this.#options.report.finished(this.#requests.queue[0], outcome);
    this.#replace(finishFirst(this.#requests, { ...outcome, atMs: Date.now() }));
    this.#keyless = 0;
    this.#drop();
  }

  /** Becomes durable soon, although the change is no event. */
  #changed(): void {
    this.#options.ledger.accept();
    this.#options.report.changed(this.#requests);
  }
}

/** A signal that joins the request that is read does not end its chunk. */
function isSame(one: SnapshotRequest | undefined, other: SnapshotRequest | undefined): boolean {
  return one?.signal === other?.signal && one?.table === other?.table && one?.filter === other?.filter;
}
