import { parseStatistics, type AddFile, type DeltaStruct } from '@hasivu/delta';
import { compareBounds } from '../../compare-bounds.ts';

/**
 * The files by the lower bound of a column, those that do not say it in the order in which they came, behind the others:
 * neighbours hold neighbouring rows.
 */
export function inOrderOf(
  files: readonly AddFile[],
  schema: DeltaStruct,
  column: string | undefined,
): AddFile[] {
  const type = schema.fields.find((own) => own.name === column)?.type;
  const bounded = files.map((file) => ({
    file,
    min: column === undefined ? undefined : parseStatistics(file.stats).columns.get(column)?.min,
  }));
  bounded.sort((a, b) => {
    const known = Number(a.min === undefined) - Number(b.min === undefined);
    const byBound =
      type === undefined || a.min === undefined || b.min === undefined
        ? 0
        : (compareBounds(type, a.min, b.min) ?? 0);
    return (
      known ||
      byBound ||
      a.file.modificationTime - b.file.modificationTime ||
      (a.file.path < b.file.path ? -1 : 1)
    );
  });
  return bounded.map(({ file }) => file);
}
