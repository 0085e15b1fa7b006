import { describe, expect, test } from '@jest/globals';

import {
  connectorProperties,
  propertiesText,
  workerProperties,
  type DebeziumSettings,
} from './debezium-settings.ts';

const settings: DebeziumSettings = {
  databaseUrl: 'postgres://capture:a%2Fb@db.example:6543/shop',
  brokers: ['one:9092', 'two:9092'],
  topicPrefix: 'peer',
  tables: ['public.orders'],
  publication: 'p',
  slot: 's',
  snapshotMode: 'no_data',
  format: { type: 'avro', registryUrl: 'http://registry:8080/apis/ccompat/v7' },
};
const facts = { pluginPath: ['/a', '/b'], offsetsFile: '/o', port: 8083 };

describe("Debezium's settings", () => {
  test('an escaped password arrives as it is, and the port of the URL is used', () => {
    expect(connectorProperties('c', settings)).toMatchObject({
      'database.password': 'a/b',
      'database.port': '6543',
      'database.dbname': 'shop',
    });
  });
  test("a table's name is a pattern for Debezium, and a backslash survives the properties file", () => {
    expect(propertiesText(connectorProperties('c', settings))).toContain(
      'table.include.list=public\\\\.orders\n',
    );
  });
  test("Avro goes to the registry's own API, wherever the given one is", () => {
    const worker = workerProperties(settings, facts);
    expect(worker['value.converter.apicurio.registry.url']).toBe('http://registry:8080/apis/registry/v2');
  });
  test('properties of the caller win over the tuning', () => {
    const own = connectorProperties('c', { ...settings, properties: { 'max.batch.size': '10' } });
    expect(own['max.batch.size']).toBe('10');
  });
});
