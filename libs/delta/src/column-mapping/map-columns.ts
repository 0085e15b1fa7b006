import type { Metadata } from '../actions.ts';
import { parseSchema, schemaString } from '../schema.ts';
import {
  allFields,
  COLUMN_ID,
  columnId,
  mapFields,
  mappingMode,
  MAPPING_PROPERTY,
  MAX_COLUMN_ID,
  PHYSICAL_NAME,
} from './mapping-property.ts';

/**
 * The metadata with a mapping by name, for columns to be renamed and dropped: those that are there keep the names they
 * have in the files. The same metadata where the table has a mapping.
 */
export function mapColumns(metadata: Metadata): Metadata {
  if (mappingMode(metadata.configuration) !== 'none') return metadata;
  return withColumnIds(
    { ...metadata, configuration: { ...metadata.configuration, [MAPPING_PROPERTY]: 'name' } },
    null,
  );
}

/**
 * The metadata with an id and a physical name for each column that has none; as it is where the table has no mapping.
 * @param newId for the physical names of new columns, which no file may have; null where files hold the columns already
 */
export function withColumnIds(metadata: Metadata, newId: (() => string) | null): Metadata {
  if (mappingMode(metadata.configuration) === 'none') return metadata;
  const schema = parseSchema(metadata.schemaString);
  let last = allFields(schema).reduce(
    (most, own) => Math.max(most, columnId(own) ?? 0),
    Number(metadata.configuration[MAX_COLUMN_ID] ?? 0),
  );
  const numbered = mapFields(schema, (own) => {
    const physical = own.metadata[PHYSICAL_NAME] ?? (newId === null ? own.name : `col-${newId()}`);
    const id = columnId(own) ?? (last += 1);
    return { ...own, metadata: { ...own.metadata, [COLUMN_ID]: id, [PHYSICAL_NAME]: physical } };
  });
  return {
    ...metadata,
    schemaString: schemaString(numbered),
    configuration: { ...metadata.configuration, [MAX_COLUMN_ID]: String(last) },
  };
}
