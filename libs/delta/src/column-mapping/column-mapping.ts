import type { PartitionValues } from '../actions.ts';
import type { DeltaField, DeltaStruct, DeltaType } from '../schema.ts';
import { mappingMode, physicalName, type MappingMode } from './mapping-property.ts';

type Configuration = Readonly<Record<string, string>>;

/**
 * How the files of a table, their statistics and partition values name its columns. Everything that reads or writes
 * those goes through here; everything else knows the names of the schema.
 */
export class ColumnMapping {
  /** Of files that name their columns as the schema does. */
  static readonly NONE = new ColumnMapping('none', []);

  readonly mode: MappingMode;
  readonly #byName: ReadonlyMap<string, DeltaField>;

  private constructor(mode: MappingMode, fields: readonly DeltaField[]) {
    this.mode = mode;
    this.#byName = new Map(fields.map((own) => [own.name.toLowerCase(), own]));
  }

  static of(schema: DeltaStruct, configuration: Configuration): ColumnMapping {
    const mode = mappingMode(configuration);
    return mode === 'none' ? ColumnMapping.NONE : new ColumnMapping(mode, schema.fields);
  }

  /** Name of a column in statistics, partition values and files. @throws TypeError when the table has no such column */
  storedName(name: string): string {
    return this.mode === 'none' ? name : physicalName(this.#own(name));
  }

  /**
   * A column as files have it, nested ones too: with its physical name, and its id in the metadata. Null when the
   * table lacks the column: a file may still hold one of that name, which was dropped.
   */
  storedField(wanted: DeltaField): DeltaField | null {
    if (this.mode === 'none') return wanted;
    const own = this.#byName.get(wanted.name.toLowerCase());
    return own === undefined ? null : asStored(wanted, own);
  }

  /**
   * A column of the table as the schema and as files have it; null where these are the same.
   * @throws TypeError when the table has no such column
   */
  pairOf(name: string): { readonly named: DeltaField; readonly stored: DeltaField } | null {
    if (this.mode === 'none') return null;
    const named = this.#own(name);
    return { named, stored: asStored(named, named) };
  }

  /** @throws TypeError when the table lacks one of them */
  storedFields(wanted: readonly DeltaField[]): DeltaField[] {
    return this.mode === 'none' ? [...wanted] : wanted.map((one) => asStored(one, this.#own(one.name)));
  }

  /** Partition values as `add` has them. */
  storedValues(values: PartitionValues): PartitionValues {
    if (this.mode === 'none') return values;
    return Object.fromEntries(Object.entries(values).map(([name, value]) => [this.storedName(name), value]));
  }

  /** Partition values by the names of the schema. */
  namedValues(stored: PartitionValues): PartitionValues {
    if (this.mode === 'none') return stored;
    const names = new Map([...this.#byName.values()].map((own) => [physicalName(own), own.name]));
    return Object.fromEntries(
      Object.entries(stored).map(([name, value]) => [names.get(name) ?? name, value]),
    );
  }

  #own(name: string): DeltaField {
    const own = this.#byName.get(name.toLowerCase());
    if (own === undefined) throw new TypeError(`the table has no column "${name}"`);
    return own;
  }
}

/** `wanted` decides the type, `own` the names; what is nested in a type of another form keeps its names. */
function asStored(wanted: DeltaField, own: DeltaField): DeltaField {
  return {
    ...wanted,
    name: physicalName(own),
    type: storedType(wanted.type, own.type),
    metadata: own.metadata,
  };
}

function storedType(wanted: DeltaType, own: DeltaType): DeltaType {
  if (typeof wanted === 'string' || typeof own === 'string') return wanted;
  if (wanted.type === 'array' && own.type === 'array')
    return { ...wanted, elementType: storedType(wanted.elementType, own.elementType) };
  if (wanted.type === 'map' && own.type === 'map') {
    const keyType = storedType(wanted.keyType, own.keyType);
    return { ...wanted, keyType, valueType: storedType(wanted.valueType, own.valueType) };
  }
  if (wanted.type !== 'struct' || own.type !== 'struct') return wanted;
  const byName = new Map(own.fields.map((inner) => [inner.name.toLowerCase(), inner]));
  return {
    type: 'struct',
    fields: wanted.fields.map((inner) => {
      const owned = byName.get(inner.name.toLowerCase());
      return owned === undefined ? inner : asStored(inner, owned);
    }),
  };
}
