import {
  EnvelopeReader,
  layoutOf,
  readColumn,
  readValue,
  schemaIdOf,
  toLsn,
  UNAVAILABLE_VALUE,
  valueSchema,
  AvroCursor,
  type ColumnValue,
  type TableSchema,
} from '@hasivu/change-events';
import type { TupleSpans } from '@hasivu/pgoutput';
import { beforeEach, describe, expect, test } from '@jest/globals';

import { CapturedTable } from './captured-table.ts';
import { AFTER, ChangeRouter, type ChangeRouterOptions } from './change-router.ts';
import type { EventSink } from './event-sink.ts';
import * as pg from './pgoutput-messages.test-data.ts';
import type { MessageFallback } from './message-router.ts';
import { ORIGIN, PositionLedger } from './position-ledger.ts';
import type { RowTap } from './row-tap.ts';
import type { TransactionObserver } from './transaction-observer.ts';

const ITEMS = 7;
const LOG = 8;
const items: TableSchema = {
  database: 'db',
  schema: 'public',
  table: 'items',
  columns: [
    { name: 'id', type: { kind: 'int32' }, pgType: 'integer' },
    { name: 'name', type: { kind: 'string' }, pgType: 'text' },
    { name: 'price', type: { kind: 'decimal', precision: 6, scale: 2 }, pgType: 'numeric(6,2)' },
  ],
  key: ['id'],
};
const log: TableSchema = { ...items, table: 'log', key: [] };

interface Seen {
  readonly topic: string;
  readonly partition: number;
  readonly key: ColumnValue;
  /** null for a tombstone. */
  readonly op: string | null;
  readonly position: string;
  readonly before: ColumnValue[] | null;
  readonly after: ColumnValue[] | null;
  readonly unavailable: readonly string[];
  readonly headers: readonly string[];
}

/** Decodes what it is given, with the readers that consumers use. */
class RecordingSink implements EventSink {
  readonly seen: Seen[] = [];

  append(
    ...[topic, partition, key, keyStart, keyEnd, value, start, end, , headers]: Parameters<
      EventSink['append']
    >
  ): void {
    const keyValue =
      key === null ? null : readValue(new AvroCursor().reset(key, keyStart + 5, keyEnd), { kind: 'int32' });
    const base = {
      topic,
      partition,
      key: keyValue,
      headers: (headers ?? []).map(([n, v]) => `${n}=${v.toString()}`),
    };
    if (value === null) {
      this.seen.push({ ...base, op: null, position: '', before: null, after: null, unavailable: [] });
      return;
    }
    expect(schemaIdOf(value, start, end)).toBe(11);
    const reader = new EnvelopeReader(layoutOf(JSON.stringify(valueSchema('p', items))));
    reader.read(value, start + 5, end);
    const row = (offset: number): ColumnValue[] | null => {
      if (offset < 0) return null;
      const cursor = reader.cursorAt(offset);
      return items.columns.map((column) => readColumn(cursor, column.type));
    };
    this.seen.push({
      ...base,
      op: String.fromCharCode(reader.op),
      position: `${reader.commitLsn}:${reader.seq}`,
      before: row(reader.beforeOffset),
      after: row(reader.afterOffset),
      unavailable: [...reader.unavailable],
    });
  }
}

let sink: RecordingSink;
let ledger: PositionLedger;
let router: ChangeRouter;
let adopted: string[];

function start(
  position = ORIGIN,
  covered: Record<string, bigint> = { items: 0n, log: 0n },
  hooks: Pick<ChangeRouterOptions, 'tapOf' | 'observers' | 'messageFallback'> = {},
): void {
  sink = new RecordingSink();
  adopted = [];
  ledger = new PositionLedger({ position, confirmLsn: toLsn(0n) });
  router = new ChangeRouter({
    ledger,
    sink,
    coverage: (_, table) => (table in covered ? toLsn(covered[table] as bigint) : null),
    ...hooks,
  });
}

function feed(...messages: readonly Buffer[]): void {
  for (const message of messages) {
    const buf = Buffer.concat([Buffer.from('xx'), message, Buffer.from('yy')]);
    while (router.handle(buf, 2, buf.length - 2, 0, 4711) === AFTER.adoptRelation) {
      const pending = router.pendingRelation;
      if (!pending) throw new Error('no relation is pending');
      adopted.push(pending.table);
      const schema = pending.table === 'log' ? log : items;
      router.adopt(
        new CapturedTable({
          schema,
          identity: pending.identity,
          binary: schema.columns.map(() => null),
          topic: `p.public.${pending.table}`,
          partitions: 3,
          valueSchemaId: 11,
          keySchemaId: schema.key.length > 0 ? 12 : null,
          version: '1',
          sourceName: 'p',
        }),
      );
    }
  }
}

const columns = [
  { name: 'id', typeOid: 23, key: true },
  { name: 'name', typeOid: 25 },
  { name: 'price', typeOid: 1700 },
];
const ITEMS_RELATION = pg.relation({ oid: ITEMS, table: 'items', columns });
const LOG_RELATION = pg.relation({ oid: LOG, table: 'log', columns });

beforeEach(() => start());

describe('rows', () => {
  test('insert, update and delete with their keys, positions and tombstone', () => {
    feed(
      pg.begin(1000n, 0n, 5),
      ITEMS_RELATION,
      pg.insert(ITEMS, ['1', 'ä', '12.50']),
      pg.update(ITEMS, ['1', null, '-0.01']),
      pg.remove(ITEMS, ['K', ['1', null, null]]),
      pg.commit(1000n, 1010n),
    );
    expect(sink.seen.map(({ op, position }) => [op, position])).toEqual([
      ['c', '1000:0'],
      ['u', '1000:1'],
      ['d', '1000:2'],
      [null, ''],
    ]);
    expect(sink.seen.map(({ key }) => key)).toEqual([1, 1, 1, 1]);
    expect(new Set(sink.seen.map(({ partition }) => partition)).size).toBe(1);
    expect(sink.seen[0]?.after).toEqual([1, 'ä', 1250n]);
    expect(sink.seen[1]).toMatchObject({ before: null, after: [1, null, -1n] });
    expect(sink.seen[2]).toMatchObject({ before: [1, null, null], after: null });
  });

  test('an update of the key deletes the old key and creates the new one', () => {
    feed(
      pg.begin(1000n, 0n, 5),
      ITEMS_RELATION,
      pg.update(ITEMS, ['2', 'x', '1.00'], ['K', ['1', null, null]]),
      pg.commit(1000n, 1010n),
    );
    expect(sink.seen.map(({ op, key, position }) => [op, key, position])).toEqual([
      ['d', 1, '1000:0'],
      [null, 1, ''],
      ['c', 2, '1000:1'],
    ]);
  });

  test('an old key that did not change is an ordinary update', () => {
    feed(
      pg.begin(1000n, 0n, 5),
      ITEMS_RELATION,
      pg.update(ITEMS, ['1', 'x', '1.00'], ['K', ['1', null, null]]),
    );
    expect(sink.seen).toMatchObject([{ op: 'u', before: null }]);
  });

  test('an unchanged out-of-line value is marked, or taken from the full old row', () => {
    feed(
      pg.begin(1000n, 0n, 5),
      ITEMS_RELATION,
      pg.update(ITEMS, ['1', undefined, undefined]),
      pg.update(ITEMS, ['1', undefined, '2.00'], ['O', ['1', 'long', '1.00']]),
    );
    expect(sink.seen[0]).toMatchObject({
      after: [1, UNAVAILABLE_VALUE, null],
      unavailable: ['name', 'price'],
    });
    expect(sink.seen[1]).toMatchObject({
      before: [1, 'long', 100n],
      after: [1, 'long', 200n],
      unavailable: [],
    });
  });

  test('a value that its type cannot hold travels as text in a header', () => {
    feed(
      pg.begin(1000n, 0n, 5),
      ITEMS_RELATION,
      pg.insert(ITEMS, ['1', 'x', 'NaN']),
      pg.insert(ITEMS, ['2', 'x', '1.00']),
    );
    expect(sink.seen[0]).toMatchObject({ after: [1, 'x', null], headers: ['pg.text.price=NaN'] });
    expect(sink.seen[1]?.headers).toEqual([]);
  });

  test('a table without a key: no keys, no tombstones, spread over the partitions the same way at every replay', () => {
    const messages = [
      pg.begin(1000n, 0n, 5),
      LOG_RELATION,
      ...['1', '2', '3', '4'].map((id) => pg.insert(LOG, [id, null, null])),
      pg.remove(LOG, ['O', ['1', null, null]]),
      pg.commit(1000n, 1010n),
    ];
    feed(...messages);
    const first = sink.seen;
    expect(first.map(({ op, key }) => [op, key])).toEqual([
      ...Array.from({ length: 4 }, () => ['c', null]),
      ['d', null],
    ]);
    expect(new Set(first.map(({ partition }) => partition)).size).toBe(3);
    start();
    feed(...messages);
    expect(sink.seen).toEqual(first);
  });

  test('a truncate is one event per table on partition 0', () => {
    feed(
      pg.begin(1000n, 0n, 5),
      ITEMS_RELATION,
      LOG_RELATION,
      pg.truncate(ITEMS, LOG),
      pg.commit(1000n, 1010n),
    );
    expect(sink.seen).toMatchObject([
      {
        topic: 'p.public.items',
        op: 't',
        partition: 0,
        key: null,
        position: '1000:0',
        before: null,
        after: null,
      },
      { topic: 'p.public.log', op: 't', partition: 0, key: null, position: '1000:1' },
    ]);
  });
});

describe('what is left out', () => {
  const two = [
    pg.begin(1000n, 0n, 5),
    ITEMS_RELATION,
    pg.insert(ITEMS, ['1', null, null]),
    pg.update(ITEMS, ['3', null, null], ['K', ['1', null, null]]),
    pg.insert(ITEMS, ['4', null, null]),
    pg.commit(1000n, 1010n),
    pg.begin(2000n, 0n, 6),
    pg.insert(ITEMS, ['5', null, null]),
    pg.commit(2000n, 2010n),
  ];

  test.each([0, 1, 2, 3])('events up to %i of a transaction that Kafka has', (seq) => {
    start({ commitLsn: toLsn(1000n), seq });
    feed(...two);
    const all = ['1000:0', '1000:1', '1000:2', '1000:3', '2000:0'];
    expect(sink.seen.filter((event) => event.op !== null).map(({ position }) => position)).toEqual(
      all.slice(seq + 1),
    );
  });

  test("changes that the table's copy covers, without compiling their shape", () => {
    start(ORIGIN, { items: 1999n });
    feed(...two.slice(0, 6));
    expect(adopted).toEqual([]);
    feed(...two.slice(6));
    expect(adopted).toEqual(['items']);
    expect(sink.seen.map(({ position }) => position)).toEqual(['2000:0']);
  });

  test('tables that are published but not captured, which still count in the order', () => {
    start(ORIGIN, { items: 0n });
    feed(
      pg.begin(1000n, 0n, 5),
      ITEMS_RELATION,
      LOG_RELATION,
      pg.insert(LOG, ['1', null, null]),
      pg.insert(ITEMS, ['1', null, null]),
      pg.commit(1000n, 1010n),
    );
    expect(sink.seen.map(({ position }) => position)).toEqual(['1000:1']);
  });
});

test('a new relation message takes effect from the next row on', () => {
  feed(pg.begin(1000n, 0n, 5), ITEMS_RELATION, pg.insert(ITEMS, ['1', null, null]));
  feed(ITEMS_RELATION, pg.insert(ITEMS, ['2', null, null]));
  expect(adopted).toEqual(['items', 'items']);
});

test('a change without a description is a protocol error', () => {
  feed(pg.begin(1000n, 0n, 5));
  expect(() => feed(pg.insert(99, ['1']))).toThrow(/SOURCE_PROTOCOL/);
});

describe('logical messages', () => {
  let taken: string[];
  beforeEach(() => {
    taken = [];
  });
  const listen = (): void => {
    router.messages.register('mine', (message, seq) =>
      taken.push(`mine ${message.content.toString()} ${seq} ${message.lsn}`),
    );
  };
  const messages = [
    pg.logical(false, 900n, 'mine', 'outside'),
    pg.begin(1000n, 0n, 5),
    ITEMS_RELATION,
    pg.insert(ITEMS, ['1', null, null]),
    pg.logical(true, 950n, 'mine', 'inside'),
    pg.insert(ITEMS, ['2', null, null]),
    pg.logical(true, 960n, 'other', ''),
    pg.commit(1000n, 1010n),
  ];

  test('reach the handler of their prefix, and take a number whether anybody listens or not', () => {
    listen();
    feed(...messages);
    expect(taken).toEqual(['mine outside 0 900', 'mine inside 1 950']);
    expect(sink.seen.map(({ position }) => position)).toEqual(['1000:0', '1000:2']);
    start();
    feed(...messages);
    expect(sink.seen.map(({ position }) => position)).toEqual(['1000:0', '1000:2']);
  });

  test('outside of a transaction are a position of their own and may be confirmed', () => {
    feed(pg.logical(false, 900n, 'mine', 'x'));
    expect(ledger.seal()).toMatchObject({ position: { commitLsn: 899n, seq: 0 }, confirmLsn: 900n });
  });

  test('that Kafka has are told apart', () => {
    start({ commitLsn: toLsn(1000n), seq: 1 });
    listen();
    feed(...messages);
    expect(taken).toEqual(['mine outside -1 900', 'mine inside -1 950']);
  });

  test('of other prefixes go to the fallback, which is opened for the first one it wants, and never ours', () => {
    const fallback: MessageFallback = { wants: (prefix) => prefix !== 'unwanted', handler: null };
    start(undefined, undefined, { messageFallback: fallback });
    listen();
    feed(
      pg.begin(1000n, 0n, 5),
      pg.logical(true, 900n, 'mine', 'x'),
      pg.logical(true, 910n, 'unwanted', 'x'),
    );
    feed(pg.logical(true, 920n, 'hasivu.signal', 'x'));
    const first = pg.logical(true, 930n, 'other', 'x');
    expect(router.handle(first, 0, first.length, 0, 0)).toBe(AFTER.openMessages);
    fallback.handler = ({ prefix }, seq, moment) =>
      taken.push(`${prefix} ${seq} at ${moment.commitLsnLo} from ${moment.lsnLo} in ${moment.txId}`);
    feed(first, pg.commit(1000n, 1010n), pg.logical(false, 1100n, 'other', 'x'));
    expect(taken).toEqual([
      'mine x 0 900',
      'other 3 at 1000 from 930 in 5',
      'other 0 at 1099 from 1100 in -1',
    ]);
  });
});

describe('taps', () => {
  const changes = [
    pg.begin(1000n, 0n, 5),
    ITEMS_RELATION,
    LOG_RELATION,
    pg.insert(ITEMS, ['1', 'a', null]),
    pg.update(ITEMS, ['1', 'b', null]),
    pg.insert(LOG, ['9', null, null]),
    pg.update(ITEMS, ['2', 'b', null], ['K', ['1', null, null]]),
    pg.remove(ITEMS, ['K', ['2', null, null]]),
    pg.truncate(ITEMS),
    pg.commit(1000n, 1010n),
  ];
  const tapping = (takes: boolean): { readonly seen: string[]; readonly tap: RowTap } => {
    const seen: string[] = [];
    const id = (buf: Buffer, row: TupleSpans | null): string =>
      row ? buf.toString('utf8', row.start(0), row.end(0)) : '-';
    const tap: RowTap = {
      row: (op, _, buf, before, after, seq) => {
        seen.push(`${String.fromCharCode(op)} ${id(buf, before)} ${id(buf, after)} ${seq}`);
        return takes;
      },
    };
    return { seen, tap };
  };

  test('see every change of their table once, whether Kafka has it or not', () => {
    const { seen, tap } = tapping(false);
    start({ commitLsn: toLsn(1000n), seq: 0 }, undefined, {
      tapOf: (_, name) => (name === 'items' ? tap : null),
    });
    feed(...changes);
    expect(seen).toEqual(['c - 1 -1', 'u - 1 1', 'u 1 2 4', 'd 2 - 5', 't - - 6']);
    expect(sink.seen.flatMap((event) => (event.op ? [event.position] : []))).toEqual(
      [1, 2, 3, 4, 5, 6].map((seq) => `1000:${seq}`),
    );
  });

  test('may take the changes, which moves no position', () => {
    const { tap } = tapping(true);
    start(undefined, undefined, { tapOf: (_, name) => (name === 'items' ? tap : null) });
    feed(...changes);
    expect(sink.seen.map(({ topic, position }) => [topic, position])).toEqual([['p.public.log', '1000:2']]);
  });
});

test('an observer hears of every transaction, and how much of it fell to each table', () => {
  const heard: unknown[] = [];
  const observer: TransactionObserver = {
    onBegin: (xid, commitLsn) => heard.push([xid, commitLsn]),
    onCommit: (endLsn, events, shares) =>
      heard.push([endLsn, events, ...shares.map((share) => `${share.relation.table} ${share.events}`)]),
  };
  start(undefined, undefined, { observers: [observer] });
  feed(
    pg.begin(1000n, 0n, 5),
    LOG_RELATION,
    ITEMS_RELATION,
    pg.insert(ITEMS, ['1', null, null]),
    pg.insert(LOG, ['1', null, null]),
    pg.logical(true, 900n, 'x', ''),
    pg.insert(LOG, ['1', null, null]),
    ITEMS_RELATION,
    pg.update(ITEMS, ['2', null, null], ['K', ['1', null, null]]),
    pg.truncate(ITEMS, LOG),
    pg.commit(1000n, 1010n),
    pg.begin(2000n, 0n, 6),
    pg.insert(LOG, ['1', null, null]),
    pg.commit(2000n, 2010n),
  );
  expect(heard).toEqual([
    [5, 1000n],
    [1010n, 8, 'items 4', 'log 3'],
    [6, 2000n],
    [2010n, 1, 'log 1'],
  ]);
});
