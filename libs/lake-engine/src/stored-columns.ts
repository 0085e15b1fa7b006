import { columnId, type ColumnMapping, type DeltaField, type DeltaType } from '@hasivu/delta';
import { identifier } from './engine-sql.ts';
import { namedParts } from './named-parts.ts';

/** A selected column under the name that files have, its parts too. */
export function storedAs(columns: ColumnMapping, name: string): string {
  const pair = columns.pairOf(name);
  if (pair === null) return identifier(name);
  const value = namedParts(identifier(name), pair.named.type, pair.stored.type);
  return `${value} AS ${identifier(pair.stored.name)}`;
}

/** The engine's FIELD_IDS of these columns; empty where the table maps none. */
export function storedIds(columns: ColumnMapping, names: readonly string[]): string {
  const fields = names.flatMap((name) => columns.pairOf(name)?.stored ?? []);
  return fields.length === 0 ? '' : idsOf(fields);
}

function idsOf(fields: readonly DeltaField[]): string {
  return `{${fields.map((own) => `${identifier(own.name)}: ${idTree(own.type, columnId(own))}`).join(', ')}}`;
}

function idTree(type: DeltaType, id: number | undefined): string {
  const inner = innerIds(type);
  const own = id === undefined ? [] : [`__duckdb_field_id: ${id}`];
  return inner.length === 0 && id !== undefined ? String(id) : `{${[...own, ...inner].join(', ')}}`;
}

/** Elements, keys and values have no id of their own; fields of structs among them have. */
function innerIds(type: DeltaType): string[] {
  if (typeof type === 'string') return [];
  if (type.type === 'struct')
    return type.fields.map((own) => `${identifier(own.name)}: ${idTree(own.type, columnId(own))}`);
  const parts: readonly (readonly [string, DeltaType])[] =
    type.type === 'array'
      ? [['element', type.elementType]]
      : [
          ['key', type.keyType],
          ['value', type.valueType],
        ];
  return parts.flatMap(([name, part]) => {
    const inner = innerIds(part);
    return inner.length === 0 ? [] : [`${name}: {${inner.join(', ')}}`];
  });
}
