import type { TableState } from '@hasivu/delta';

/** The columns of a configured Z-order that the table's files have: those that it lacks, or that name its partitions, are passed over. */
export function clusterColumns(
  { schema, metadata }: Pick<TableState, 'schema' | 'metadata'>,
  configured: readonly string[] = [],
): string[] {
  return configured.filter(
    (column) =>
      schema.fields.some((own) => own.name === column) && !metadata.partitionColumns.includes(column),
  );
}
