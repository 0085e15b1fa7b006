import { randomUUID } from 'node:crypto';

import type { AvroObject } from '@hasivu/change-events';
import { expect, test } from '@jest/globals';
import { stack } from '@hasivu/testing';

import { SchemaRegistry, TopicKeys } from '../src/index.ts';

const keyOf = (name: string, pgOrigin = '7.1'): AvroObject => ({
  type: 'record',
  name: 'Key',
  fields: [{ name, type: 'int', pgOrigin }],
});

/** As a process of its own has them. */
const open = (): TopicKeys => new TopicKeys(new SchemaRegistry(stack().registry.url));

test('a process that knows the keys of an hour ago registers a renamed one after another process has registered others', async () => {
  const topic = `topic-keys-${randomUUID()}`;
  const [one, other] = [open(), open()];
  const first = await one.register(topic, keyOf('id'));
  expect(first.firstKeySchemaId).toBe(first.keySchemaId);
  expect(await other.register(topic, keyOf('id'))).toEqual(first);
  const code = await one.register(topic, keyOf('code'));
  const ref = await other.register(topic, keyOf('ref'));
  expect(ref.firstKeySchemaId).toBe(first.keySchemaId);
  expect(await other.register(topic, keyOf('code'))).toEqual(code);
  expect(await one.register(topic, keyOf('ref'))).toEqual(ref);
  // A key of another column stays refused.
  await expect(one.register(topic, keyOf('code', '7.2'))).rejects.toMatchObject({
    code: 'REGISTRY_INCOMPATIBLE',
  });
});
