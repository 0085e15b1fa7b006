import { randomUUID } from 'node:crypto';
import { SchemaRegistry as ForeignRegistry } from '@kafkajs/confluent-schema-registry';
import { expect, test } from '@jest/globals';
import { stack } from '@hasivu/testing';
import { SchemaRegistry } from '../src/index.ts';
import { RegistryProxy } from './registry-proxy.ts';

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

test('a subject’s schemas are all those that are not deleted; its first id stays when that schema is deleted, unless for good', async () => {
  const { url } = stack().registry;
  const registry = new SchemaRegistry(url);
  const name = subject();
  const ids: number[] = [];
  for (const names of [['a'], ['a', 'b'], ['a', 'b', 'c']])
    ids.push(await registry.register(name, schemaOf(...names)));
  const texts = [['a'], ['a', 'b'], ['a', 'b', 'c']].map(
    (names) => JSON.parse(schemaOf(...names)) as unknown,
  );
  const versions = async (): Promise<unknown[]> =>
    (await registry.versions(name)).map((one) => JSON.parse(one) as unknown);
  expect(await versions()).toEqual(texts);
  const firstNow = (): Promise<number> => new SchemaRegistry(url).firstId(name);
  const remove = async (path: string): Promise<void> => {
    expect((await fetch(`${url}/subjects/${name}${path}`, { method: 'DELETE' })).status).toBe(200);
  };
  expect(await registry.firstId(name)).toBe(ids[0]);
  await remove('/versions/1');
  expect(await firstNow()).toBe(ids[0]);
  expect(await versions()).toEqual(texts.slice(1));
  await remove('/versions/1?permanent=true');
  expect(await firstNow()).toBe(ids[1]);
  expect(await registry.firstId(name)).toBe(ids[0]);
  // The whole subject, and a schema under it again.
  await remove('');
  expect(await versions()).toEqual([]);
  await expect(firstNow()).rejects.toMatchObject({ code: 'REGISTRY_REJECTED' });
  await new SchemaRegistry(url).register(name, schemaOf('z'));
  expect(await firstNow()).toBe(ids[1]);
});

test('a key that never changed costs one request to recall, others one per version and one more, and its first id none', async () => {
  await using proxy = await RegistryProxy.open(stack().registry.url);
  const name = subject();
  const path = `/subjects/${name}/versions`;
  const asked = async (): Promise<{ known: number; firstId: number | null; requests: string[] }> => {
    const registry = new SchemaRegistry(proxy.url);
    proxy.requests.length = 0;
    const known = (await registry.versions(name)).length;
    const firstId = known === 0 ? null : await registry.firstId(name);
    return { known, firstId, requests: proxy.requests.map((one) => one.replace(`GET ${path}`, '')) };
  };
  expect(await asked()).toEqual({ known: 0, firstId: null, requests: ['/latest'] });
  const registry = new SchemaRegistry(stack().registry.url);
  const firstId = await registry.register(name, schemaOf('a'));
  expect(await asked()).toEqual({ known: 1, firstId, requests: ['/latest'] });
  await registry.register(name, schemaOf('a', 'b'));
  await registry.register(name, schemaOf('a', 'b', 'c'));
  expect(await asked()).toEqual({ known: 3, firstId, requests: ['/latest', '', '/1', '/2'] });
  // Deleted, the first is still the first, and is asked for by itself.
  await fetch(`${stack().registry.url}${path}/1`, { method: 'DELETE' });
  expect(await asked()).toEqual({ known: 2, firstId, requests: ['/latest', '', '/2', '/1?deleted=true'] });
});
