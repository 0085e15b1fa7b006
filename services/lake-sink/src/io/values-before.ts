import { ColumnMapping, commonType, mapColumns, parseSchema, sameType, type DeltaField } from '@hasivu/delta';
import { engineType, identifier } from '@hasivu/lake-engine';
import type { GeneratedColumn } from '../core/generated-columns.ts';
import { withGenerated } from '../core/state-sql.ts';
import type { LakeTable, TableEvolution } from './lake-table.ts';

/** How files are read with what columns held that are computed anew. */
export interface ValuesBefore {
  /** The columns as they were. */
  readonly fields: readonly DeltaField[];
  /** How files name them, and the others by their next names. */
  readonly columns: ColumnMapping;
  /** The rows with these values in the columns' next types; null where there is none, or none of that type. */
  of(rows: string): string;
}

export function valuesBefore(
  table: LakeTable,
  { schema, columns }: TableEvolution,
  computed: readonly GeneratedColumn[],
): ValuesBefore {
  const { metadata } = table.delta.state;
  const mapped = columns.mode === 'none' ? metadata : mapColumns(metadata);
  const had = new Map(parseSchema(mapped.schemaString).fields.map((own) => [own.name, own]));
  const fields = computed.flatMap(({ own }) => {
    const before = had.get(own.name);
    const type = before === undefined ? null : commonType(before.type, own.type);
    return before !== undefined && type !== null && sameType(type, own.type) ? [before] : [];
  });
  const names = new Set(fields.map((own) => own.name));
  const read = [...schema.fields.filter((own) => !names.has(own.name)), ...fields];
  const casts = computed
    .filter(({ own }) => names.has(own.name))
    .map(
      ({ own: { name, type } }) => `CAST(${identifier(name)} AS ${engineType(type)}) AS ${identifier(name)}`,
    );
  const none = computed
    .filter(({ own }) => !names.has(own.name))
    .map(({ own }) => ({ own, sql: `NULL::${engineType(own.type)}` }));
  return {
    fields,
    columns: ColumnMapping.of({ type: 'struct', fields: read }, mapped.configuration),
    of: (rows) => {
      const replaced = casts.length === 0 ? '' : ` REPLACE (${casts.join(', ')})`;
      return `(${withGenerated(`SELECT *${replaced} FROM ${rows}`, none)})`;
    },
  };
}
