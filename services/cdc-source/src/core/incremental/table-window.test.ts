import type { TableSchema } from '@hasivu/change-events';
import { TupleSpans } from '@hasivu/pgoutput';
import { expect, test } from '@jest/globals';

import { CapturedTable } from '../captured-table.ts';
import { OP } from '../operation.ts';
import * as pg from '../pgoutput-messages.test-data.ts';
import { ServerSnapshot } from './server-snapshot.ts';
import { TableWindow } from './table-window.ts';
import { TouchedKeys } from './touched-keys.ts';

const SCHEMA: TableSchema = {
  database: 'db',
  schema: 'public',
  table: 'items',
  columns: [{ name: 'id', type: { kind: 'int32' }, pgType: 'integer' }],
  key: [],
};

const LOOSE = new CapturedTable({
  schema: SCHEMA,
  identity: 'default',
  binary: [null],
  topic: 't',
  partitions: 1,
  valueSchemaId: 1,
  keySchemaId: null,
  version: '1',
  sourceName: 'p',
});

test('a row of a table that lost its key ends the window, and not the stream', () => {
  const window = new TableWindow('public.items', () => undefined, new TouchedKeys(10));
  const insert = pg.insert(1, ['5']);
  const row = new TupleSpans(1);
  row.scan(insert, 6, insert.length);
  window.begin(90);
  const snapshot = ServerSnapshot.parse('100:100:');
  window.snapshotTaken(snapshot);
  expect(window.row(OP.create, LOOSE, insert, null, row, 0)).toBe(false);
  // The chunk sees it: nothing has to be known of its key.
  expect(window.touched.overflowed(snapshot)).toBe(false);
  window.begin(100);
  window.row(OP.create, LOOSE, insert, null, row, 0);
  expect(window.touched.overflowed(snapshot)).toBe(true);
  expect(window.keyless).toBe(true);
});
