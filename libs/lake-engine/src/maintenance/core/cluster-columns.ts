import type { TableState } from '@hasivu/delta';

/** Names of a table's columns, and of those that name its partitions. */
export interface TableColumns {
  readonly all: ReadonlySet<string>;
  readonly partitions: readonly string[];
}

export function tableColumns({ schema, metadata }: Pick<TableState, 'schema' | 'metadata'>): TableColumns {
  return { all: new Set(schema.fields.map((own) => own.name)), partitions: metadata.partitionColumns };
}

/** The columns of a configured Z-order that the table's files have: those that it lacks, or that name its partitions, are passed over. */
export function clusterColumns(
  { all, partitions }: TableColumns,
  configured: readonly string[] = [],
): string[] {
  return configured.filter((column) => all.has(column) && !partitions.includes(column));
}
