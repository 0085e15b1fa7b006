import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { describe, expect, test } from '@jest/globals';

import { references } from './generate.ts';

const root = join(import.meta.dirname, '..');
const pages = globSync(
  ['README.md', 'docs/**/*.md', 'libs/*/*.md', 'services/*/*.md', 'deploy/**/*.md', 'bench/*.md'],
  {
    cwd: root,
    exclude: (path) => path.includes('node_modules'),
  },
);

describe('documents', () => {
  test.each(Object.entries(references()))(
    '%s is what the code says (node docs/generate.ts writes it)',
    (name, text) => {
      expect(readFileSync(join(import.meta.dirname, name), 'utf8')).toBe(text);
    },
  );

  test.each(pages)('every path that %s names exists', (page) => {
    const text = readFileSync(join(root, page), 'utf8');
    const links = [...text.matchAll(/\]\(([^)#:\s]+)(?:#[^)]*)?\)/g)].map((match) =>
      join(dirname(page), match[1] as string),
    );
    const anchors = [...text.matchAll(/`((?:libs|services|deploy|docs|bench)\/[A-Za-z0-9_./-]+)`/g)].map(
      (match) => match[1] as string,
    );
    expect([...links, ...anchors].filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });
});
