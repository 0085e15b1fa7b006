import {
  EnvelopeReader,
  layoutOf,
  readColumn,
  toLsn,
  valueSchema,
  type TableSchema,
} from '@hasivu/change-events';
import type { CatalogTable, PublishedTable } from '@hasivu/postgres';
import { checkProperty } from '@hasivu/testing';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';

import { CapturedTable } from '../../core/captured-table.ts';
import { AFTER, ChangeRouter } from '../../core/change-router.ts';
import { Errands } from '../../core/errands.ts';
import type { EventSink } from '../../core/event-sink.ts';
import { nextScope } from '../../core/incremental/chunk-plan.ts';
import { followSignal } from '../../core/incremental/follow-signal.ts';
import { ServerSnapshot } from '../../core/incremental/server-snapshot.ts';
import { parseRequests } from '../../core/incremental/snapshot-requests-json.ts';
import { NO_REQUESTS, type SnapshotRequests } from '../../core/incremental/snapshot-requests.ts';
import { ORIGIN, PositionLedger, type SealedProgress } from '../../core/position-ledger.ts';
import { ChunkEmitter } from './chunk-emitter.ts';
import type { Attempt } from './chunk-reader.ts';
import { WATERMARK_PREFIX } from './chunk-session.ts';
import { ChunkRows, type ChunkResult } from './chunk.ts';
import { IncrementalSnapshots } from './incremental-snapshots.ts';
import { ModelledServer, type ModelRow } from './modelled-server.test-data.ts';
import { SIGNAL_PREFIX } from './snapshot-signals.ts';

const SCHEMA: TableSchema = {
  database: 'db',
  schema: 'public',
  table: 'items',
  columns: [
    { name: 'id', type: { kind: 'int32' }, pgType: 'integer' },
    { name: 'n', type: { kind: 'int32' }, pgType: 'integer' },
    { name: 'body', type: { kind: 'string' }, pgType: 'text' },
  ],
  key: ['id'],
};
const LAYOUT = layoutOf(JSON.stringify(valueSchema('p', SCHEMA)));
const TABLES = [{ name: 'public.items', refusal: null }];

interface SeenEvent {
  readonly op: string;
  readonly lsn: bigint;
  readonly seq: number;
  readonly id: number | null;
  readonly oldId: number | null;
  readonly row: ModelRow | null;
  readonly partial: boolean;
}

/** What is appended; visible to readers when it is taken by a commit. */
class ModelSink implements EventSink {
  readonly bufferedBytes = 0;
  open: SeenEvent[] = [];

  append(...[, , , , , value, start, end]: Parameters<EventSink['append']>): void {
    if (value === null) return;
    const reader = new EnvelopeReader(LAYOUT);
    reader.read(value, start + 5, end);
    const cells = (at: number): unknown[] => {
      const cursor = reader.cursorAt(at);
      return SCHEMA.columns.map((column) => readColumn(cursor, column.type));
    };
    const after = reader.afterOffset < 0 ? null : cells(reader.afterOffset);
    const before = reader.beforeOffset < 0 ? null : cells(reader.beforeOffset);
    this.open.push({
      op: String.fromCharCode(reader.op),
      lsn: reader.commitLsn,
      seq: reader.seq,
      id: (after?.[0] ?? null) as number | null,
      oldId: (before?.[0] ?? null) as number | null,
      row: after && { n: after[1] as number, body: after[2] as string },
      partial: [...reader.unavailable].length > 0,
    });
  }

  async send(): Promise<void> {
    // Nothing waits.
  }
}

function capturedTable(): CapturedTable {
  return new CapturedTable({
    schema: SCHEMA,
    identity: 'default',
    binary: SCHEMA.columns.map(() => null),
    topic: 'p.public.items',
    partitions: 3,
    valueSchemaId: 11,
    keySchemaId: 12,
    version: '1',
    sourceName: 'p',
  });
}

interface Durable {
  readonly sealed: SealedProgress;
  readonly requests: SnapshotRequests;
}

let lives = 0;

/** One life of the source on the modelled server: the real router, ledger and snapshots, and a reader of the model. */
class Life {
  readonly #server: ModelledServer;
  readonly #kafka: SeenEvent[];
  readonly #sink = new ModelSink();
  readonly #ledger: PositionLedger;
  readonly #router: ChangeRouter;
  readonly #errands = new Errands();
  readonly #snapshots: IncrementalSnapshots;
  readonly #number = ++lives;
  readonly #startedFrom: bigint;
  #next = 0;
  readonly #seal: () => boolean;
  #marks = 0;
  #attempt: Attempt | null = null;
  #writers: ReadonlySet<number> | null = null;
  #read: ChunkResult | null = null;
  durable: Durable;
  /** Where the snapshot ended, in this life or an earlier one. */
  doneLsn: bigint;

  constructor(
    server: ModelledServer,
    durable: Durable,
    kafka: SeenEvent[],
    seal: () => boolean,
    doneLsn = 0n,
  ) {
    this.doneLsn = doneLsn;
    this.#server = server;
    this.#kafka = kafka;
    this.#seal = seal;
    this.durable = durable;
    const ledger = (this.#ledger = new PositionLedger(durable.sealed));
    const table = capturedTable();
    this.#snapshots = new IncrementalSnapshots({
      reader: {
        start: (attempt) => this.#start(attempt),
        abandon: (attempt) => attempt.stop.abort(),
        rest: () => undefined,
        close: () => Promise.resolve(),
      },
      compiler: {
        shapeOf: () => Promise.resolve({ ...SCHEMA, declared: [], initials: [], defaulted: new Set() }),
        compileRead: () => Promise.resolve(table),
      },
      emitter: new ChunkEmitter({
        sink: this.#sink,
        ledger,
        schemaChanges: null,
        sendBytes: Infinity,
        oversize: 'stop',
      }),
      report: {
        changed: () => undefined,
        chunk: () => undefined,
        finished: () => undefined,
        overflowed: () => undefined,
      },
      ledger,
      errands: this.#errands,
      restored: durable.requests,
      chunkRows: 3,
      windowKeys: 6,
      owedBytes: 40,
      retap: () => this.#router.retap(),
    });
    this.#router = new ChangeRouter({
      ledger,
      sink: this.#sink,
      coverage: () => toLsn(0n),
      tapOf: (schema, name) => this.#snapshots.tapOf(`${schema}.${name}`),
      observers: [this.#snapshots],
    });
    this.#router.messages.register(WATERMARK_PREFIX, (message, seq, moment) =>
      this.#snapshots.marked(message, seq, moment),
    );
    this.#router.messages.register(SIGNAL_PREFIX, ({ content }, seq) => {
      if (seq < 0) return;
      const signal = { id: 's', type: 'execute-snapshot', data: content.toString(), mayHaveCondition: true };
      this.#snapshots.change(followSignal(this.#snapshots.requests, signal, TABLES, 0).requests);
    });
    this.#startedFrom = durable.sealed.confirmLsn;
    this.#snapshots.resume();
  }

  get idle(): boolean {
    return this.#snapshots.requests.queue.length === 0;
  }

  /** Handles the next piece of the log. False when there is none. */
  async stream(): Promise<boolean> {
    const record = this.#server.log[this.#next];
    if (!record) return false;
    this.#next++;
    // The server leaves out what was confirmed.
    if (record.endLsn <= this.#startedFrom) return true;
    const wasIdle = this.idle;
    for (const message of record.messages) {
      while (this.#router.handle(message, 0, message.length, 0, 1) === AFTER.adoptRelation)
        this.#router.adopt(capturedTable());
      await this.#errands.run();
      if (this.#seal()) this.commit();
    }
    if (!wasIdle && this.idle) this.doneLsn = record.lsn;
    return true;
  }

  commit(): void {
    const sealed = this.#ledger.seal();
    this.#ledger.settle(sealed);
    this.#kafka.push(...this.#sink.open.splice(0));
    // Through the record's form, as a start reads it.
    const requests = parseRequests(JSON.parse(JSON.stringify(this.#snapshots.requests)));
    this.durable = { sealed, requests };
  }

  /** One step of the reader: waits for writers, reads under a snapshot, marks the log. */
  read(): void {
    const attempt = this.#attempt;
    if (!attempt || attempt.read || attempt.stop.signal.aborted) return;
    if (!attempt.window.settled) {
      const now = this.#server.writers;
      const left = this.#writers ? [...this.#writers].filter((xid) => now.has(xid)) : [...now];
      this.#writers = new Set(left);
      if (left.length === 0) attempt.window.settled = true;
    } else if (!this.#read) {
      if (this.#server.truncating) return;
      this.#server.readerLocks = true;
      this.#read = this.#chunk(attempt);
    } else {
      const mark = `${this.#number}/${++this.#marks}`;
      attempt.read = { mark, result: this.#read };
      this.#read = null;
      this.#server.message(WATERMARK_PREFIX, mark);
      this.#server.readerLocks = false;
    }
  }

  end(): void {
    this.#server.readerLocks = false;
  }

  #start(attempt: Attempt): void {
    this.#attempt = attempt;
    this.#read = null;
    this.#server.readerLocks = false;
    if (!attempt.window.settled) this.#writers = null;
  }

  #chunk({ request, window, size }: Attempt): ChunkResult {
    const snapshot = ServerSnapshot.parse(this.#server.snapshot());
    window.snapshotTaken(snapshot);
    const scope = nextScope(request, size.rows);
    const all = [...this.#server.visibleRows()].sort(([a], [b]) => a - b);
    const behind = scope.kind === 'after' ? all.filter(([id]) => id > Number(scope.after?.[0] ?? 0)) : [];
    const last = behind[size.rows - 1]?.[0];
    const chosen =
      scope.kind === 'keys'
        ? all.filter(([id]) => scope.keys.some(([key]) => key === String(id)))
        : behind.slice(0, size.rows);
    const rows = new ChunkRows();
    for (const [id, { n, body }] of chosen) {
      const row = copyRow([String(id), String(n), body]);
      rows.append(row, 0, row.length);
    }
    const catalog = { oid: 7, estimatedRows: -1, identity: 'default' } as CatalogTable;
    return {
      kind: 'read',
      chunk: {
        snapshot,
        catalog,
        published: {} as PublishedTable,
        shape: 'one',
        scope,
        last: last === undefined ? null : [String(last)],
        passed: chosen.length,
        formats: new Uint8Array(3),
        rows,
      },
    };
  }
}

function copyRow(cells: readonly string[]): Buffer {
  const count = Buffer.alloc(2);
  count.writeInt16BE(cells.length);
  const fields = cells.map((cell) => {
    const length = Buffer.alloc(4);
    length.writeInt32BE(Buffer.byteLength(cell));
    return Buffer.concat([length, Buffer.from(cell)]);
  });
  return Buffer.concat([count, ...fields]);
}

const NOBODY_KNOWS = 'a value that the log left out of a row with a new key';

/**
 * What a reader has who applies events in the order of their positions.
 * @param doneLsn where the snapshot ended: a value that a change of the key leaves out behind it is lost to everyone
 */
function stateOf(events: readonly SeenEvent[], doneLsn: bigint): Map<number, ModelRow> {
  const state = new Map<number, ModelRow>();
  for (const { op, lsn, id, oldId, row, partial } of events) {
    if (op === 't') state.clear();
    else if (op === 'd') state.delete(oldId as number);
    else if (row) {
      const missing = op === 'c' && lsn > doneLsn ? NOBODY_KNOWS : 'not read';
      const body = partial ? (state.get(id as number)?.body ?? missing) : row.body;
      state.set(id as number, { n: row.n, body });
    }
  }
  return state;
}

const byPosition = (a: SeenEvent, b: SeenEvent): number =>
  a.lsn === b.lsn ? a.seq - b.seq : a.lsn < b.lsn ? -1 : 1;

const STEPS = [
  ...(['begin', 'begin', 'log', 'log', 'log', 'show', 'stream', 'stream', 'stream', 'stream'] as const),
  ...(['read', 'read', 'read', 'commit', 'crash'] as const),
] as const;

const step = fc.record({
  kind: fc.constantFrom(...STEPS),
  choice: fc.nat(2 ** 20),
  changes: fc.array(fc.nat(2 ** 20), { minLength: 1, maxLength: 6 }),
});

test('whatever commits, becomes visible, is streamed, read and killed in whatever order, readers end with the table, and no position comes twice', async () => {
  await checkProperty(
    fc.asyncProperty(
      fc.array(step, { maxLength: 150, size: 'max' }),
      fc.nat(60),
      fc.infiniteStream(fc.nat(9)),
      async (steps, askAt, chances) => {
        const server = new ModelledServer(12);
        const kafka: SeenEvent[] = [];
        const seal = (): boolean => (chances.next().value as number) === 0;
        const ask = (): void => server.message(SIGNAL_PREFIX, '{"data-collections":["public.items"]}');
        let life = new Life(
          server,
          { sealed: { position: ORIGIN, confirmLsn: toLsn(0n) }, requests: NO_REQUESTS },
          kafka,
          seal,
        );
        ask();
        for (const { kind, choice, changes } of steps) {
          if (kind === 'begin') server.begin(changes);
          else if (kind === 'log') server.logOne(choice);
          else if (kind === 'show') server.showOne(choice);
          else if (kind === 'stream') await life.stream();
          else if (kind === 'read') life.read();
          else if (kind === 'commit') life.commit();
          else if (kind === 'crash' && choice % 4 === 0) {
            life.end();
            life = new Life(server, life.durable, kafka, seal, life.doneLsn);
          }
        }
        if (steps.length <= askAt) ask();
        server.quiesce();
        for (let turns = 0; turns < 3000; turns++) {
          if (!(await life.stream()) && life.idle) break;
          life.read();
        }
        life.commit();
        expect(life.idle).toBe(true);
        const positions = kafka.map(({ lsn, seq }) => `${lsn}:${seq}`);
        expect(new Set(positions).size).toBe(positions.length);
        // Readers who go by the order in Kafka see the same as those who sort.
        const sorted = [...kafka].sort(byPosition);
        expect(sorted).toEqual(kafka);
        const state = stateOf(kafka, life.doneLsn);
        const expected = [...server.visibleRows()].map(([id, row]): [number, ModelRow] =>
          state.get(id)?.body === NOBODY_KNOWS ? [id, { ...row, body: NOBODY_KNOWS }] : [id, row],
        );
        expect([...state].sort(([a], [b]) => a - b)).toEqual(expected.sort(([a], [b]) => a - b));
      },
    ),
    { budgetMs: 4_000 },
  );
}, 60_000);
