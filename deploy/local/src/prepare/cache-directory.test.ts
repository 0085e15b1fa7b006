import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { cacheDirectory, cachedDirectory } from './cache-directory.ts';

describe('the cache', () => {
  let cache = '';
  const lines: string[] = [];
  const kept = (recipe = 'v1') => ({
    name: 'part',
    label: 'Part',
    recipe,
    cache,
    report: (line: string) => void lines.push(line),
  });
  beforeEach(() => {
    cache = mkdtempSync(join(tmpdir(), 'hasivu-cache-'));
    lines.length = 0;
  });
  afterEach(() => rmSync(cache, { recursive: true, force: true }));

  test('is filled once, however many starts want it at the same time', async () => {
    let fills = 0;
    const fill = async (directory: string): Promise<void> => {
      fills++;
      await new Promise((resolve) => setTimeout(resolve, 50));
      writeFileSync(join(directory, 'file'), '');
    };
    const found = await Promise.all([
      cachedDirectory(kept(), fill),
      cachedDirectory(kept(), fill),
      cachedDirectory(kept(), fill),
    ]);
    expect(new Set(found).size).toBe(1);
    expect(fills).toBe(1);
    expect(lines).toContain('Part: downloading (once)');
    expect(lines).toContain('Part: another start is downloading it, waiting');
  });
  test('makes a directory again that an earlier start left unfinished', async () => {
    const failing = cachedDirectory(kept(), (directory) => {
      writeFileSync(join(directory, 'half'), '');
      return Promise.reject(new Error('the line was cut'));
    });
    await expect(failing).rejects.toThrow('the line was cut');
    const directory = await cachedDirectory(kept(), () => Promise.resolve());
    expect(existsSync(join(directory, 'half'))).toBe(false);
  });
  test('keeps another version beside the first', async () => {
    const first = await cachedDirectory(kept('v1'), () => Promise.resolve());
    const second = await cachedDirectory(kept('v2'), () => Promise.resolve());
    expect(first).not.toBe(second);
    expect(existsSync(first)).toBe(true);
  });
  test('lies where the environment says', () => {
    mkdirSync(cache, { recursive: true });
    expect(cacheDirectory({ HASIVU_CACHE_DIR: '/c' })).toBe('/c');
    expect(cacheDirectory({ XDG_CACHE_HOME: '/x', HOME: '/h' })).toBe('/x/hasivu');
    expect(cacheDirectory({ HOME: '/h' })).toBe('/h/.cache/hasivu');
  });
});
