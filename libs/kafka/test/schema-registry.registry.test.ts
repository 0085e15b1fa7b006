import { randomUUID } from 'node:crypto';
import { SchemaRegistry as ForeignRegistry } from '@kafkajs/confluent-schema-registry';
import { expect, test } from '@jest/globals';
import { stack } from '@hasivu/testing';
import { SchemaRegistry } from '../src/index.ts';

const schemaOf = (...names: string[]): string =>
  JSON.stringify({
    type: 'record',
    name: 'Row',
    fields: names.map((name) => ({ name, type: ['null', 'string'], default: null })),
  });

function subject(): string {
  return `registry-test-${randomUUID()}-value`;
}

test('a schema gets one id, whoever asks, and a foreign client reads with it', async () => {
  const { url } = stack().registry;
  const registry = new SchemaRegistry(url);
  const name = subject();
  const [first, again] = await Promise.all([
    registry.register(name, schemaOf('a')),
    registry.register(name, schemaOf('a')),
  ]);
  expect(again).toBe(first);
  expect(await new SchemaRegistry(url).register(name, JSON.parse(schemaOf('a')) as object)).toBe(first);
  expect(JSON.parse(await registry.schemaOf(first))).toEqual(JSON.parse(schemaOf('a')));

  const foreign = new ForeignRegistry({ host: url });
  const encoded = await foreign.encode(first, { a: 'x' });
  expect(encoded.readInt32BE(1)).toBe(first);
});

test('a new subject is BACKWARD: an added column with a default passes, an incompatible change is refused by name', async () => {
  const { url } = stack().registry;
  const registry = new SchemaRegistry(url);
  const name = subject();
  const first = await registry.register(name, schemaOf('a'));
  expect(await registry.register(name, schemaOf('a', 'b'))).not.toBe(first);
  const incompatible = JSON.stringify({ type: 'record', name: 'Row', fields: [{ name: 'c', type: 'int' }] });
  await expect(registry.register(name, incompatible)).rejects.toMatchObject({
    code: 'REGISTRY_INCOMPATIBLE',
    message: expect.stringContaining(name),
  });
});

test('what is no schema, an id that nobody knows and a registry that is away are told apart', async () => {
  const { url } = stack().registry;
  const registry = new SchemaRegistry(url);
  await expect(registry.register(subject(), '{"type": "unheard-of"}')).rejects.toMatchObject({
    code: 'REGISTRY_REJECTED',
  });
  await expect(registry.schemaOf(2_000_000_000)).rejects.toMatchObject({ code: 'REGISTRY_SCHEMA_UNKNOWN' });
  const away = new SchemaRegistry('http://user:hidden@127.0.0.1:1', undefined, { unavailableTimeoutMs: 200 });
  const failure: unknown = await away.schemaOf(1).catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: 'REGISTRY_UNAVAILABLE' });
  expect(String(failure)).not.toContain('hidden');
});
