import fc from 'fast-check';
import {
  DeltaTable,
  field,
  removalOf,
  type Action,
  type AddFile,
  type DeltaSurroundings,
} from '../src/index.ts';
import { vectorFileName } from '../src/deletion-vector/vector-location.ts';
import type { ClockedStore } from './clocked-store.ts';

export const ROOT = 'silver/public/orders';
const schema = { type: 'struct', fields: [field('id', 'long')] } as const;

/** What happens to the table next. */
export type Step =
  | { readonly kind: 'write'; readonly partition: string | null }
  | { readonly kind: 'delete' | 'mark'; readonly which: number }
  | { readonly kind: 'orphan'; readonly folder: string }
  | { readonly kind: 'wait'; readonly hours: number };

export const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('write' as const),
      partition: fc.constantFrom(null, 'a b', '%', 'ü/x'),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constantFrom('delete' as const, 'mark' as const), which: fc.nat(20) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('orphan' as const),
      folder: fc.constantFrom('', 'day=1/', '_tmp/', '_change_data/', '.hidden/'),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('wait' as const), hours: fc.constantFrom(1, 20, 100, 200) }),
  },
);

/** What a reader of one version needs: keys under the table's folder. */
export interface VersionFacts {
  readonly version: number;
  readonly fromMs: number;
  readonly files: ReadonlySet<string>;
}

/** A table that lives through the steps; what every version needs is noted independently of the library's state. */
export class RandomHistory {
  readonly versions: VersionFacts[] = [];
  readonly orphans: { readonly key: string; readonly atMs: number }[] = [];
  readonly #store: ClockedStore;
  readonly #around: DeltaSurroundings;
  readonly #live = new Map<string, { readonly add: AddFile; readonly keys: readonly string[] }>();
  readonly #writtenMs = new Map<string, number>();
  #names = 0;
  table!: DeltaTable;

  constructor(store: ClockedStore) {
    this.#store = store;
    this.#around = store.around();
  }

  async create(configuration: Readonly<Record<string, string>>): Promise<void> {
    this.table = await DeltaTable.create(
      ROOT,
      {
        schema,
        partitionColumns: ['_part'],
        configuration: {
          'delta.enableDeletionVectors': 'true',
          'delta.checkpointInterval': '3',
          ...configuration,
        },
      },
      this.#around,
    );
    this.#note(0);
  }

  async take(step: Step): Promise<void> {
    if (step.kind === 'wait') this.#store.nowMs += step.hours * 3_600_000;
    else if (step.kind === 'orphan') await this.#orphan(step.folder);
    else if (step.kind === 'write') await this.#write(step.partition);
    else await this.#change(step.kind, step.which);
  }

  async #orphan(folder: string): Promise<void> {
    const key = `${folder}orphan-${(this.#names += 1)}.parquet`;
    await this.#store.put(`${ROOT}/${key}`, Buffer.from('x'));
    this.orphans.push({ key, atMs: this.#store.nowMs });
  }

  async #write(partition: string | null): Promise<void> {
    const key = `_part=${partition === null ? '__HIVE_DEFAULT_PARTITION__' : encodeURIComponent(partition)}/part-${(this.#names += 1)}.parquet`;
    await this.#store.put(`${ROOT}/${key}`, Buffer.from('x'));
    const add: AddFile = {
      path: key.split('/').map(encodeURIComponent).join('/').replaceAll('%3D', '='),
      partitionValues: { _part: partition },
      size: 1,
      modificationTime: this.#store.nowMs,
      dataChange: true,
      stats: '{"numRecords":1}',
    };
    await this.#commit([{ add }], () => this.#live.set(add.path, { add, keys: [key] }));
  }

  /** Removes a file, or replaces its deletion vector by another one in a file of its own. */
  async #change(kind: 'delete' | 'mark', which: number): Promise<void> {
    const file = [...this.#live.values()][which % Math.max(1, this.#live.size)];
    if (file === undefined) return;
    const removal = removalOf(file.add, this.#store.nowMs);
    if (kind === 'delete') return this.#commit([removal], () => this.#live.delete(file.add.path));
    const { key, encoded } = vectorFileName(
      `00000000-0000-4000-8000-${String((this.#names += 1)).padStart(12, '0')}`,
    );
    await this.#store.put(`${ROOT}/${key}`, Buffer.from('x'));
    const vector = { storageType: 'u', pathOrInlineDv: encoded, offset: 1, sizeInBytes: 1, cardinality: 1 };
    const add = { ...file.add, deletionVector: vector };
    await this.#commit([removal, { add }], () =>
      this.#live.set(add.path, { add, keys: [file.keys[0] as string, key] }),
    );
  }

  async #commit(actions: readonly Action[], change: () => void): Promise<void> {
    const version = await this.table.commit({ actions, operation: 'WRITE' });
    change();
    this.#note(version);
  }

  #note(version: number): void {
    for (const { keys } of this.#live.values())
      for (const key of keys) if (!this.#writtenMs.has(key)) this.#writtenMs.set(key, this.#store.nowMs);
    const files = new Set([...this.#live.values()].flatMap(({ keys }) => keys));
    this.versions.push({ version, fromMs: this.#store.nowMs, files });
  }

  /** Whether a file was written at or after the time. */
  isYounger(key: string, sinceMs: number): boolean {
    return (this.#writtenMs.get(key) ?? -Infinity) >= sinceMs;
  }

  /** Versions that were current at some time at or after `sinceMs`, the newest among them. */
  currentSince(sinceMs: number): VersionFacts[] {
    return this.versions.filter((_, index) => (this.versions[index + 1]?.fromMs ?? Infinity) >= sinceMs);
  }
}
