import { Type, type Static } from '@sinclair/typebox';

const Columns = (description: string) =>
  Type.Optional(Type.Array(Type.String({ minLength: 1 }), { minItems: 1, uniqueItems: true, description }));

/** One history of a table; the numbers are those of slowly changing dimensions. */
const TableHistory = Type.Object(
  {
    type: Type.Union(
      [0, 1, 2, 3, 4, 6].map((type) => Type.Literal(type)),
      {
        description:
          '0 first values, 1 newest values, 2 a row per version, 3 newest and previous values, 4 newest values and superseded versions in two tables, 6 a row per version with some columns always newest and some with their previous value',
      },
    ),
    name: Type.Optional(
      Type.String({
        pattern: '^[A-Za-z0-9_][A-Za-z0-9_-]*$',
        description:
          'Table under history/<schema>, of letters, digits, _ and -; by default <table>_scd<type>. Type 4 makes <name> and <name>_history',
      }),
    ),
    track: Columns(
      'Types 2, 4, 6: only a change of these columns opens a version (check_cols of dbt, TRACK HISTORY ON of AUTO CDC). By default all columns do',
    ),
    ignore: Columns(
      "Types 2, 4, 6: a change of these columns alone opens no version (TRACK HISTORY ON * EXCEPT of AUTO CDC): the version's row takes the value",
    ),
    retain: Columns('Type 0: columns that keep the value of the insert; by default all'),
    overwrite: Columns(
      "Type 6: columns that have the row's newest value in all of its versions. One that is also in track keeps its values and gets the newest in _current_<column>",
    ),
    previous: Columns(
      'Types 3, 6: columns whose value before their last change is kept in _previous_<column>',
    ),
  },
  { additionalProperties: false },
);

export type TableHistoryConfig = Static<typeof TableHistory>;

/** One history, or a list of them. Not a union, for the reason of `PostgresSections`. */
export const HistorySection = Type.Unsafe<TableHistoryConfig | TableHistoryConfig[]>({
  description: 'History tables of this table, one or a list; the table needs a key and its change log',
  if: { type: 'array' },
  then: Type.Array(TableHistory, { minItems: 1, maxItems: 12 }),
  else: TableHistory,
});
