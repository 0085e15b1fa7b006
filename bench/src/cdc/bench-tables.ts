import { ORDERS_TABLE } from '../orders-table.ts';

/** A table of the benchmark; `id` is its key, and every value follows from it. */
export interface BenchTable {
  readonly name: 'narrow' | 'orders' | 'wide';
  readonly create: string;
  /** Select list of a row from `id`. */
  readonly row: string;
  /** SET clause of an update that changes what a business update would. */
  readonly update: string;
}

const WIDE = [
  ...columns('text', 24, (n) => `md5((id + ${n})::text) || md5((id * ${n})::text)`),
  ...columns('int', 15, (n) => `((id * ${n}) % 100000)::int`),
  ...columns('bigint', 5, (n) => `id * ${n}`),
  ...columns('numeric(12,2)', 6, (n) => `((id * ${n}) % 1000000) / 100.0`),
  ...columns('timestamptz', 4, () => 'now()'),
  ...columns('boolean', 4, (n) => `(id + ${n}) % 2 = 0`),
  ...columns('double precision', 1, () => 'id / 7.0'),
];

export const BENCH_TABLES: readonly BenchTable[] = [
  {
    name: 'narrow',
    create: 'create table narrow (id bigint primary key, device int not null, value double precision)',
    row: 'id, (id % 1000)::int, id / 7.0',
    update: 'value = value + 1',
  },
  {
    name: 'orders',
    create: ORDERS_TABLE,
    row: `id, (id % 500)::int, (id % 1000)::int, (id * 7919) % 100000, 'item-' || (id % 200), (1 + id % 5)::int,
      (id % 1000) / 10.0 + 1, (array['placed','paid','cooking','served'])[1 + id % 4], 'note ' || md5(id::text), now(), now(),
      jsonb_build_object('allergens', array['nut','milk'], 'kitchen', id % 40)`,
    update: "status = 'paid', quantity = quantity + 1, updated_at = now()",
  },
  {
    // 60 columns, about 2 KB.
    name: 'wide',
    create: `create table wide (id bigint primary key, ${WIDE.map(({ name, type }) => `${name} ${type}`).join(', ')})`,
    row: `id, ${WIDE.map(({ value }) => value).join(', ')}`,
    update: 'int_1 = int_1 + 1, text_1 = text_2',
  },
];

interface WideColumn {
  readonly name: string;
  readonly type: string;
  readonly value: string;
}

function columns(type: string, count: number, value: (n: number) => string): WideColumn[] {
  const stem = type.replace(/\W.*$/, '');
  return Array.from({ length: count }, (_, i) => ({
    name: `${stem}_${i + 1}`,
    type,
    value: value(i + 1),
  }));
}
