import { lakeTableOf, type HasivuConfig, type LakeConfig } from '@hasivu/config';
import { topicPart } from '@hasivu/change-events';
import { DeltaTable, fileRetentionMs, type DeltaSurroundings } from '@hasivu/delta';
import {
  listLakeTables,
  OpenTable,
  tableHealth,
  retentionCutMs,
  type LakeStore,
  type TableHealth,
  tableColumns,
} from '@hasivu/lake-engine';
import { tablePolicy, type TablePolicy } from '../core/table-policy.ts';
import type { TableFacts } from '../core/work-choice.ts';

/** One table as the keeper knows it since its last look. */
export interface KeptTable extends TableFacts {
  readonly table: OpenTable;
  readonly policy: TablePolicy;
  readonly health: TableHealth;
}

/** Files of tables whose state stays in memory between two looks; larger lakes read their logs again. */
const HELD_FILES = 200_000;
const LAST_VACUUM = '_delta_log/_last_vacuum_info';

/** The tables of the lake: found, opened and looked at. */
export class KeptTables {
  readonly #config: HasivuConfig;
  readonly #lake: Pick<LakeConfig, 'maintenance' | 'tiers'>;
  readonly #store: LakeStore;
  readonly #around: DeltaSurroundings;
  readonly #open = new Map<string, DeltaTable>();
  readonly #vacuumed = new Map<string, number>();
  readonly #retained = new Map<string, number>();
  readonly #tiered = new Map<string, number>();

  constructor(
    config: HasivuConfig,
    lake: Pick<LakeConfig, 'maintenance' | 'tiers'>,
    store: LakeStore,
    around: DeltaSurroundings,
  ) {
    this.#config = config;
    this.#lake = lake;
    this.#store = store;
    this.#around = around;
  }

  async roots(): Promise<string[]> {
    const roots: string[] = [];
    for await (const root of listLakeTables(this.#store)) roots.push(root);
    return roots;
  }

  /** Looks at a table; null when the folder holds none. @throws LAKE_*, STORE_* */
  async look(root: string): Promise<KeptTable | null> {
    const settings = lakeTableOf(this.#config, root, topicPart);
    const delta = settings === null ? null : await this.#opened(root);
    if (settings === null || delta === null) return null;
    const { metadata } = delta.state;
    const policy = tablePolicy(settings, this.#lake, tableColumns(delta.state));
    const cutMs =
      policy.retention === null ? null : retentionCutMs(this.#around.nowMs(), policy.retention.ageMs);
    return {
      root,
      table: new OpenTable(delta, this.#around),
      policy,
      health: tableHealth(delta.state, policy.rule, this.#around.nowMs()),
      vacuumedMs: await this.#lastVacuumMs(root),
      fileRetentionMs: fileRetentionMs(root, metadata.configuration),
      createdMs: metadata.createdTime ?? null,
      retentionCutMs: cutMs,
      tieredMs: this.#tiered.get(root) ?? null,
      isRetained: cutMs === null || (this.#retained.get(root) ?? -Infinity) >= cutMs,
    };
  }

  /** Rows before the moment are gone: there is nothing to look for until the next one. */
  retained(root: string, cutMs: number): void {
    this.#retained.set(root, cutMs);
  }

  /** Kept beside the table's own note, which is not written while no commit is older than the retention. */
  vacuumed(root: string, atMs: number): void {
    this.#vacuumed.set(root, atMs);
  }

  tiered(root: string, atMs: number): void {
    this.#tiered.set(root, atMs);
  }

  /** What is known of the table is not to be relied on. */
  forget(root: string): void {
    this.#open.delete(root);
  }

  /** Lets the states of the largest tables go where all together are too large. */
  trim(): void {
    let held = [...this.#open.values()].reduce((sum, { state }) => sum + state.files.size, 0);
    const largest = [...this.#open].sort(([, a], [, b]) => b.state.files.size - a.state.files.size);
    for (const [root, { state }] of largest) {
      if (held <= HELD_FILES) return;
      held -= state.files.size;
      this.#open.delete(root);
    }
  }

  async #opened(root: string): Promise<DeltaTable | null> {
    const known = this.#open.get(root);
    if (known !== undefined) {
      await known.refresh();
      return known;
    }
    const table = await DeltaTable.open(root, this.#around);
    if (table !== null) this.#open.set(root, table);
    return table;
  }

  async #lastVacuumMs(root: string): Promise<number | null> {
    const own = this.#vacuumed.get(root);
    if (own !== undefined) return own;
    const key = `${root}/${LAST_VACUUM}`;
    for await (const found of this.#store.list(key)) return found.key === key ? found.modifiedMs : null;
    return null;
  }
}
