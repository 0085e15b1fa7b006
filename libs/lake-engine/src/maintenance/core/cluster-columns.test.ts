import { field } from '@hasivu/delta';
import { expect, test } from '@jest/globals';
import { clusterColumns, tableColumns } from './cluster-columns.ts';

test('a configured Z-order is over the columns that the table’s files have', () => {
  const schema = {
    type: 'struct',
    fields: [field('id', 'long'), field('day', 'date'), field('n', 'long')],
  } as const;
  const metadata = { partitionColumns: ['day'] } as unknown as Parameters<typeof tableColumns>[0]['metadata'];
  expect(clusterColumns(tableColumns({ schema, metadata }), ['n', 'day', 'gone', 'id'])).toEqual(['n', 'id']);
  expect(clusterColumns(tableColumns({ schema, metadata }), ['day'])).toEqual([]);
  expect(clusterColumns(tableColumns({ schema, metadata }))).toEqual([]);
});
