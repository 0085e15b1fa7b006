import { spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from '@jest/globals';

const root = join(import.meta.dirname, '..');
const projects = globSync(
  ['libs/*/package.json', 'services/*/package.json', 'deploy/*/package.json', 'bench/package.json'],
  { cwd: root },
).map((path) => ({
  path,
  tags: (JSON.parse(readFileSync(join(root, path), 'utf8')) as { nx?: { tags?: string[] } }).nx?.tags ?? [],
}));
const { depConstraints } = (await import(join(root, 'eslint.config.js'))) as {
  depConstraints: { sourceTag: string; onlyDependOnLibsWithTags: string[] }[];
};

function lint(asFile: string, text: string): string {
  const result = spawnSync(
    process.execPath,
    [
      join(root, 'node_modules/eslint/bin/eslint.js'),
      '--stdin',
      '--stdin-filename',
      asFile,
      '--format',
      'json',
    ],
    {
      cwd: root,
      input: text,
      encoding: 'utf8',
      // A single run would lint the file on disk in the place of this text.
      env: { ...process.env, NODE_OPTIONS: '', NX_DAEMON: 'false', TSESTREE_SINGLE_RUN: 'false' },
    },
  );
  return result.stdout;
}

describe('boundaries', () => {
  test.each(projects)('$path says what it is and where it belongs', ({ tags }) => {
    expect(tags.filter((tag) => tag.startsWith('type:'))).toHaveLength(1);
    expect(tags.filter((tag) => tag.startsWith('scope:'))).toHaveLength(1);
  });

  test('every kind of project has a row, and no row lets everything through', () => {
    const rows = depConstraints.map((row) => row.sourceTag);
    expect(JSON.stringify(depConstraints)).not.toContain('"*"');
    for (const type of new Set(projects.flatMap(({ tags }) => tags.filter((tag) => tag.startsWith('type:')))))
      expect(rows).toContain(type);
  });

  test('a service that imports a service, and a codec that imports an adapter, are refused', () => {
    spawnSync(process.execPath, [join(root, 'node_modules/nx/dist/bin/nx.js'), 'show', 'projects'], {
      cwd: root,
      env: { ...process.env, NODE_OPTIONS: '', NX_DAEMON: 'false' },
    });
    expect(lint('libs/errors/src/index.ts', "export * from '@hasivu/kafka';\n")).toContain(
      '@nx/enforce-module-boundaries',
    );
    expect(lint('libs/config/src/index.ts', "export * from '@hasivu/lake-sink';\n")).toContain(
      '@nx/enforce-module-boundaries',
    );
    expect(lint('libs/errors/src/index.ts', 'export {};\n')).not.toContain('enforce-module-boundaries');
  });
});
