import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { EngineFile } from './engine-session.ts';
import { uploadInRuns } from './upload-runs.ts';

const MIB = 2 ** 20;
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'upload-runs-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function filesOf(sizesBytes: readonly number[]): Promise<EngineFile[]> {
  return await Promise.all(
    sizesBytes.map(async (sizeBytes, at) => {
      const path = join(folder, String(at));
      await writeFile(path, Buffer.alloc(sizeBytes, at));
      return { path, rows: 1, sizeBytes, columns: new Map(), partitionTexts: new Map() };
    }),
  );
}

/** How many bytes and files were under way at once, and the answers. */
async function upload(sizesBytes: readonly number[]) {
  const most = { bytes: 0, files: 0 };
  const now = { bytes: 0, files: 0 };
  const add = (bytes: number, files: number): void => {
    now.bytes += bytes;
    now.files += files;
    most.bytes = Math.max(most.bytes, now.bytes);
    most.files = Math.max(most.files, now.files);
  };
  const answers = await uploadInRuns(await filesOf(sizesBytes), async (file, bytes) => {
    add(bytes.byteLength, 1);
    await sleep(5);
    add(-bytes.byteLength, -1);
    return [file.path === join(folder, String(bytes[0])), bytes[0]];
  });
  return { most, answers };
}

test('small files go some at a time, in answers of their order', async () => {
  const { most, answers } = await upload(Array.from({ length: 20 }, () => 100));
  expect(most).toEqual({ files: 8, bytes: 800 });
  expect(answers).toEqual(Array.from({ length: 20 }, (_, at) => [true, at]));
});

test('large files go one by one: what is held is no more than one of them', async () => {
  const { most } = await upload([6 * MIB, 3 * MIB, 100, 9 * MIB, 100, 4 * MIB, 4 * MIB]);
  expect(most.bytes).toBe(9 * MIB);
});

test('without files nothing is asked for', async () => {
  expect(await uploadInRuns([], () => Promise.reject(new Error('never')))).toEqual([]);
});
