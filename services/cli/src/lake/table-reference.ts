import { PlatformError } from '@hasivu/errors';

/** A table of the lake as a statement names it. */
export interface TableReference {
  /** bronze, silver, history or curated. */
  readonly layer: string;
  /** Source schema, or the pipeline for curated. */
  readonly schema: string;
  readonly table: string;
}

export const LAYERS: readonly string[] = ['bronze', 'silver', 'history', 'curated'];

/** `silver.public.orders`, or with slashes as the lake has it. @throws PlatformError CLI_TABLE_UNKNOWN */
export function parseReference(name: string): TableReference {
  const [layer = '', schema = '', table = '', ...more] = name.split(name.includes('/') ? '/' : '.');
  if (table !== '' && schema !== '' && layer !== '' && more.length === 0) return { layer, schema, table };
  throw unknownTable(name);
}

/** @param why where more can be said than that there is no such table */
export function unknownTable(name: string, why?: string): PlatformError {
  return new PlatformError('CLI_TABLE_UNKNOWN', {
    doing: `opening the table ${name}`,
    ...(why === undefined ? {} : { why }),
    context: { table: name },
  });
}

export function describeReference({ layer, schema, table }: TableReference): string {
  return [layer, ...(schema ? [schema] : []), table].join('.');
}
