import { toLsn, type TableSchema } from '@hasivu/change-events';
import { PostgresSection, type OutboxConfig } from '@hasivu/config';
import { isPlatformError } from '@hasivu/errors';
import { beforeEach, describe, expect, test } from '@jest/globals';

import { CapturedTable } from '../captured-table.ts';
import { ChangeRouter, AFTER } from '../change-router.ts';
import { Errands } from '../errands.ts';
import type { EventSink } from '../event-sink.ts';
import * as pg from '../pgoutput-messages.test-data.ts';
import { ORIGIN, PositionLedger } from '../position-ledger.ts';
import { Outbox } from './outbox.ts';

const OUTBOX = 9;
const text = (name: string): TableSchema['columns'][number] => ({
  name,
  type: { kind: 'string' },
  pgType: 'text',
});
const schema: TableSchema = {
  database: 'db',
  schema: 'public',
  table: 'outbox',
  columns: [
    { name: 'id', type: { kind: 'uuid' }, pgType: 'uuid' },
    text('aggregatetype'),
    text('aggregateid'),
    text('type'),
    { name: 'payload', type: { kind: 'json' }, pgType: 'jsonb' },
    { name: 'at', type: { kind: 'timestamptz' }, pgType: 'timestamp with time zone' },
    { name: 'shard', type: { kind: 'int32' }, pgType: 'integer' },
  ],
  key: ['id'],
};
const ID = '406c07f3-26f0-4eea-a50c-109940064b8f';
const ROW = [
  ID,
  'Order',
  '1',
  'OrderCreated',
  '{"id": 1, "big": 12345678901234567890}',
  '2026-01-01 00:00:01+00',
  '3',
];

interface Sent {
  readonly topic: string;
  readonly partition: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: Record<string, string>;
  readonly timestampMs: number;
}

let sent: Sent[];
let updates: [string, number][];
let opened: string[];

const sink: EventSink = {
  append(topic, partition, key, keyStart, keyEnd, value, start, end, timestampMs, headers) {
    sent.push({
      topic,
      partition,
      key: key?.toString('utf8', keyStart, keyEnd) ?? null,
      value: value?.toString('utf8', start, end) ?? null,
      headers: Object.fromEntries((headers ?? []).map(([name, bytes]) => [name, bytes.toString()])),
      timestampMs,
    });
  },
};

const DEFAULTS: OutboxConfig = {
  table: 'public.outbox',
  columns: { id: 'id', key: 'aggregateid', route: 'aggregatetype', payload: 'payload' },
  routePattern: '(?<routedByValue>.*)',
  topic: 'outbox.event.${routedByValue}',
  additional: [],
  missingColumn: 'error',
  onUpdate: 'warn',
  tombstoneOnEmptyPayload: false,
  expandJsonPayload: false,
  format: 'raw',
};

beforeEach(() => {
  sent = [];
  updates = [];
  opened = [];
});

/** Feeds one transaction with these messages to a router whose outbox has this configuration. */
async function play(config: Partial<OutboxConfig>, ...messages: readonly Buffer[]): Promise<Sent[]> {
  const ledger = new PositionLedger({ position: ORIGIN, confirmLsn: toLsn(0n) });
  const errands = new Errands();
  const outbox = new Outbox({
    config: { ...DEFAULTS, ...config },
    sink,
    ledger,
    errands,
    openTopic: (topic) => {
      opened.push(topic);
      return Promise.resolve({ partitions: 4, header: null });
    },
    onUpdates: (table, rows) => updates.push([table, rows]),
  });
  const router = new ChangeRouter({
    ledger,
    sink,
    coverage: () => toLsn(0n),
    tapOf: () => outbox,
    observers: [outbox],
  });
  router.messages.register('outbox', (message, seq) => outbox.message(message, seq, 77));
  const relation = pg.relation({
    oid: OUTBOX,
    table: 'outbox',
    columns: schema.columns.map(({ name }) => ({ name, typeOid: 25, key: name === 'id' })),
  });
  for (const message of [pg.begin(100n, 5_000_000n, 1), relation, ...messages, pg.commit(100n, 101n)]) {
    while (router.handle(message, 0, message.length, 0, 1) === AFTER.adoptRelation) {
      const options = { topic: 'p.public.outbox', partitions: 1, valueSchemaId: 1, keySchemaId: 2 };
      router.adopt(
        new CapturedTable({
          ...options,
          schema,
          binary: [],
          identity: 'default',
          version: '1',
          sourceName: 'p',
        }),
      );
    }
    await errands.run();
  }
  expect(ledger.pendingEvents).toBe(sent.length);
  return sent;
}

const insert = (changed: Record<number, string | null> = {}): Buffer =>
  pg.insert(
    OUTBOX,
    ROW.map((value, i) => (i in changed ? (changed[i] as string | null) : value)),
  );

async function codeOf(run: Promise<unknown>): Promise<string> {
  try {
    await run;
    return 'none';
  } catch (error) {
    return isPlatformError(error) ? `${error.code}: ${error.message}` : String(error);
  }
}

describe("Debezium's documented event router", () => {
  const PAYLOAD = ROW[4] as string;

  test('an insert goes to outbox.event.<aggregatetype>, keyed by aggregateid, with the header id and the payload', async () => {
    expect(await play({}, insert())).toEqual([
      {
        topic: 'outbox.event.Order',
        partition: expect.any(Number),
        key: '1',
        value: PAYLOAD,
        headers: { id: ID },
        timestampMs: 946_684_805_000,
      },
    ]);
  });

  test.each<[string, Partial<OutboxConfig>, Record<number, string | null>, Partial<Sent>]>([
    [
      'route.topic.replacement',
      { topic: 'shop.${routedByValue}.events' },
      {},
      { topic: 'shop.Order.events' },
    ],
    ['route.topic.regex', { routePattern: '(?<first>.).*', topic: 'shop.${first}' }, {}, { topic: 'shop.O' }],
    ['a regex that does not fit', { routePattern: 'x(.*)' }, {}, { topic: 'Order' }],
    [
      'route.by.field',
      { columns: { ...DEFAULTS.columns, route: 'type' } },
      {},
      { topic: 'outbox.event.OrderCreated' },
    ],
    ['table.field.event.key', { columns: { ...DEFAULTS.columns, key: 'type' } }, {}, { key: 'OrderCreated' }],
    ['an empty key', {}, { 2: null }, { key: null }],
    [
      'table.field.event.timestamp',
      { columns: { ...DEFAULTS.columns, timestamp: 'at' } },
      {},
      { timestampMs: 1_767_225_601_000 },
    ],
    [
      'a null timestamp',
      { columns: { ...DEFAULTS.columns, timestamp: 'at' } },
      { 5: null },
      { timestampMs: 946_684_805_000 },
    ],
    ['a header', { additional: ['type:header'] }, {}, { headers: { id: ID, type: 'OrderCreated' } }],
    [
      'a header with an alias',
      { additional: ['type:header:eventType'] },
      {},
      { headers: { id: ID, eventType: 'OrderCreated' } },
    ],
    ['the partition', { additional: ['shard:partition'] }, {}, { partition: 3 }],
    [
      'an envelope',
      { additional: ['type:envelope', 'shard:envelope:s'] },
      {},
      { value: `{"payload":${JSON.stringify(PAYLOAD)},"type":"OrderCreated","s":3}` },
    ],
    [
      'table.expand.json.payload',
      { additional: ['type:envelope'], expandJsonPayload: true },
      {},
      { value: `{"payload":${PAYLOAD},"type":"OrderCreated"}` },
    ],
    [
      'expanding what is not JSON',
      { additional: ['type:envelope'], expandJsonPayload: true },
      { 4: '{oops' },
      { value: '{"payload":"{oops","type":"OrderCreated"}' },
    ],
    ['a null payload', {}, { 4: null }, { value: null }],
    ['an empty payload without tombstones', {}, { 4: ' ' }, { value: ' ' }],
    ['route.tombstone.on.empty.payload', { tombstoneOnEmptyPayload: true }, { 4: ' ' }, { value: null }],
    [
      'a tombstone in the place of an envelope',
      { tombstoneOnEmptyPayload: true, additional: ['type:envelope'] },
      { 4: null },
      { value: null },
    ],
    [
      'a missing additional field that is ignored',
      { additional: ['no:header'], missingColumn: 'ignore' },
      {},
      { headers: { id: ID } },
    ],
  ])('%s', async (_, config, row, expected) => {
    expect(await play(config, insert(row))).toMatchObject([expected]);
  });

  test('a missing additional field, a route that is null: an error', async () => {
    expect(await codeOf(play({ additional: ['no:header'] }, insert()))).toContain('SOURCE_OUTBOX');
    expect(await codeOf(play({}, insert({ 1: null })))).toContain('"aggregatetype"');
  });

  test('deletes are ignored; updates warn, are errors, or end it', async () => {
    const update = pg.update(OUTBOX, ROW);
    const remove = pg.remove(OUTBOX, ['K', [ID, null, null, null, null, null, null]]);
    expect(await play({}, insert(), update, update, remove, pg.truncate(OUTBOX))).toHaveLength(1);
    expect(updates).toEqual([['public.outbox', 2]]);
    expect(await codeOf(play({ onUpdate: 'fatal' }, update))).toContain('SOURCE_OUTBOX');
  });
});

test('a topic is opened once, and what comes meanwhile keeps its order', async () => {
  const rows = ['a', 'b', 'c', 'd'].map((type, i) => insert({ 1: i === 2 ? 'Other' : 'Order', 3: type }));
  const seen = await play({ additional: ['type:header'] }, ...rows);
  expect(seen.map(({ headers }) => headers['type'])).toEqual(['a', 'b', 'c', 'd']);
  expect(opened).toEqual(['outbox.event.Order', 'outbox.event.Other']);
});

test('a logical message is a message too, its numbers untouched', async () => {
  const content = `{"id":"m1","aggregatetype":"Order","aggregateid":7,"payload":{"n":12345678901234567890,"x":1.50}}`;
  expect(await play({ messagePrefix: 'outbox' }, pg.logical(true, 90n, 'outbox', content))).toMatchObject([
    {
      topic: 'outbox.event.Order',
      key: '7',
      value: '{"n":12345678901234567890,"x":1.50}',
      headers: { id: 'm1' },
    },
  ]);
  expect(await codeOf(play({}, pg.logical(true, 90n, 'outbox', 'not json')))).toContain('not JSON');
});

test('the defaults are those of the configuration', () => {
  const outbox = PostgresSection.properties.outbox;
  expect(
    Object.fromEntries(
      Object.entries(outbox.properties).flatMap(([k, v]) =>
        'default' in v && k !== 'columns' ? [[k, v.default]] : [],
      ),
    ),
  ).toEqual(
    expect.objectContaining({
      topic: DEFAULTS.topic,
      routePattern: DEFAULTS.routePattern,
      onUpdate: 'warn',
      format: 'raw',
    }),
  );
});
