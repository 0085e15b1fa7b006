/** Coprime with every number of tenants up to itself: a tenant's number says nothing of its size. */
const STEP = 100_003;

/** Number of the tenant that is the n-th by size, from 1; numbers go from 0 to `tenants` - 1. */
export function tenantOfRank(rank: number, tenants: number): number {
  return (rank * STEP) % tenants;
}

/**
 * SQL of the tenant of the row numbered `row`: by Zipf's law with exponent 1, so that the largest of a thousand has every
 * eighth row and the smallest one in ten thousand. The same rows each time, large and small tenants mixed.
 */
export function tenantSql(row: string, tenants: number): string {
  const share = `((${row} * 7919::bigint) % 1000003) / 1000003.0::float8`;
  return `((floor(power(${tenants + 1}::float8, ${share}))::bigint * ${STEP}) % ${tenants})::int`;
}
