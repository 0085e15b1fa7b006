import {
  generatedFields,
  generationExpression,
  unmappedField,
  type DeltaField,
  type TableState,
} from '@hasivu/delta';
import { generationOf, type EngineSession } from '@hasivu/lake-engine';
import type { GeneratedColumn } from '../core/generated-columns.ts';
import { stateFields } from '../core/state-sql.ts';
import type { TableShape } from '../core/table-shape.ts';

/** What was found for a schema, so that a merge does not parse what the one before has parsed. */
interface Known {
  readonly schemaString: string;
  readonly rowFields: TableShape['rowFields'];
  readonly generated: readonly GeneratedColumn[];
}

/** Finds the columns of tables that the rows of a merge have computed. */
export class GeneratedShapes {
  readonly #known = new Map<string, Known>();

  /**
   * The batch's shape with the table's generated columns, whoever declared them; those that the source sends are given.
   * @throws LAKE_CONSTRAINT_UNENFORCED where the engine cannot compute one as Spark does
   */
  async of(
    session: EngineSession,
    table: { readonly root: string; readonly state: TableState },
    shape: TableShape,
  ): Promise<TableShape> {
    const { metadata, schema, protocol } = table.state;
    if (generatedFields(schema, protocol).length === 0) return shape;
    const { rowFields } = shape;
    const known = this.#known.get(table.root);
    if (known?.schemaString === metadata.schemaString && known.rowFields === rowFields)
      return { ...shape, generated: known.generated };
    const generated = await declaredGenerated(session, table, shape);
    this.#known.set(table.root, { schemaString: metadata.schemaString, rowFields, generated });
    return { ...shape, generated };
  }
}

/**
 * Generated columns of the table as rows of the shape have them computed; not those that the source sends.
 * @throws LAKE_CONSTRAINT_UNENFORCED where the engine cannot compute one as Spark does
 */
export async function declaredGenerated(
  session: EngineSession,
  { root, state }: { readonly root: string; readonly state: TableState },
  shape: TableShape,
  isAsked: (own: DeltaField) => boolean = () => true,
): Promise<GeneratedColumn[]> {
  const { metadata, schema, protocol } = state;
  const given = new Set(shape.rowFields.map((own) => own.name.toLowerCase()));
  // A column that names partitions is in no file: its constraint says that it is not held.
  for (const name of metadata.partitionColumns) given.add(name.toLowerCase());
  const place = { root, schema: { type: 'struct', fields: stateFields(shape) } } as const;
  const generated: GeneratedColumn[] = [];
  for (const column of generatedFields(schema, protocol).filter(isAsked)) {
    if (given.has(column.name.toLowerCase())) continue;
    const own = unmappedField(column);
    const { sql, columns } = await generationOf(session, place, own, generationExpression(own) as string);
    generated.push({ own, sql, columns });
  }
  return generated;
}
