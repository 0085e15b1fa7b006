import { Type, type Static } from '@sinclair/typebox';

import { SecretRef } from './reusable-shapes.ts';

const ColumnName = Type.String({
  minLength: 1,
  description: 'a column, or the names it had over time, separated by |',
});

/** What leaves the database of one table. */
const TableColumns = Type.Object(
  {
    include: Type.Optional(
      Type.Array(ColumnName, { minItems: 1, description: 'Only these columns and those of the key' }),
    ),
    exclude: Type.Optional(Type.Array(ColumnName, { minItems: 1, description: 'All columns but these' })),
    mask: Type.Optional(
      Type.Record(ColumnName, Type.String(), { description: 'Text in the place of every value, by column' }),
    ),
    truncate: Type.Optional(
      Type.Record(ColumnName, Type.Integer({ minimum: 0 }), {
        description: 'Characters of the value that are kept, by column of text',
      }),
    ),
    hash: Type.Optional(
      Type.Object(
        {
          salt: SecretRef('Key of the HMAC'),
          columns: Type.Array(ColumnName, {
            minItems: 1,
            description:
              'Columns of text, uuid, integers or bytes whose value becomes its HMAC-SHA256 in hex',
          }),
        },
        { additionalProperties: false },
      ),
    ),
  },
  { additionalProperties: false },
);

const TableName = Type.String({ pattern: '^[^.*]+\\.[^.*]+$' });

export const ColumnsSection = Type.Record(TableName, TableColumns, {
  default: {},
  description: 'Columns that are left out, masked, shortened or hashed before anything is written, by table',
});

export const RowsSection = Type.Record(TableName, Type.String({ minLength: 1 }), {
  default: {},
  description:
    'SQL condition on the rows that are captured, by table; part of a publication that this service made (PostgreSQL 15)',
});

export type TableColumnsConfig = Static<typeof TableColumns>;
