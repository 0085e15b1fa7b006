import { topicNames } from '@hasivu/change-events';
import { SchemaRegistry } from '@hasivu/kafka';
import { expect, test } from '@jest/globals';

import { SourceUnderTest } from './source-under-test.ts';

const MOST_LIVES = 8;

test('under REPLICA IDENTITY FULL, events of before a rename have their key again when the source was killed with the new key’s schema registered', async () => {
  await using source = await SourceUnderTest.create('key-crash');
  await source.sql('CREATE TABLE parts (id int PRIMARY KEY, n int)');
  await source.sql('ALTER TABLE parts REPLICA IDENTITY FULL');
  await source.sql('INSERT INTO parts SELECT g, 0 FROM generate_series(1, 20) g');
  const options = {
    tables: ['public.parts'],
    kafka: 'topics: { partitions: 7 }',
    postgres: 'ddl: off, schemaChanges: false',
  };
  await (await source.start(options)).stop();
  // One transaction, so that no life before the last one gets past its first half.
  await source.sql(`BEGIN; UPDATE parts SET n = 1; ALTER TABLE parts RENAME id TO code;
    UPDATE parts SET n = 2; DELETE FROM parts WHERE code > 15; COMMIT`);
  const subject = `${topicNames(source.topics.prefix).change('public', 'parts')}-key`;
  const registry = new SchemaRegistry(source.topics.registry);
  const isRegistered = async (): Promise<boolean> =>
    (await registry.versions(subject)).some((schema) => schema.includes('"code"'));
  for (let nth = 1; nth <= MOST_LIVES && !(await isRegistered()); nth++) {
    const env = { HASIVU_FAILPOINT: `schema-registered:${nth}`, HASIVU_TEST_FAILPOINTS: '1' };
    const service = await source.launch({ ...options, env });
    await service.exited;
  }
  expect(await isRegistered()).toBe(true);
  await source.start(options);
  await source.settled();

  const events = await source.events('public.parts');
  expect(events.filter(({ key }) => key === null)).toEqual([]);
  const keys = new Map<unknown, Set<number>>();
  for (const { key, partition } of events) {
    const value = key?.['id'] ?? key?.['code'];
    keys.set(value, (keys.get(value) ?? new Set()).add(partition));
  }
  expect([...keys.keys()].sort((a, b) => Number(a) - Number(b))).toEqual(
    Array.from({ length: 20 }, (_, i) => i + 1),
  );
  expect([...keys.values()].filter((partitions) => partitions.size !== 1)).toEqual([]);
  const shapes = events.filter(({ op }) => op === 'u').map(({ key }) => Object.keys(key ?? {}).join());
  expect([...new Set(shapes)].sort()).toEqual(['code', 'id']);
}, 300_000);
