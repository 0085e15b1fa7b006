import { columnId, type DeltaField } from '@hasivu/delta';
import { text } from '../engine-sql.ts';
import type { EngineQueries } from '../statement-syntax.ts';

/**
 * What files call columns that they have by their ids, whatever their names. @returns by path, the names by the columns'
 * names in the log; a file that lacks one has none for it
 */
export async function namesById(
  session: EngineQueries,
  paths: readonly string[],
  stored: readonly DeltaField[],
): Promise<Map<string, ReadonlyMap<string, string>>> {
  const byId = new Map(stored.map((own) => [columnId(own), own.name]));
  const nodes = await session.rows(
    `SELECT file_name, name, num_children, field_id FROM parquet_schema([${paths.map(text).join(', ')}]) ORDER BY file_name, column_id`,
  );
  const found = new Map<string, Map<string, string>>(paths.map((path) => [path, new Map()]));
  // The nodes come depth first, after the root: so many are still to come within the top-level one.
  let within = 0;
  let file: unknown = null;
  for (const { file_name, name, num_children, field_id } of nodes) {
    const children = Number(num_children ?? 0);
    if (file_name !== file) {
      file = file_name;
      within = 0;
      continue;
    }
    if (within > 0) within += children - 1;
    else {
      within = children;
      const column = field_id === null ? undefined : byId.get(Number(field_id));
      if (column !== undefined) found.get(file_name as string)?.set(column, name as string);
    }
  }
  return found;
}
