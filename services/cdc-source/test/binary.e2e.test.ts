import { waitFor } from '@hasivu/testing';
import { afterEach, beforeEach, expect, test } from '@jest/globals';

import { byPosition, printed, SourceUnderTest } from './source-under-test.ts';

let source: SourceUnderTest;

beforeEach(async () => {
  source = await SourceUnderTest.create('binary');
});

afterEach(async () => {
  await source[Symbol.asyncDispose]();
});

test('a type that cannot be read in binary, added while it runs, makes it stream as text: nothing lost or garbled', async () => {
  await source.sql('CREATE TABLE items (id int PRIMARY KEY, price numeric(8,2), at timestamptz)');
  await source.sql("INSERT INTO items VALUES (1, 1.5, 'infinity')");
  const service = await source.start({ tables: ['public.items'] });
  await source.sql("INSERT INTO items VALUES (2, 2.5, 'infinity')");
  await source.settled();
  expect(service.output.join()).toContain('"binary":true');
  await source.sql('ALTER TABLE items ADD kind regtype');
  await source.sql("INSERT INTO items VALUES (3, 3.5, 'infinity', 'integer')");
  await source.sql('ALTER TABLE items ADD rights aclitem[]');
  await source.sql(
    `INSERT INTO items VALUES (4, 4.5, 'infinity', 'text', ARRAY['=r/"' || current_user || '"']::aclitem[])`,
  );
  await source.settled();
  await waitFor('the restart to be logged', () => service.output.join().includes('"binary":false'));
  expect(service.output.join()).toContain('SOURCE_BINARY_UNKNOWN');
  const events = (await source.events('public.items')).sort(byPosition);
  expect(events.map(({ after }) => [after?.['id'], after?.['price'], after?.['kind']])).toEqual([
    [1, 150n, undefined],
    [2, 250n, undefined],
    [3, 350n, 'integer'],
    [4, 450n, 'text'],
  ]);
  // A copy, a stream in binary and a stream in text: the same stand-in, the same text beside it.
  for (const { after, headers } of events) {
    expect(headers).toEqual({ 'pg.text.at': 'infinity' });
    expect(after?.['at']).toBe(253402300799999999n);
  }
  expect(printed(events[3]?.after?.['rights'])).toContain('=r/');
});
