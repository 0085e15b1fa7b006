import { randomUUID } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { field } from '@hasivu/delta';
import { PlatformError } from '@hasivu/errors';
import { MemoryStore } from '@hasivu/object-store';
import { withInitial } from '../core/column-initial.ts';
import { TARGET } from '../core/row-batch.ts';
import type { TableShape } from '../core/table-shape.ts';
import type { TopicBinding } from '../core/topic-binding.ts';
import { LakeTable } from './lake-table.ts';
import { TopicTables } from './topic-tables.ts';

const FILE_BYTES = 1_000;
const id = field('id', 'integer');
const score = withInitial(field('score', 'integer'), { kind: 'int32' }, '7');
const shape = (...rowFields: TableShape['rowFields'][number][]): TableShape => ({
  rowFields,
  partitions: [],
  key: ['id'],
});

/** Bytes that a new column with a value in every row asks for, in a lake without room. */
async function askedFor(feed: TopicBinding['feed']): Promise<number[]> {
  const asked: number[] = [];
  const root = 'silver/public/t';
  const state = await LakeTable.open(root, {
    store: new MemoryStore(),
    nowMs: Date.now,
    newId: randomUUID,
    engineInfo: 'test',
    onUpkeepFailed: () => undefined,
  });
  const binding: TopicBinding = {
    topic: 't',
    table: 'public.t',
    logRoot: null,
    stateRoot: root,
    isEither: false,
    partitions: [],
    vectors: 'never',
    mapsColumns: false,
    onDrop: 'keep',
    feed,
    checks: {},
    generated: {},
    histories: [],
    codec: null,
  };
  const tables = new TopicTables(
    binding,
    { log: null, state, histories: [] },
    {
      // Nothing is rewritten where that is refused.
      engine: null as never,
      cache: null as never,
      failpoint: () => undefined,
      room: {
        fits: () => false,
        admit: (bytes) => {
          if (bytes === 0) return Promise.resolve(() => undefined);
          asked.push(bytes);
          return Promise.reject(new PlatformError('LAKE_TABLE_WITHOUT_ROOM', { doing: 'rewriting' }));
        },
      },
    },
  );
  await tables.adopt(shape(id), TARGET.state, ['id']);
  const add = { path: 'a.parquet', partitionValues: {}, size: FILE_BYTES, modificationTime: 1 };
  await state.delta.commit({ actions: [{ add: { ...add, dataChange: true } }], operation: 'WRITE' });
  await expect(tables.adopt(shape(id, score), TARGET.state, ['id'])).rejects.toMatchObject({
    code: 'LAKE_TABLE_WITHOUT_ROOM',
  });
  return asked;
}

test('rows that are rewritten and told to a change data feed, as they were and as they are, ask for three times their bytes', async () => {
  expect(await askedFor('on')).toEqual([3 * FILE_BYTES]);
  expect(await askedFor('off')).toEqual([FILE_BYTES]);
});
