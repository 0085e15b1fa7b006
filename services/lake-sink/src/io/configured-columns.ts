import { PlatformError } from '@hasivu/errors';
import { parseGeneration, type Engine } from '@hasivu/lake-engine';
import { generatedColumn, type GeneratedColumn } from '../core/generated-columns.ts';
import { STATE_COLUMNS } from '../core/lake-columns.ts';
import { stateShape, tableFields, type TableShape } from '../core/table-shape.ts';
import type { TopicBinding } from '../core/topic-binding.ts';

/**
 * The generated columns that the configuration asks for, with the types that their expressions have over these rows.
 * @throws LAKE_SCHEMA_INCOMPATIBLE for a name that the source has too; LAKE_CONSTRAINT_UNENFORCED for an expression that
 * Spark and the engine may not mean alike, or of a column that there is not
 */
export async function configuredGenerated(
  engine: Engine,
  { table, stateRoot, generated }: TopicBinding,
  shape: TableShape,
): Promise<GeneratedColumn[]> {
  const settings = Object.entries(generated);
  if (settings.length === 0) return [];
  const state = stateShape(shape);
  const taken = new Set(tableFields(state, STATE_COLUMNS).map((own) => own.name.toLowerCase()));
  for (const [name] of settings) {
    if (!taken.has(name.toLowerCase())) continue;
    throw new PlatformError('LAKE_SCHEMA_INCOMPATIBLE', {
      doing: `generating the column "${name}" of ${table}`,
      why: 'the source has a column of that name, which silver has to mirror; give the generated one another name, or take it out of the configuration',
      context: { table, column: name },
    });
  }
  const place = { root: stateRoot ?? table, fields: state.rowFields };
  return await engine.exclusively(`reading the generated columns of ${table}`, async (session) => {
    const columns: GeneratedColumn[] = [];
    for (const [name, setting] of settings)
      columns.push(generatedColumn(name, setting, await parseGeneration(session, place, name, setting)));
    return columns;
  });
}
