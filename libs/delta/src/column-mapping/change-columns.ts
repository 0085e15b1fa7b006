import { PlatformError } from '@hasivu/errors';
import type { Metadata } from '../actions.ts';
import { parseSchema, schemaString, type DeltaField, type DeltaStruct, type DeltaType } from '../schema.ts';
import { mayName } from './column-words.ts';
import { mappingMode } from './mapping-property.ts';

/** Place of a column: names of structs' fields, and `element`, `key`, `value` of arrays and maps between them. */
export type ColumnPath = readonly string[];

/**
 * The metadata with the column called otherwise: no file changes.
 * @throws LAKE_SCHEMA_INCOMPATIBLE when the table has no mapping or no such column, has one of that name already, or
 * has a constraint or a generated column that names it
 */
export function renameColumn(metadata: Metadata, path: ColumnPath, to: string): Metadata {
  const doing = `renaming the column "${path.join('.')}" to "${to}"`;
  const schema = changeable(metadata, path, doing);
  const from = path.at(-1) as string;
  const renamed = inStruct(schema, path, doing, (fields, own) => {
    if (fields.some((other) => other !== own && sameName(other.name, to)))
      throw refused(doing, `there is a column "${to}"`, path);
    return fields.map((other) => (other === own ? { ...own, name: to } : other));
  });
  const partitionColumns =
    path.length > 1
      ? metadata.partitionColumns
      : metadata.partitionColumns.map((name) => (sameName(name, from) ? to : name));
  return { ...metadata, schemaString: schemaString(renamed), partitionColumns };
}

/**
 * The metadata without the column: no file changes, and a later column of that name has none of its values.
 * @throws LAKE_SCHEMA_INCOMPATIBLE as {@link renameColumn}, and for partition columns and the last one of a struct
 */
export function dropColumn(metadata: Metadata, path: ColumnPath): Metadata {
  const doing = `dropping the column "${path.join('.')}"`;
  const schema = changeable(metadata, path, doing);
  const [first = ''] = path;
  if (path.length === 1 && metadata.partitionColumns.some((name) => sameName(name, first)))
    throw refused(doing, 'the table is partitioned by it', path);
  const rest = inStruct(schema, path, doing, (fields, own) => {
    if (fields.length === 1) throw refused(doing, 'there is no other column beside it', path);
    return fields.filter((other) => other !== own);
  });
  return { ...metadata, schemaString: schemaString(rest) };
}

function changeable(metadata: Metadata, path: ColumnPath, doing: string): DeltaStruct {
  if (mappingMode(metadata.configuration) === 'none')
    throw refused(doing, 'the table has no column mapping, so files name columns as the schema does', path);
  const schema = parseSchema(metadata.schemaString);
  checkUnused(metadata, schema, path, doing);
  return schema;
}

/**
 * For a column that is taken out with all its values, as by a rewrite of every file.
 * @throws LAKE_SCHEMA_INCOMPATIBLE where a constraint, or another generated column, names it
 */
export function checkDroppable(metadata: Metadata, column: string): void {
  const fields = parseSchema(metadata.schemaString).fields.filter((own) => !sameName(own.name, column));
  checkUnused(metadata, { type: 'struct', fields }, [column], `dropping the column "${column}"`);
}

function checkUnused(metadata: Metadata, schema: DeltaStruct, path: ColumnPath, doing: string): void {
  const user = userOf(metadata, schema, path[0] ?? '');
  if (user !== null) throw refused(doing, `${user} names it`, path);
}

/** What of the table would no longer hold if the column were called otherwise. */
function userOf({ configuration }: Metadata, schema: DeltaStruct, column: string): string | null {
  for (const [key, value] of Object.entries(configuration)) {
    const isExpression = key.startsWith('delta.constraints.') || key === 'delta.dataSkippingStatsColumns';
    if (isExpression && mayName(value, column)) return `the property ${key}`;
  }
  for (const { name, metadata } of schema.fields) {
    for (const key of ['delta.generationExpression', 'delta.invariants']) {
      const expression = metadata[key];
      if (typeof expression === 'string' && mayName(expression, column))
        return `${key} of the column "${name}"`;
    }
  }
  return null;
}

function inStruct(
  struct: DeltaStruct,
  path: ColumnPath,
  doing: string,
  change: (fields: readonly DeltaField[], own: DeltaField) => DeltaField[],
): DeltaStruct {
  const [name = '', ...rest] = path;
  const own = struct.fields.find((inner) => sameName(inner.name, name));
  if (own === undefined) throw refused(doing, `there is no column "${name}"`, path);
  const fields =
    rest.length === 0
      ? change(struct.fields, own)
      : struct.fields.map((inner) =>
          inner === own ? { ...own, type: inType(own.type, rest, doing, change) } : inner,
        );
  return { type: 'struct', fields };
}

function inType(
  type: DeltaType,
  path: ColumnPath,
  doing: string,
  change: (fields: readonly DeltaField[], own: DeltaField) => DeltaField[],
): DeltaType {
  const [name = '', ...rest] = path;
  if (typeof type !== 'string') {
    if (type.type === 'struct') return inStruct(type, path, doing, change);
    if (type.type === 'array' && name === 'element')
      return { ...type, elementType: inType(type.elementType, rest, doing, change) };
    if (type.type === 'map' && name === 'key')
      return { ...type, keyType: inType(type.keyType, rest, doing, change) };
    if (type.type === 'map' && name === 'value')
      return { ...type, valueType: inType(type.valueType, rest, doing, change) };
  }
  throw refused(doing, `there is no "${name}" there`, path);
}

function sameName(left: string, right: string): boolean {
  return left.toLowerCase() === right.toLowerCase();
}

function refused(doing: string, why: string, path: ColumnPath): PlatformError {
  return new PlatformError('LAKE_SCHEMA_INCOMPATIBLE', { doing, why, context: { column: path.join('.') } });
}
