import type { HasivuConfig } from '@hasivu/config';
import { describe, expect, test } from '@jest/globals';

import { chosenDatabase } from './chosen-database.ts';

const section = (name?: string) => ({ ...(name === undefined ? {} : { name }), tables: [], exclude: [] });
const configOf = (postgres: unknown): HasivuConfig =>
  ({
    kafka: { prefix: 'hasivu' },
    ...(postgres === undefined ? {} : { source: { postgres } }),
  }) as unknown as HasivuConfig;

describe('the database that a command is about', () => {
  test('is the only one, without being named', () => {
    expect(chosenDatabase(configOf(section()), 'f.yaml').prefix).toBe('hasivu');
  });

  test('is the one with that name, and its topics are under its own prefix', () => {
    const config = configOf([section('north'), section('south')]);
    expect(chosenDatabase(config, 'f.yaml', 'south').prefix).toBe('hasivu.south');
  });

  test('has to be named where there are several, and the answer says which there are', () => {
    const config = configOf([section('north'), section('south')]);
    expect(() => chosenDatabase(config, 'f.yaml')).toThrow(/--source .* north, south/);
    expect(() => chosenDatabase(config, 'f.yaml', 'west')).toThrow(/no database of the name west/);
  });

  test('needs a source in the file', () => {
    expect(() => chosenDatabase(configOf(undefined), 'f.yaml')).toThrow(/source\/postgres is missing/);
  });
});
