import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { ownFolder, type OwnFolder } from './process-folder.ts';

/** Process numbers end at 2^22 on Linux. */
const NO_PID = 2 ** 22 + 1;
const OTHER_PLACE = 'abcdefabcdef';
const DAYS_AGO = Date.now() / 1_000 - 2 * 86_400;
let parent: string;
let open: OwnFolder[];
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'process-folder-'));
  open = [];
});
afterEach(async () => {
  for (const one of open) await one.remove();
  await rm(parent, { recursive: true, force: true });
});

async function own(): Promise<OwnFolder> {
  const folder = await ownFolder(parent, 'p-');
  open.push(folder);
  return folder;
}

/** Parts of the folder's name. */
async function nameParts(): Promise<[pid: string, place: string, start: string, random: string]> {
  return basename((await own()).path)
    .slice('p-'.length)
    .split('-') as [string, string, string, string];
}

/** Makes these folders, and tells which of them are left when another is opened. */
async function left(names: readonly string[], seconds?: number): Promise<boolean[]> {
  const paths = names.map((name) => join(parent, `p-${name}`));
  for (const path of paths) {
    await mkdir(path);
    if (seconds !== undefined) await utimes(path, seconds, seconds);
  }
  await own();
  return paths.map((path) => existsSync(path));
}

test('two of one process have a folder each, and the second leaves the first its own', async () => {
  const [one, two] = [await own(), await own()];
  expect(one.path).not.toBe(two.path);
  await two.remove();
  expect([existsSync(one.path), existsSync(two.path)]).toEqual([true, false]);
});

test('a dead process, also one whose number has gone to another, leaves nothing; a living one keeps its files', async () => {
  const [pid, place, start, random] = await nameParts();
  const names = [
    `${NO_PID}-${place}-${start}-${random}`,
    `${pid}-${place}-${Number(start) + 1}-${random}`,
    `${pid}-${place}-${start}-0123456789ab`,
  ];
  expect(await left(names, DAYS_AGO)).toEqual([false, false, true]);
});

test('one of another container, where pids say nothing, is left alone until it is silent for a day', async () => {
  const [, , start, random] = await nameParts();
  const name = `${NO_PID}-${OTHER_PLACE}-${start}-${random}`;
  expect(await left([name])).toEqual([true]);
  await rm(join(parent, `p-${name}`), { recursive: true });
  expect(await left([name, `${process.pid}-${OTHER_PLACE}-${start}-${random}`], DAYS_AGO)).toEqual([
    false,
    false,
  ]);
});

test("an earlier version's folder goes when its process is dead and it is old; other folders never", async () => {
  expect(await left([`${NO_PID}`])).toEqual([true]);
  await rm(join(parent, `p-${NO_PID}`), { recursive: true });
  expect(await left([`${NO_PID}`, `${process.ppid}`, 'mine', `${NO_PID}x`], DAYS_AGO)).toEqual([
    false,
    true,
    true,
    true,
  ]);
});
