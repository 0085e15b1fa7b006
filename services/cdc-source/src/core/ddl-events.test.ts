import type { SourceMoment } from '@hasivu/change-events';
import type { LogicalMessage } from '@hasivu/pgoutput';
import { beforeEach, expect, test } from '@jest/globals';

import { DdlEvents } from './ddl-events.ts';
import { DdlTokens } from './ddl-tokens.ts';
import { DDL_PREFIX } from './ddl-trigger-sql.ts';
import { Errands } from './errands.ts';
import { SchemaChanges } from './schema-changes.ts';
import { SchemaHistory } from './schema-history.ts';

const MOMENT = { commitTsMs: 1, txId: 1, commitLsnHi: 0, commitLsnLo: 9, seq: 0 } as SourceMoment;
const drop = {
  v: 1,
  token: 'secret',
  slot: 'orders',
  kind: 'drop',
  command: 'DROP TABLE',
  oid: 1,
  schema: 'shop',
  table: 'orders',
  statement: null,
  cut: false,
};

let written: string[];
let notices: string[];
let refused: number;
let numbers: string[];
let errands: Errands;
let history: SchemaHistory;

beforeEach(() => {
  written = [];
  notices = [];
  refused = 0;
  numbers = [];
  errands = new Errands();
  history = new SchemaHistory();
});

function events(own: string | null): DdlEvents {
  const sink = { append: (topic: string) => written.push(topic) };
  const options = { sink, topic: 'changes', sourceName: 'p', database: 'd', history };
  return new DdlEvents({
    slot: 'orders',
    tokens: new DdlTokens(own, ['theirs']),
    tables: ['shop.*'],
    exclude: [],
    captured: new Set(['shop.orders']),
    history,
    schemaChanges: new SchemaChanges(options),
    ledger: { accept: () => undefined },
    errands,
    describe: () => Promise.reject(new Error('nothing is to be described')),
    compiled: () => undefined,
    numbered: (oid, columns) =>
      numbers.push(`${oid}: ${columns.map((one) => `${one.name}=${one.number}`).join(' ')}`),
    notice: (notice) => notices.push(notice),
    waiting: () => undefined,
    refused: () => refused++,
  });
}

async function tell(ddl: DdlEvents, message: unknown): Promise<void> {
  const content = Buffer.from(JSON.stringify(message));
  ddl.message({ prefix: DDL_PREFIX, transactional: true, content } as LogicalMessage, 0, MOMENT);
  await errands.run();
}

test('a message with the token of the triggers is a record', async () => {
  await tell(events('secret'), drop);
  expect([written.length, notices, refused]).toEqual([1, ['dropped'], 0]);
});

const altered = {
  ...drop,
  kind: 'table',
  command: 'ALTER TABLE',
  identity: 'd',
  comment: null,
  primaryKey: ['id'],
  identityIndex: null,
  columns: [
    {
      ...{ name: 'id', number: 3, typeOid: 23, typmod: -1, dimensions: 0, notNull: true, generated: false },
      ...{ identity: false, hasDefault: false, default: null, comment: null, published: true },
    },
  ],
};

test('the numbers of columns are known also where Kafka has the record, and from a trigger of ours only', () => {
  const at = (message: unknown): LogicalMessage =>
    ({
      prefix: DDL_PREFIX,
      transactional: true,
      content: Buffer.from(JSON.stringify(message)),
    }) as LogicalMessage;
  const ddl = events('secret');
  ddl.message(at(altered), -1, MOMENT);
  ddl.message(at({ ...altered, token: 'guess' }), -1, MOMENT);
  expect([numbers, written, refused]).toEqual([['1: id=3'], [], 0]);
});

test('one without it changes nothing, and is told once however many there are', async () => {
  const ddl = events('secret');
  for (const token of ['', 'guess', 'theirs', null, undefined, 7]) await tell(ddl, { ...drop, token });
  await tell(events(null), drop);
  expect(written).toEqual([]);
  expect(history.shapeOf('shop.orders')).toBeNull();
  expect(notices).toEqual(['forged', 'unreadable', 'forged']);
  expect(refused).toBe(7);
});

test('what triggers of another source tell is passed over without a word', async () => {
  await tell(events('secret'), { ...drop, slot: 'other', token: 'theirs' });
  expect([written, notices, refused]).toEqual([[], [], 0]);
});
