import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, describe, expect, test } from '@jest/globals';

import { capturedDatabases, topicPrefixOf } from './captured-databases.ts';
import { configMistakes, loadConfig } from './load-config.ts';

const dir = mkdtempSync(join(tmpdir(), 'hasivu-databases-'));
afterAll(() => rmSync(dir, { recursive: true }));

const ENV = { NORTH: 'postgres://u:p@north/db', SOUTH: 'postgres://u:p@south/db' };
const NORTH = '{ name: north, url: "env:NORTH", tables: ["public.*"], slot: north }';
const SOUTH = '{ name: south-1, url: "env:SOUTH", tables: ["public.orders", "shop.*"], slot: south }';

function file(postgres: string, rest = ''): string {
  const path = join(dir, `${Math.random().toString(36).slice(2)}.yaml`);
  const kafka = 'kafka: { brokers: ["127.0.0.1:9092"], registry: "http://127.0.0.1:8085/api", prefix: h }';
  writeFileSync(path, `version: 1\nsource: { postgres: ${postgres} }\n${kafka}\n${rest}`);
  return path;
}

const pipeline = (from: string, source = ''): string =>
  `pipelines: [{ name: clean, from: ["${from}"], to: out${source} }]`;
const told = (postgres: string, rest = ''): string[] =>
  configMistakes(file(postgres, rest), ENV).map(({ path, reason }) => `${path} ${reason}`);

describe('source.postgres', () => {
  test('as one section is one database without a name, whose topics begin with kafka.prefix', () => {
    const config = loadConfig(file('{ url: "env:NORTH", tables: ["public.*"] }'), ENV);
    expect(capturedDatabases(config)).toEqual([
      expect.objectContaining({ name: null, prefix: 'h', path: '/source/postgres' }),
    ]);
  });

  test('as a list is several, with all their defaults and topics that begin with their names', () => {
    const third =
      '{ prefix: other.place, url: "postgres://c", tables: ["a.b"], name: c, publication: c, slot: c }';
    const config = loadConfig(file(`[${NORTH}, ${SOUTH}, ${third}]`), ENV);
    const databases = capturedDatabases(config);
    expect(databases.map(({ name, prefix, path }) => [name, prefix, path])).toEqual([
      ['north', 'h.north', '/source/postgres/0'],
      ['south-1', 'h.south-1', '/source/postgres/1'],
      ['c', 'other.place', '/source/postgres/2'],
    ]);
    expect(databases.map(({ postgres }) => postgres)).toMatchObject([
      { url: ENV.NORTH, publication: 'hasivu', snapshot: 'initial', retainedLog: {}, exclude: [] },
      { url: ENV.SOUTH, publication: 'hasivu', slot: 'south' },
      { publication: 'c' },
    ]);
  });

  test('an empty list is no source', () => {
    expect(told('[]')).toEqual([expect.stringContaining('/source/postgres must NOT have fewer than 1')]);
  });

  test('mistakes of an entry are told with its place, and only those of the form that was chosen', () => {
    expect(told(`[${NORTH}, { name: south, url: "env:SOUTH", tables: [], slott: x }]`)).toEqual([
      expect.stringContaining('/source/postgres/1/slott is not a known field'),
      expect.stringContaining('/source/postgres/1/tables must NOT have fewer than 1'),
    ]);
    expect(told('{ url: "env:NORTH" }')).toEqual(['/source/postgres/tables is missing']);
    expect(told('7')).toEqual(['/source/postgres must be object']);
  });

  test.each([
    ['a name', NORTH, NORTH.replace('slot: north', 'slot: b, prefix: b'), '/1/name a second database'],
    [
      'no name',
      NORTH.replace('name: north, ', ''),
      SOUTH.replace('name: south-1, ', ''),
      '/1/name is missing',
    ],
    ['a slot', NORTH, SOUTH.replace('slot: south', 'slot: north'), '/1/slot north is the slot of'],
    ['topics', NORTH, SOUTH.replace('slot:', 'prefix: h.north, slot:'), '/1/prefix the topics of'],
    [
      'topics of a schema',
      SOUTH.replace('name: south-1, ', ''),
      NORTH.replace('name: north', 'name: shop'),
      '/1/prefix h.shop is what the topics of the schema shop of /source/postgres/0 begin with',
    ],
    [
      'reserved topics',
      NORTH,
      SOUTH.replace('south-1', 'curated'),
      '/1/prefix h.curated is for other topics',
    ],
  ])('two databases cannot share %s', (_, first, second, mistake) => {
    expect(told(`[${first}, ${second}]`)).toEqual(
      expect.arrayContaining([expect.stringContaining(`/source/postgres${mistake}`)]),
    );
  });

  test('a variable of the environment means an entry by its name or its place, or is a mistake', () => {
    const path = file(`[${NORTH}, ${SOUTH}]`);
    const config = loadConfig(path, {
      ...ENV,
      HASIVU__SOURCE__POSTGRES__SOUTH_1__SLOT: 'a',
      HASIVU__SOURCE__POSTGRES__0__SLOT: 'b',
    });
    expect(capturedDatabases(config).map(({ postgres }) => postgres.slot)).toEqual(['b', 'a']);
    for (const name of ['URL', 'EAST__URL', '2__URL']) {
      const mistakes = configMistakes(path, { ...ENV, [`HASIVU__SOURCE__POSTGRES__${name}`]: 'x' });
      expect(mistakes).toEqual([
        {
          path: '/source/postgres',
          reason: `has no entry for the variable HASIVU__SOURCE__POSTGRES__${name}`,
        },
      ]);
    }
  });
});

describe('a pipeline over several databases', () => {
  test('finds the only one with its table, or the one it names', () => {
    const config = loadConfig(file(`[${NORTH}, ${SOUTH}]`, pipeline('shop.items')), ENV);
    expect(topicPrefixOf(config, 'shop.items')).toBe('h.south-1');
    expect(topicPrefixOf(config, 'public.orders', 'north')).toBe('h.north');
    expect(told(`[${NORTH}, ${SOUTH}]`, pipeline('public.orders', ', source: south-1'))).toEqual([]);
  });

  test('is told where a table is not clear', () => {
    const both = `[${NORTH}, ${SOUTH}]`;
    expect(told(both, pipeline('public.orders'))).toEqual([
      '/pipelines/0/from/0 public.orders is captured from north and south-1: say with source which one is meant',
    ]);
    expect(told(both, pipeline('shop.items', ', source: north'))).toEqual([
      '/pipelines/0/from/0 shop.items is not captured by source.postgres.tables',
    ]);
    expect(told(both, pipeline('shop.items', ', source: east'))).toEqual([
      '/pipelines/0/source no database is named east',
    ]);
    expect(told(both, 'tables: { other.items: {} }')).toEqual([
      '/tables/other.items other.items is not captured by source.postgres.tables',
    ]);
  });
});
