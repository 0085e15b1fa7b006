import {
  measureTenantLake,
  type TenantLakeFigures,
  type TenantLayer,
  type TenantLayout,
} from './tenant-lake.ts';
import { tenantOfRank } from './tenant-sizes.ts';
import { withTenantTopic } from './tenant-topic.ts';

export interface TenantsOptions {
  readonly tenants: number;
  readonly rows: number;
  readonly flushRows: number;
  readonly layouts: readonly TenantLayout[];
  readonly layers: readonly TenantLayer[];
  /** Of a file; a table with thirty-two times the rows of the usual run aims at 32 MiB by itself. */
  readonly targetBytes: number;
  readonly signal: AbortSignal;
  readonly report: (line: string) => void;
}

export interface TenantsResult {
  readonly tenants: number;
  readonly rows: number;
  readonly flushRows: number;
  readonly targetBytes: number;
  /** Places of the tenants whose reads are told, by size from 1. */
  readonly ranks: readonly number[];
  readonly lakes: readonly TenantLakeFigures[];
}

/** The same rows of many tenants in both layouts: what writing, keeping and reading them costs. */
export async function benchTenants(options: TenantsOptions): Promise<TenantsResult> {
  const { tenants, flushRows, layouts, layers, targetBytes, signal, report } = options;
  const ranks = [1, Math.ceil(tenants / 10), Math.ceil(tenants / 2), tenants];
  return await withTenantTopic(options, async (topic) => {
    const lakes: TenantLakeFigures[] = [];
    for (const layout of layouts)
      lakes.push(
        await measureTenantLake(topic, {
          layout,
          layers,
          flushRows,
          targetBytes,
          readers: ranks.map((rank) => tenantOfRank(rank, tenants)),
          signal,
          report,
        }),
      );
    return { tenants, rows: topic.rows, flushRows, targetBytes, ranks, lakes };
  });
}
