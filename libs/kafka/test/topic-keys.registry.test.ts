import { randomUUID } from 'node:crypto';

import type { AvroObject } from '@hasivu/change-events';
import { expect, test } from '@jest/globals';
import { stack } from '@hasivu/testing';

import { SchemaRegistry, TopicKeys } from '../src/index.ts';
import { RegistryProxy } from './registry-proxy.ts';

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

test('keys of before are asked for again after the registry was away', async () => {
  await using proxy = await RegistryProxy.open(stack().registry.url);
  const topic = `topic-keys-${randomUUID()}`;
  await open().register(topic, keyOf('id'));
  const keys = new TopicKeys(new SchemaRegistry(proxy.url, undefined, { unavailableTimeoutMs: 200 }));
  proxy.isAway = true;
  await expect(keys.recall(topic)).rejects.toMatchObject({ code: 'REGISTRY_UNAVAILABLE' });
  proxy.isAway = false;
  await keys.recall(topic);
  expect(keys.aliases.before(topic).map(([column]) => column?.name)).toEqual(['id']);
});

test('a key that was refused is no name of before', async () => {
  const topic = `topic-keys-${randomUUID()}`;
  const keys = open();
  await keys.register(topic, keyOf('id'));
  await expect(keys.register(topic, keyOf('other', '7.2'))).rejects.toMatchObject({
    code: 'REGISTRY_INCOMPATIBLE',
  });
  expect(keys.aliases.before(topic).map(([column]) => column?.name)).toEqual(['id']);
});
