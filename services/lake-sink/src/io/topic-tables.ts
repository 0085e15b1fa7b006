import {
  CHANGE_FEED_PROPERTY,
  CODEC_PROPERTY,
  evolveSchema,
  type DeltaField,
  type DeltaStruct,
} from '@hasivu/delta';
import { PlatformError } from '@hasivu/errors';
import type { Engine, FileCache } from '@hasivu/lake-engine';
import type { HistoryTarget } from '../core/history/history-form.ts';
import { historyFields, historyLayout, historyPartitions } from '../core/history/history-layout.ts';
import { LOG_COLUMNS, STATE_COLUMNS } from '../core/lake-columns.ts';
import type { PartitionColumn } from '../core/partition-spec.ts';
import { TARGET } from '../core/row-batch.ts';
import { tableFields, type TableShape } from '../core/table-shape.ts';
import type { TopicBinding } from '../core/topic-binding.ts';
import { commitWidened } from './column-widening.ts';
import type { LakeTable } from './lake-table.ts';

/** One table of a declared history, and the bit by which batches name it. */
export interface HistoryTable {
  readonly target: HistoryTarget;
  readonly table: LakeTable;
  readonly bit: number;
}

/** The lake tables of one topic, kept at one common row shape. */
export class TopicTables {
  readonly #binding: TopicBinding;
  readonly #tools: { readonly engine: Engine; readonly cache: FileCache };
  readonly log: LakeTable | null;
  readonly state: LakeTable | null;
  readonly histories: readonly HistoryTable[];
  #shape: TableShape | null = null;

  constructor(
    binding: TopicBinding,
    tables: {
      readonly log: LakeTable | null;
      readonly state: LakeTable | null;
      readonly histories: readonly HistoryTable[];
    },
    tools: { readonly engine: Engine; readonly cache: FileCache },
  ) {
    this.#binding = binding;
    this.#tools = tools;
    this.log = tables.log;
    this.state = tables.state;
    this.histories = tables.histories;
    const known = this.#storedKey();
    const rowFields = this.#storedRowFields();
    if (rowFields !== null) this.#shape = { rowFields, partitions: binding.partitions, key: known ?? [] };
  }

  /** Null before the first row of a new table. */
  get shape(): TableShape | null {
    return this.#shape;
  }

  /** Key columns that the tables were created with, [] for none; null when no table says. */
  get storedKey(): readonly string[] | null {
    return this.#storedKey();
  }

  /** Whether the tables of these targets are there with every column: a crash may have come between two of them. */
  hold(targets: number, key: readonly string[] | null): boolean {
    const shape = this.#shape;
    const has = (table: LakeTable | null, fields: (of: TableShape) => readonly DeltaField[]): boolean =>
      table?.exists === true &&
      (this.#binding.isEither ||
        shape === null ||
        table.planEvolution(fields(shape), this.#binding.codec) === null);
    if ((targets & TARGET.log) !== 0 && !has(this.log, (of) => tableFields(of, LOG_COLUMNS))) return false;
    if (key === null) return true;
    if ((targets & TARGET.state) !== 0 && !has(this.state, (of) => tableFields(of, STATE_COLUMNS)))
      return false;
    return this.histories.every(
      ({ target, table, bit }) =>
        (targets & bit) === 0 ||
        has(table, (of) => historyFields(historyLayout(target.form, of), target.rows)),
    );
  }

  /** The shape that holds the incoming row too, or null when the present one does. @throws LAKE_SCHEMA_INCOMPATIBLE */
  planShape(rowFields: readonly DeltaField[], key: readonly string[]): TableShape | null {
    const { partitions } = this.#binding;
    if (this.#shape === null) return { rowFields, partitions, key };
    const sameKey = JSON.stringify(this.#shape.key) === JSON.stringify(key);
    const evolution = evolveSchema(
      { type: 'struct', fields: this.#shape.rowFields },
      { type: 'struct', fields: rowFields },
    );
    if (evolution === null && sameKey) return null;
    return { rowFields: evolution?.schema.fields ?? this.#shape.rowFields, partitions, key };
  }

  /**
   * Brings the tables of these targets to the shape: creates, adds columns, widens. No batch may be open.
   * @param key recorded with new tables; null while it is not known
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
    if (
      before !== null &&
      key !== null &&
      JSON.stringify(before) !== JSON.stringify(key) &&
      before.length > 0
    ) {
      throw incompatible(table, `its key was (${before.join(', ')}) and is now (${key.join(', ')})`);
    }
    const { partitions } = shape;
    if ((targets & TARGET.log) !== 0 && this.log !== null)
      await this.#fit(this.log, tableFields(shape, LOG_COLUMNS), partitions, key);
    if ((targets & TARGET.state) !== 0 && this.state !== null && shape.key.length > 0) {
      const feed = this.#binding.feed === 'on' ? { [CHANGE_FEED_PROPERTY]: 'true' } : {};
      await this.#fit(this.state, tableFields(shape, STATE_COLUMNS), partitions, key, feed);
    }
    for (const { target, table, bit } of this.histories) {
      if ((targets & bit) === 0 || shape.key.length === 0) continue;
      const layout = historyLayout(target.form, shape);
      const fields = historyFields(layout, target.rows);
      await this.#fit(table, fields, historyPartitions(layout, target.rows), key);
    }
    this.#shape = shape;
  }

  async #fit(
    table: LakeTable,
    fields: readonly DeltaField[],
    partitions: readonly PartitionColumn[],
    key: readonly string[] | null,
    properties: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    const columns = partitions.map((part) => part.name);
    if (!table.exists) {
      const { codec } = this.#binding;
      const all = { ...properties, ...(codec === null ? {} : { [CODEC_PROPERTY]: codec }) };
      await table.create(fields, columns, key, all);
    }
    if (JSON.stringify(table.partitionColumns) !== JSON.stringify(columns)) {
      const why = `the table is partitioned by (${table.partitionColumns.join(', ')}), the configuration asks for (${columns.join(', ')})`;
      throw incompatible(this.#binding.table, why);
    }
    const evolution = table.planEvolution(fields, this.#binding.codec);
    if (evolution === null) return;
    if (evolution.widened.length === 0)
      await table.delta.commit({
        actions: evolution.actions,
        operation: evolution.added ? 'ADD COLUMNS' : 'SET TBLPROPERTIES',
      });
    else await commitWidened(table, evolution, partitions, this.#tools);
  }

  #storedKey(): readonly string[] | null {
    return this.log?.key ?? this.state?.key ?? null;
  }

  /** Row columns of what is stored: both tables', since a crash may have come between their schema changes. */
  #storedRowFields(): readonly DeltaField[] | null {
    const own = new Set([...LOG_COLUMNS, ...STATE_COLUMNS].map((column) => column.name));
    for (const part of this.#binding.partitions) if (part.transform !== 'identity') own.add(part.name);
    let fields: readonly DeltaField[] | null = null;
    for (const table of [this.log, this.state]) {
      const schema: DeltaStruct | null = table?.schema ?? null;
      if (schema === null) continue;
      const rowFields = schema.fields.filter((column) => !own.has(column.name));
      if (fields === null) fields = rowFields;
      else
        fields =
          evolveSchema({ type: 'struct', fields }, { type: 'struct', fields: rowFields })?.schema.fields ??
          fields;
    }
    return fields;
  }
}

function incompatible(table: string, why: string): PlatformError {
  return new PlatformError('LAKE_SCHEMA_INCOMPATIBLE', {
    doing: `preparing the lake tables of ${table}`,
    why,
    context: { table },
  });
}
