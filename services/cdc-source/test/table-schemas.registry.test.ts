import { randomUUID } from 'node:crypto';

import { SchemaRegistry, TopicKeys } from '@hasivu/kafka';
import { stack } from '@hasivu/testing';
import { expect, test } from '@jest/globals';

import { TableSchemas } from '../src/io/table-schemas.ts';

test('the keys of a topic are recalled where the schemas of its values are gone', async () => {
  const topic = `table-schemas-${randomUUID()}`;
  const { url } = stack().registry;
  await new TopicKeys(new SchemaRegistry(url)).register(topic, {
    type: 'record',
    name: 'Key',
    fields: [{ name: 'id', type: 'int', pgOrigin: '7.1' }],
  });
  const schemas = new TableSchemas(new SchemaRegistry(url), 'p');
  expect(await schemas.recall(topic)).toBeNull();
  expect(schemas.keysBefore(topic)).toEqual([[{ name: 'id', origin: '7.1', former: [] }]]);
});
