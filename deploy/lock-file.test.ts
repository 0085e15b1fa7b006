import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';

interface LockedPackage {
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const lock = JSON.parse(readFileSync(join(import.meta.dirname, '..', 'package-lock.json'), 'utf8')) as {
  packages: Record<string, LockedPackage>;
};

// npm leaves out a platform's package that its registry did not have on the day, and `npm ci` then refuses the file.
test('the lock file has an entry for the package of every platform, so that a fresh clone installs', () => {
  const missing = Object.entries(lock.packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter(
      (name) => !places(path, name).some((place) => place in lock.packages),
    ),
  );
  expect(missing).toEqual([]);
});

/** Where Node looks for a package from `path`: below it, then below each parent. */
function places(path: string, name: string): string[] {
  const parts = path === '' ? [] : path.split('/node_modules/');
  const parents = parts.map((_, depth) => parts.slice(0, parts.length - depth).join('/node_modules/'));
  return [...parents.map((parent) => `${parent}/node_modules/${name}`), `node_modules/${name}`];
}
