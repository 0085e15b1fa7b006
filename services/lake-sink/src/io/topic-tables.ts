import {
  CHANGE_FEED_PROPERTY,
  CODEC_PROPERTY,
  generatedFields,
  type DeltaField,
  type PageCodec,
} from '@hasivu/delta';
import { PlatformError } from '@hasivu/errors';
import { hasChangeFeed, replanned, type Engine, type FileCache, type Room } from '@hasivu/lake-engine';
import type { HistoryTarget } from '../core/history/history-form.ts';
import { historyFields, historyLayout, historyPartitions } from '../core/history/history-layout.ts';
import { isAfter, type ChangePosition } from '../core/change-position.ts';
import { withInitialSince } from '../core/column-initial.ts';
import { withOrigin } from '../core/column-origin.ts';
import type { ColumnRules } from '../core/column-plan.ts';
import { configuredColumns, settingOf, type GeneratedColumn } from '../core/generated-columns.ts';
import { LOG_COLUMNS, STATE_COLUMNS } from '../core/lake-columns.ts';
import type { PartitionColumn } from '../core/partition-spec.ts';
import { TARGET } from '../core/row-batch.ts';
import { planShape } from '../core/shape-plan.ts';
import { stateShape, tableFields, type TableShape } from '../core/table-shape.ts';
import type { TopicBinding } from '../core/topic-binding.ts';
import { commitRewritten } from './column-rewriting.ts';
import { configuredGenerated } from './configured-columns.ts';
import type { Failpoint } from './failpoint.ts';
import { declaredGenerated } from './generated-shape.ts';
import type { LakeTable, TableEvolution } from './lake-table.ts';
import { storedColumns } from './stored-shape.ts';

/** One table of a declared history, and the bit by which batches name it. */
export interface HistoryTable {
  readonly target: HistoryTarget;
  readonly table: LakeTable;
  readonly bit: number;
}

export interface TablesTools {
  readonly engine: Engine;
  readonly cache: FileCache;
  readonly failpoint: Failpoint;
  /** Asked before files are rewritten. */
  readonly room: Room;
}

/** A rewritten row in a table with a change data feed is written as it is, and told as it was and as it is. */
const TOLD_TIMES = 3;

/** The lake tables of one topic, kept at one common row shape. */
export class TopicTables {
  readonly #binding: TopicBinding;
  readonly #tools: TablesTools;
  readonly log: LakeTable | null;
  readonly state: LakeTable | null;
  readonly histories: readonly HistoryTable[];
  readonly #rules: ColumnRules;
  #shape: TableShape | null = null;
  /** Of the state table; null where it does not have those that are configured. */
  #generated: readonly DeltaField[] | null;

  constructor(
    binding: TopicBinding,
    tables: {
      readonly log: LakeTable | null;
      readonly state: LakeTable | null;
      readonly histories: readonly HistoryTable[];
    },
    tools: TablesTools,
  ) {
    this.#binding = binding;
    this.#tools = tools;
    this.log = tables.log;
    this.state = tables.state;
    this.histories = tables.histories;
    this.#rules = { byOrigin: binding.mapsColumns, onDrop: binding.mapsColumns ? binding.onDrop : 'keep' };
    this.#generated = configuredColumns(this.state?.schema?.fields ?? [], binding.generated);
    const stored = storedColumns({ ...tables, binding, rules: this.#rules });
    if (stored !== null)
      this.#shape = { ...stored, partitions: binding.partitions, key: this.storedKey ?? [] };
  }

  /** Null before the first row of a new table. */
  get shape(): TableShape | null {
    return this.#shape;
  }

  /** Key columns that the tables were created with, [] for none; null when no table says. */
  get storedKey(): readonly string[] | null {
    return this.log?.key ?? this.state?.key ?? null;
  }

  /** Whether the tables of these targets are there with every column: a crash may have come between two of them. */
  hold(targets: number, key: readonly string[] | null): boolean {
    const shape = this.#shape;
    const has = (table: LakeTable | null, fields: (of: TableShape) => TableColumns): boolean =>
      table?.exists === true &&
      (this.#binding.isEither || shape === null || planned(table, fields(shape)) === null);
    if ((targets & TARGET.log) !== 0 && !has(this.log, (of) => this.#logColumns(of))) return false;
    if (key === null) return true;
    if ((targets & TARGET.state) !== 0 && this.#generated === null) return false;
    if ((targets & TARGET.state) !== 0 && !has(this.state, (of) => this.#stateColumns(of))) return false;
    return this.histories.every(
      (history) =>
        (targets & history.bit) === 0 || has(history.table, (of) => this.#historyColumns(history, of)),
    );
  }

  /**
   * The shape that holds the incoming row too, or null when the present one does.
   * @param at where the row's change stands @throws LAKE_SCHEMA_INCOMPATIBLE
   */
  planShape(columns: readonly DeltaField[], key: readonly string[], at: ChangePosition): TableShape | null {
    const rowFields = this.#rules.byOrigin ? columns : columns.map((own) => withOrigin(own, null));
    if (this.#shape === null) {
      const begun = rowFields.map((own) => withInitialSince(own, at));
      return { rowFields: begun, partitions: this.#binding.partitions, key, columnsAt: at };
    }
    const next = planShape(this.#shape, rowFields, at, this.#rules);
    // A log that was begun before its key was known has none yet.
    if (this.#shape.key.length === 0 && key.length > 0) return { ...(next ?? this.#shape), key };
    return next;
  }

  /** Whether changes at this place may have columns that are called otherwise now. */
  isBeforeColumns(lsn: bigint, seq: number): boolean {
    const at = this.#shape?.columnsAt;
    return at !== undefined && at !== null && isAfter(at, { lsn, seq });
  }

  /**
   * Brings the tables of these targets to the shape: creates, adds columns, widens. No batch may be open.
   * @param key recorded with new tables; null while it is not known
   * @throws LAKE_SCHEMA_INCOMPATIBLE; LAKE_TABLE_WITHOUT_ROOM where files have to be rewritten for it
   */
  async adopt(shape: TableShape, targets: number, key: readonly string[] | null): Promise<void> {
    const { table } = this.#binding;
    for (const part of shape.partitions) {
      if (!shape.rowFields.some((own) => own.name === part.source)) {
        throw incompatible(
          table,
          `partitionBy names the column "${part.source}", which the table does not have`,
        );
      }
    }
    const before = this.storedKey;
    const isOfState = (targets & TARGET.state) !== 0 && shape.key.length > 0;
    // Before any table is changed: where they cannot be computed, all of them stay as they are.
    const generated = isOfState ? await configuredGenerated(this.#tools.engine, this.#binding, shape) : [];
    const declared = isOfState ? await this.#declared(shape) : [];
    const own = generated.map((column) => column.own);
    const ofState = { ...this.#stateColumns(shape, own), generated: [...generated, ...declared] };
    if (isOfState && this.state?.exists === true) planned(this.state, ofState);
    (await this.#tools.room.admit(0))();
    if ((targets & TARGET.log) !== 0 && this.log !== null)
      await this.#fit(this.log, this.#logColumns(shape), key, before);
    if (isOfState && this.state !== null) {
      this.#generated = own;
      await this.#fit(this.state, ofState, key, before);
    }
    for (const history of this.histories) {
      if ((targets & history.bit) === 0 || shape.key.length === 0) continue;
      await this.#fit(history.table, this.#historyColumns(history, shape), key, before);
    }
    this.#shape = shape;
  }

  /** Generated columns that other writers have given the state table. */
  async #declared(shape: TableShape): Promise<readonly GeneratedColumn[]> {
    const { state } = this;
    if (state === null || !state.exists) return [];
    const table = { root: state.root, state: state.delta.state };
    const { schema, protocol } = table.state;
    // Of most tables: they need not wait for the engine, which has one user at a time.
    if (generatedFields(schema, protocol).length === 0) return [];
    return await this.#tools.engine.exclusively(`reading the generated columns of ${state.root}`, (session) =>
      declaredGenerated(session, table, stateShape(shape), (own) => settingOf(own) === null),
    );
  }

  #logColumns(shape: TableShape): TableColumns {
    const { columnsAt = null, partitions } = shape;
    const rules = { ...this.#rules, onDrop: 'keep' } as const;
    const { codec } = this.#binding;
    const fields = tableFields(shape, LOG_COLUMNS);
    const rest = { codec, properties: {}, hasState: false, generated: [] };
    return { fields, partitions, rules, columnsAt, ...rest };
  }

  #stateColumns(shape: TableShape, generated = this.#generated ?? []): TableColumns {
    const { columnsAt = null, partitions } = shape;
    const fields = [...tableFields(stateShape(shape), STATE_COLUMNS), ...generated];
    const { codec, feed } = this.#binding;
    const properties = feed === 'on' ? { [CHANGE_FEED_PROPERTY]: 'true' } : {};
    const rest = { codec, properties, hasState: true, generated: [] };
    return { fields, partitions, rules: this.#rules, columnsAt, ...rest };
  }

  #historyColumns({ target }: HistoryTable, shape: TableShape): TableColumns {
    const layout = historyLayout(target.form, shape);
    const partitions = historyPartitions(layout, target.rows);
    const fields = historyFields(layout, target.rows);
    return { ...this.#logColumns(shape), fields, partitions, hasState: true };
  }

  async #fit(
    table: LakeTable,
    wanted: TableColumns,
    key: readonly string[] | null,
    keyBefore: readonly string[] | null,
  ): Promise<void> {
    const { fields, partitions, columnsAt } = wanted;
    const columns = partitions.map((part) => part.name);
    if (!table.exists) {
      const { codec } = this.#binding;
      const properties = { ...wanted.properties, ...(codec === null ? {} : { [CODEC_PROPERTY]: codec }) };
      await table.create(fields, columns, key, properties, columnsAt);
    }
    await replanned(table, () => this.#evolve(table, wanted, key, keyBefore));
  }

  async #evolve(
    table: LakeTable,
    wanted: TableColumns,
    key: readonly string[] | null,
    keyBefore: readonly string[] | null,
  ): Promise<void> {
    const { partitions } = wanted;
    const columns = partitions.map((part) => part.name);
    const evolution = planned(table, wanted);
    const partitioned = evolution?.partitionColumns ?? table.partitionColumns;
    if (JSON.stringify(partitioned) !== JSON.stringify(columns)) {
      const why = `the table is partitioned by (${partitioned.join(', ')}), the configuration asks for (${columns.join(', ')})`;
      throw incompatible(this.#binding.table, why);
    }
    const keyThen = (table.key ?? keyBefore ?? []).map((name) => evolution?.renamed.get(name) ?? name);
    if (key !== null && keyThen.length > 0 && JSON.stringify(keyThen) !== JSON.stringify(key)) {
      const why = `its key was (${keyThen.join(', ')}) and is now (${key.join(', ')})`;
      throw incompatible(this.#binding.table, why);
    }
    if (evolution === null) return;
    const initial = wanted.hasState ? evolution.initial : [];
    const computed = wanted.generated.filter(({ own }) => evolution.computed.includes(own.name));
    const changes = initial.length + computed.length + evolution.removed.length;
    if (evolution.widened.length > 0 || (changes > 0 && table.delta.state.files.size > 0)) {
      const isTold = initial.length + computed.length > 0 && hasChangeFeed(table);
      const bytes = bytesOf(table) * (isTold ? TOLD_TIMES : 1);
      const release = await this.#tools.room.admit(bytes, { doing: `rewriting the files of ${table.root}` });
      try {
        await commitRewritten(table, evolution, { initial, computed }, partitions, this.#tools);
      } finally {
        release();
      }
    } else await table.delta.commit({ actions: evolution.actions, operation: operationOf(evolution) });
    this.#tools.failpoint('columns-changed');
  }
}

/** What one table is to have. */
interface TableColumns {
  readonly fields: readonly DeltaField[];
  readonly partitions: readonly PartitionColumn[];
  readonly rules: ColumnRules;
  readonly columnsAt: ChangePosition | null;
  readonly codec: PageCodec | null;
  /** A new table has them. */
  readonly properties: Readonly<Record<string, string>>;
  /** Its rows are those of the source, not what was told of them: they have a new column's initial value. */
  readonly hasState: boolean;
  /** Those of its columns that its rows have computed, for new ones; none where only is asked whether they are there. */
  readonly generated: readonly GeneratedColumn[];
}

function bytesOf(table: LakeTable): number {
  let bytes = 0;
  for (const { size } of table.delta.state.files.values()) bytes += size;
  return bytes;
}

function planned(table: LakeTable, wanted: TableColumns): TableEvolution | null {
  const { fields, rules, columnsAt, codec, generated } = wanted;
  return table.planEvolution(fields, rules, columnsAt, codec, generated);
}

function operationOf({ renamed, added, removed }: TableEvolution): string {
  if (renamed.size > 0) return 'RENAME COLUMN';
  if (removed.length > 0) return 'DROP COLUMNS';
  return added ? 'ADD COLUMNS' : 'SET TBLPROPERTIES';
}

function incompatible(table: string, why: string): PlatformError {
  return new PlatformError('LAKE_SCHEMA_INCOMPATIBLE', {
    doing: `preparing the lake tables of ${table}`,
    why,
    context: { table },
  });
}
