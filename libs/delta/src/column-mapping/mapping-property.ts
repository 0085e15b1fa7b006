import type { DeltaField, DeltaStruct, DeltaType } from '../schema.ts';

/** Table property: `name` or `id` where files name columns otherwise than the schema does. */
export const MAPPING_PROPERTY = 'delta.columnMapping.mode';
/** Table property: the greatest column id ever given out. */
export const MAX_COLUMN_ID = 'delta.columnMapping.maxColumnId';
/** Keys of a field's metadata. */
export const COLUMN_ID = 'delta.columnMapping.id';
export const PHYSICAL_NAME = 'delta.columnMapping.physicalName';

/** How columns are found in the files: by their name in the schema, by a physical name, or by Parquet's field id. */
export type MappingMode = 'none' | 'name' | 'id';

export function mappingMode(configuration: Readonly<Record<string, string>>): MappingMode {
  const mode = configuration[MAPPING_PROPERTY];
  return mode === 'name' || mode === 'id' ? mode : 'none';
}

/** Undefined where the field has none. */
export function columnId({ metadata }: DeltaField): number | undefined {
  const id = metadata[COLUMN_ID];
  return typeof id === 'number' ? id : undefined;
}

export function physicalName({ name, metadata }: DeltaField): string {
  const physical = metadata[PHYSICAL_NAME];
  return typeof physical === 'string' ? physical : name;
}

/** The struct with every field, at any depth, put through `change`: a struct's own fields first. */
export function mapFields(struct: DeltaStruct, change: (one: DeltaField) => DeltaField): DeltaStruct {
  const inType = (type: DeltaType): DeltaType => {
    if (typeof type === 'string') return type;
    if (type.type === 'array') return { ...type, elementType: inType(type.elementType) };
    if (type.type === 'map')
      return { ...type, keyType: inType(type.keyType), valueType: inType(type.valueType) };
    return mapFields(type, change);
  };
  const changed = struct.fields.map(change);
  return { type: 'struct', fields: changed.map((one) => ({ ...one, type: inType(one.type) })) };
}

/** Every field at any depth. */
export function allFields(struct: DeltaStruct): DeltaField[] {
  const fields: DeltaField[] = [];
  mapFields(struct, (one) => {
    fields.push(one);
    return one;
  });
  return fields;
}

/** A field as tables without a mapping have it, for a schema that is made from another table's. */
export function unmappedField(one: DeltaField): DeltaField {
  const bare = ({ metadata, ...rest }: DeltaField): DeltaField => {
    const { [COLUMN_ID]: _id, [PHYSICAL_NAME]: _physical, ...kept } = metadata;
    return { ...rest, metadata: kept };
  };
  return mapFields({ type: 'struct', fields: [one] }, bare).fields[0] as DeltaField;
}
