import { LAYOUTS, type TenantLayer } from './tenant-lake.ts';
import type { TenantsOptions } from './tenants-bench.ts';

export const TENANTS_USAGE = `Tables of many tenants of very different sizes, written by lake-sink in small flushes and kept by lake-keeper: a partition
for each tenant, and rows of all tenants in common files that are sorted by tenant.

Usage: npm run bench -- tenants [options]

  --tenants N            tenants (default 1000)
  --tenant-rows N        rows of all tenants together (default 200000)
  --flush-rows N         rows after which the sink commits (default 5000)
  --layouts LIST         partitions,clustered; both when left out
  --layers LIST          bronze,silver; bronze when left out
  --target-mib N         size that files aim at, in MiB (default 1, the least that the configuration takes)
  --json                 one JSON object on stdout in the place of the Markdown page
  --out FILE             write the JSON to FILE, and the page beside it with .md in the place of .json
`;

/** What only this benchmark has, as `parseArgs` wants it. */
export const TENANTS_ARGUMENTS = {
  tenants: { type: 'string', default: '1000' },
  'tenant-rows': { type: 'string', default: '200000' },
  'flush-rows': { type: 'string', default: '5000' },
  layouts: { type: 'string', default: LAYOUTS.join(',') },
  'target-mib': { type: 'string', default: '1' },
  layers: { type: 'string', default: 'bronze' },
} as const;

type Values = Readonly<
  Record<'tenants' | 'tenant-rows' | 'flush-rows' | 'target-mib' | 'layouts' | 'layers', string>
>;

/** @throws Error that names the option and what it takes */
export function tenantsOptions(values: Values): Omit<TenantsOptions, 'signal' | 'report'> {
  return {
    tenants: count('tenants', values.tenants),
    rows: count('tenant-rows', values['tenant-rows']),
    flushRows: count('flush-rows', values['flush-rows']),
    targetBytes: count('target-mib', values['target-mib']) << 20,
    layouts: values.layouts.split(',').map((name) => {
      const found = LAYOUTS.find((one) => one === name);
      if (found === undefined) throw new Error(`--layouts ${name}: known are ${LAYOUTS.join(', ')}`);
      return found;
    }),
    layers: values.layers.split(',').map((name): TenantLayer => {
      if (name === 'bronze' || name === 'silver') return name;
      throw new Error(`--layers ${name}: known are bronze, silver`);
    }),
  };
}

function count(option: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new Error(`--${option} ${text}: a whole number above zero`);
  return value;
}
