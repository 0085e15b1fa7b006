import type { TableSchema } from '@hasivu/change-events';

/** A table of two whole numbers, for tests to which its columns are all the same. */
export const ORDERS: TableSchema = {
  database: 'db',
  schema: 'public',
  table: 'orders',
  columns: [
    { name: 'id', type: { kind: 'int32' }, pgType: 'integer' },
    { name: 'n', type: { kind: 'int32' }, pgType: 'integer' },
  ],
  key: ['id'],
};
