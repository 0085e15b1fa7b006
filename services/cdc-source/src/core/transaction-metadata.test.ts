import { toLsn, TRANSACTION_KEY_SCHEMA, TRANSACTION_VALUE_SCHEMA, AvroBuffer } from '@hasivu/change-events';
import { checkProperty } from '@hasivu/testing';
import { describe, expect, test } from '@jest/globals';
import avro from 'avsc';
import fc from 'fast-check';

import type { EventSink } from './event-sink.ts';
import type { TransactionCounts } from './transaction-counts.ts';
import { TransactionMetadata, type CountedTable } from './transaction-metadata.ts';

const tableOf = (name: string): CountedTable => {
  const [schema = '', table = ''] = name.split('.');
  return { schema: { schema, table }, tally: null };
};
const event = (life: TransactionMetadata, table: CountedTable): Buffer => {
  const out = new AvroBuffer(64);
  life.writeEvent(out, table);
  return out.bytes.subarray(0, out.pos);
};

const keyType = avro.Type.forSchema(TRANSACTION_KEY_SCHEMA as avro.Schema);
const valueType = avro.Type.forSchema(TRANSACTION_VALUE_SCHEMA as avro.Schema, { wrapUnions: false });

interface Boundary {
  readonly status: string;
  readonly id: string;
  readonly event_count: number | null;
  readonly data_collections: { data_collection: string; event_count: number }[] | null;
  readonly ts_ms: number;
}

/** Decodes with a library that nobody here wrote. */
class BoundarySink implements EventSink {
  readonly seen: Boundary[] = [];

  append(...[, , key, keyStart, keyEnd, value, start, end]: Parameters<EventSink['append']>): void {
    const boundary = valueType.fromBuffer((value as Buffer).subarray(start + 5, end)) as Boundary;
    const { id } = keyType.fromBuffer((key as Buffer).subarray(keyStart + 5, keyEnd)) as { id: string };
    expect(id).toBe(boundary.id);
    this.seen.push(boundary);
  }
}

function metadata(sink: EventSink, restored: TransactionCounts | null = null): TransactionMetadata {
  return new TransactionMetadata({
    sink,
    ledger: { accept: () => undefined },
    topic: 'p.transactions',
    partitions: 1,
    keySchemaId: 1,
    valueSchemaId: 2,
    restored,
  });
}

describe('boundaries of transactions', () => {
  test('a logical message counts as an event of its own kind', () => {
    const sink = new BoundarySink();
    const transactions = metadata(sink);
    transactions.onBegin(7, toLsn(80n), 1);
    const out = new AvroBuffer(64);
    transactions.writeMessage(out);
    event(transactions, tableOf('s1.a'));
    expect(transactions.unfinished?.tables).toEqual(new Map(Object.entries({ message: 1, 's1.a': 1 })));
    transactions.onCommit();
    expect(sink.seen.map(({ status }) => status)).toEqual(['BEGIN', 'END']);
    expect(sink.seen[1]).toMatchObject({
      event_count: 2,
      data_collections: [
        { data_collection: 'message', event_count: 1 },
        { data_collection: 's1.a', event_count: 1 },
      ],
    });
  });

  test('BEGIN comes with the first event, END has the counts of every table', () => {
    const sink = new BoundarySink();
    const transactions = metadata(sink);
    transactions.onBegin(571, toLsn(53195832n), 1486500577691);
    expect(sink.seen).toEqual([]);
    event(transactions, tableOf('s1.a'));
    event(transactions, tableOf('s2.b'));
    event(transactions, tableOf('s1.a'));
    transactions.onCommit();
    const same = { id: '571:53195832', ts_ms: 1486500577691 };
    expect(sink.seen.map((boundary) => ({ ...boundary }))).toMatchObject([
      { ...same, status: 'BEGIN', event_count: null, data_collections: null },
      {
        ...same,
        status: 'END',
        event_count: 3,
        data_collections: [
          { data_collection: 's1.a', event_count: 2 },
          { data_collection: 's2.b', event_count: 1 },
        ],
      },
    ]);
  });

  test('a transaction without events leaves no trace', () => {
    const sink = new BoundarySink();
    const transactions = metadata(sink);
    transactions.onBegin(1, toLsn(8n), 0);
    transactions.onCommit();
    expect(sink.seen).toEqual([]);
  });

  test('the block numbers events in the transaction and in their table', () => {
    const transactions = metadata(new BoundarySink());
    transactions.onBegin(7, toLsn(0xfff0n), 0);
    const block = avro.Type.forSchema([
      'null',
      {
        type: 'record',
        name: 'block',
        fields: [
          { name: 'id', type: 'string' },
          { name: 'total_order', type: 'long' },
          { name: 'data_collection_order', type: 'long' },
        ],
      },
    ] as avro.Schema);
    const blocks = ['s.a', 's.b', 's.a'].map((table) => ({
      ...(block.fromBuffer(event(transactions, tableOf(table))) as object),
    }));
    expect(blocks).toEqual([
      { id: '7:65520', total_order: 1, data_collection_order: 1 },
      { id: '7:65520', total_order: 2, data_collection_order: 1 },
      { id: '7:65520', total_order: 3, data_collection_order: 2 },
    ]);
  });
});

test('lives that end anywhere in a transaction write each boundary once, with the counts of one life', async () => {
  const table = fc.constantFrom('s.a', 's.b', 's.c');
  await checkProperty(
    fc.property(
      fc.array(
        fc.record({ events: fc.array(table, { maxLength: 8 }), killAfter: fc.integer({ min: 0, max: 9 }) }),
        {
          maxLength: 8,
        },
      ),
      (history) => {
        const whole = new BoundarySink();
        const killed = new BoundarySink();
        const steady = metadata(whole);
        let life = metadata(killed);
        history.forEach(({ events, killAfter }, i) => {
          const lsn = toLsn(BigInt(i + 1) * 8n);
          steady.onBegin(i, lsn, i);
          for (const name of events) event(steady, tableOf(name));
          steady.onCommit();
          life.onBegin(i, lsn, i);
          events.forEach((name, n) => {
            if (n === killAfter) {
              // Everything accepted so far was committed with its progress; the rest comes again.
              life = metadata(killed, life.unfinished);
              life.onBegin(i, lsn, i);
            }
            event(life, tableOf(name));
          });
          life.onCommit();
        });
        expect(killed.seen).toEqual(whole.seen);
      },
    ),
  );
});
