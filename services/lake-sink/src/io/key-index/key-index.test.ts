import { mkdtemp, readdir, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { field, type AddFile } from '@hasivu/delta';
import type { EngineVector } from '@hasivu/lake-engine';
import { checkProperty } from '@hasivu/testing';
import fc from 'fast-check';
import { writeKeyCodes } from '../../core/key-index/key-codes.ts';
import { keyLayout, type KeyLayout } from '../../core/key-index/key-layout.ts';
import { KeyIndex, type ReadKeys } from './key-index.ts';

const layout = keyLayout({
  rowFields: [field('id', 'long')],
  partitions: [],
  key: ['id'],
}) as KeyLayout;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'key-index-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const vector = (values: BigInt64Array): EngineVector => ({
  bytes: new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
  hasNull: false,
});

/** Codes of keys, as the engine's values become them. */
function codesOf(keys: readonly bigint[]): Uint32Array {
  const codes = new Uint32Array(keys.length * layout.codeWords);
  writeKeyCodes(layout, [vector(BigInt64Array.from(keys))], keys.length, codes, 0, layout.codeWords);
  return codes;
}

/** A key whose code begins with `first`, one for each `low`: all of one first word stand beside each other. */
function colliding(first: number, low: number): bigint {
  const mixed = codesOf([BigInt(low)])[0] as number;
  return BigInt.asIntN(64, (BigInt((mixed ^ first) >>> 0) << 32n) | BigInt(low));
}

const keys = fc.oneof(
  fc.bigInt({ min: 0n, max: 30n }),
  fc
    .tuple(fc.constantFrom(0, 7, 0xffffffff), fc.nat({ max: 12 }))
    .map(([first, low]) => colliding(first, low)),
);
type Step =
  | { readonly do: 'add' | 'fail'; readonly files: readonly (readonly bigint[])[] }
  | { readonly do: 'drop'; readonly pick: number };
const files = fc.array(fc.array(keys, { maxLength: 12 }), { minLength: 1, maxLength: 3 });
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: files.map((given): Step => ({ do: 'add', files: given })) },
    { weight: 1, arbitrary: files.map((given): Step => ({ do: 'fail', files: given })) },
    { weight: 2, arbitrary: fc.nat({ max: 50 }).map((pick): Step => ({ do: 'drop', pick })) },
  ),
  { minLength: 1, maxLength: 40 },
);

class Trial {
  readonly index: KeyIndex;
  readonly table = new Map<string, AddFile>();
  readonly keys = new Map<string, readonly bigint[]>();
  #names = 0;

  constructor(name: string) {
    this.index = new KeyIndex(join(folder, name), layout);
  }

  async take(step: Step): Promise<void> {
    if (step.do === 'drop') {
      const path = [...this.table.keys()][step.pick % Math.max(1, this.table.size)];
      if (path !== undefined) this.table.delete(path);
      return;
    }
    const paths = step.files.map((held) => {
      const path = `part-${(this.#names += 1)}`;
      this.keys.set(path, held);
      this.table.set(path, {
        path,
        partitionValues: {},
        size: 1,
        modificationTime: 0,
        dataChange: true,
        stats: JSON.stringify({ numRecords: held.length }),
      });
      return path;
    });
    const covering = this.index.cover(this.table, [...this.table.values()], this.#reader(step.do === 'fail'));
    if (step.do === 'add') expect(await covering).toBe(true);
    else {
      await expect(covering).rejects.toThrow('the store is away');
      for (const path of paths) this.table.delete(path);
    }
  }

  /** `key path row`, of what the index finds. */
  found(wanted: readonly bigint[]): string[] {
    const found: string[] = [];
    this.index.find(codesOf(wanted), (code, path, row) => {
      // Files that went since the last cover are the finder's to leave out.
      if (this.table.has(path)) found.push(`${String(wanted[code])} ${path} ${row}`);
    });
    return found.sort();
  }

  expected(wanted: readonly bigint[]): string[] {
    return [...this.table.keys()]
      .flatMap((path) => (this.keys.get(path) ?? []).map((key, row) => ({ key, path, row })))
      .filter(({ key }) => wanted.includes(key))
      .map(({ key, path, row }) => `${String(key)} ${path} ${row}`)
      .sort();
  }

  /** @param fails after the last file's rows were given */
  #reader(fails: boolean): ReadKeys {
    const last = [...this.table.keys()].at(-1);
    return (file, take) => {
      const held = this.keys.get(file.path) ?? [];
      const rows = BigInt64Array.from(held, (_, row) => BigInt(row));
      take([vector(BigInt64Array.from(held)), vector(rows)], held.length);
      if (fails && file.path === last) return Promise.reject(new Error('the store is away'));
      return Promise.resolve();
    };
  }
}

test('finds every row of every file of the table and no other, whatever collides, goes, or fails on the way', async () => {
  let names = 0;
  let most = 0;
  await checkProperty(
    fc.asyncProperty(steps, fc.uniqueArray(keys, { maxLength: 30 }), async (taken, wanted) => {
      const trial = new Trial(`trial-${(names += 1)}`);
      try {
        for (const step of taken) {
          await trial.take(step);
          expect(trial.found(wanted)).toEqual(trial.expected(wanted));
          most = Math.max(most, trial.index.runs);
        }
      } finally {
        trial.index.close();
      }
    }),
    { budgetMs: 6_000 },
  );
  expect(most).toBeGreaterThan(3);
  expect(await readdir(folder)).toEqual([]);
});

test('many entries of one first word are found, and so are their neighbours', async () => {
  const trial = new Trial('crowd');
  const crowd = Array.from({ length: 30_000 }, (_, low) => colliding(5, low));
  const before = colliding(4, 1);
  const behind = colliding(6, 1);
  await trial.take({ do: 'add', files: [[before], crowd.slice(0, 8_000), [behind]] });
  for (let from = 8_000; from < crowd.length; from += 8_000)
    await trial.take({ do: 'add', files: [crowd.slice(from, from + 8_000)] });
  for (let n = 0; n < 8; n += 1) await trial.take({ do: 'add', files: [[BigInt(n)]] });
  const wanted = [before, crowd[0], crowd[17_000], crowd[29_999], behind] as bigint[];
  expect(trial.found(wanted)).toEqual(trial.expected(wanted));
  expect(trial.expected(wanted)).toHaveLength(5);
  expect(trial.index.runs).toBeLessThan(8);
  trial.index.close();
});

test('what files of the table that went have left takes no more room than what is there', async () => {
  const trial = new Trial('room');
  const held = Array.from({ length: 8_000 }, (_, key) => BigInt(key));
  for (let round = 0; round < 100; round += 1) {
    await trial.take({ do: 'add', files: [held] });
    if (round > 0) await trial.take({ do: 'drop', pick: 0 });
  }
  // 16 bytes an entry: twice those of the table, and a stretch that is too small to care about.
  expect(trial.index.bytes).toBeLessThan((2 * 2 * held.length + (1 << 17)) * 16);
  trial.index.close();
});

test('a file of the index that was cut off is an error, never a row that is not found', async () => {
  const trial = new Trial('cut');
  await trial.take({ do: 'add', files: [[1n, 2n, 3n]] });
  const [name] = await readdir(join(folder, 'cut'));
  await truncate(join(folder, 'cut', name as string), 20);
  expect(() => trial.found([1n, 2n, 3n])).toThrow(expect.objectContaining({ code: 'LAKE_MERGE_FAILED' }));
  trial.index.close();
});
