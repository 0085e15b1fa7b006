import { randomUUID } from 'node:crypto';
import type { ObjectStore } from '../../../object-store/src/index.ts';
import {
  DeltaTable,
  evolveSchema,
  markedFile,
  packCommitVectors,
  partitionFolder,
  pathOfKey,
  removalOf,
  RowSet,
  vacuumTable,
  VECTORS_PROPERTY,
  type Action,
  type AddFile,
  type DeletionVector,
  type DeltaField,
  type DeltaStruct,
  type DeltaSurroundings,
} from '../../src/index.ts';
import type { OurView } from './our-view.ts';
import type { TextRow } from './row-kinds.ts';
import { encodeTextRows } from './text-file.ts';

/** Ahead of the store's clock: what was just written is old enough for clean-up and vacuum. */
const AHEAD_MS = 2 * 3_600_000;

/** A table written by this library; the file contents go through its own Parquet writer. */
export class OurSide {
  readonly #store: ObjectStore;
  readonly #view: OurView;

  constructor(store: ObjectStore, view: OurView) {
    this.#store = store;
    this.#view = view;
  }

  async create(
    root: string,
    fields: readonly DeltaField[],
    partitionColumns: readonly string[],
    configuration: Readonly<Record<string, string>>,
  ): Promise<void> {
    const schema: DeltaStruct = { type: 'struct', fields };
    await DeltaTable.create(root, { schema, partitionColumns, configuration }, this.#around());
  }

  async open(root: string): Promise<DeltaTable> {
    const table = await DeltaTable.open(root, this.#around());
    if (table === null) throw new Error(`there is no table ${root}`);
    return table;
  }

  async append(root: string, rows: readonly TextRow[]): Promise<void> {
    const table = await this.open(root);
    const actions = await this.#upload(table, table.state.schema.fields, rows, true);
    await table.commit({ actions, operation: 'WRITE' });
  }

  async overwrite(root: string, rows: readonly TextRow[]): Promise<void> {
    const table = await this.open(root);
    const removals = [...table.state.files.values()].map((file) => removalOf(file, Date.now()));
    const adds = await this.#upload(table, table.state.schema.fields, rows, true);
    await table.commit({ actions: [...removals, ...adds], operation: 'WRITE' });
  }

  /** Takes out the rows that `isGone` names, by vectors where the table has them and it is asked for. */
  async delete(root: string, isGone: (row: TextRow) => boolean, marks: boolean): Promise<void> {
    const table = await this.open(root);
    const { state } = table;
    const mayMark = marks && state.metadata.configuration[VECTORS_PROPERTY] === 'true';
    const actions: Action[] = [];
    const marked: { file: AddFile; rows: RowSet }[] = [];
    for (const file of state.files.values()) {
      const live = await this.#view.liveRows(root, state, file);
      const gone = live.filter(({ row }) => isGone(row));
      if (gone.length === 0) continue;
      const kept = live.filter(({ row }) => !isGone(row)).map(({ row }) => row);
      if (mayMark && kept.length > 0) {
        const numbers = new Set(live.filter(({ row }) => !isGone(row)).map(({ number }) => number));
        marked.push({ file, rows: rowsBut(numbers, file) });
      } else {
        actions.push(removalOf(file, Date.now()));
        actions.push(...(await this.#upload(table, state.schema.fields, kept, true)));
      }
    }
    const { descriptors, file } = packCommitVectors(
      marked.map(({ rows }) => rows),
      randomUUID(),
    );
    if (file !== null) await this.#store.put(`${root}/${file.key}`, file.bytes);
    for (const [index, { file: data }] of marked.entries())
      actions.push(...markedFile(data, descriptors[index] as DeletionVector, Date.now()));
    await table.commit({ actions, operation: 'DELETE' });
  }

  async addColumn(root: string, added: DeltaField): Promise<void> {
    const table = await this.open(root);
    await table.commit({ actions: [evolved(table, added)], operation: 'ADD COLUMNS' });
  }

  /** Files hold the narrower type: all are written again with the change, as evolveSchema asks. */
  async widen(root: string, wider: DeltaField): Promise<void> {
    const table = await this.open(root);
    const metadata = evolved(table, wider);
    const { fields } = JSON.parse(metadata.metaData.schemaString) as DeltaStruct;
    const rewritten = await this.#rewriteAll(table, fields, true);
    await table.commit({ actions: [metadata, ...rewritten], operation: 'CHANGE COLUMN' });
  }

  async compact(root: string): Promise<void> {
    const table = await this.open(root);
    const actions = await this.#rewriteAll(table, table.state.schema.fields, false);
    await table.commit({ actions, operation: 'OPTIMIZE' });
  }

  async checkpoint(root: string): Promise<void> {
    await (await this.open(root)).checkpoint();
  }

  async cleanLog(root: string): Promise<void> {
    const table = await DeltaTable.open(root, this.#around(AHEAD_MS));
    await table?.cleanLog();
  }

  async vacuum(root: string): Promise<void> {
    const around = this.#around(AHEAD_MS);
    const table = (await DeltaTable.open(root, around)) as DeltaTable;
    await vacuumTable(table, around, { retentionMs: 0, unsafeRetention: true });
  }

  async #rewriteAll(
    table: DeltaTable,
    fields: readonly DeltaField[],
    dataChange: boolean,
  ): Promise<Action[]> {
    const rows: TextRow[] = [];
    const removals: Action[] = [];
    for (const file of table.state.files.values()) {
      rows.push(...(await this.#view.liveRows(table.root, table.state, file)).map(({ row }) => row));
      removals.push(removalOf(file, Date.now(), dataChange));
    }
    return [...removals, ...(await this.#upload(table, fields, rows, dataChange))];
  }

  async #upload(
    table: DeltaTable,
    fields: readonly DeltaField[],
    rows: readonly TextRow[],
    dataChange: boolean,
  ): Promise<{ add: AddFile }[]> {
    const { partitionColumns } = table.state.metadata;
    const stored = fields.filter(({ name }) => !partitionColumns.includes(name));
    const groups = Map.groupBy(rows, (row) => JSON.stringify(partitionColumns.map((name) => row[name])));
    return await Promise.all(
      [...groups.values()].map(async (group) => {
        const values = Object.fromEntries(partitionColumns.map((name) => [name, group[0]?.[name] ?? null]));
        const { bytes, stats } = encodeTextRows(stored, group);
        const key = `${partitionFolder(partitionColumns, values)}part-${randomUUID()}.parquet`;
        await this.#store.put(`${table.root}/${key}`, bytes);
        const facts = { size: bytes.length, modificationTime: Date.now(), dataChange, stats };
        return { add: { path: pathOfKey(key), partitionValues: values, ...facts } };
      }),
    );
  }

  #around(aheadMs = 0): DeltaSurroundings {
    return { store: this.#store, nowMs: () => Date.now() + aheadMs, newId: randomUUID };
  }
}

function evolved(table: DeltaTable, changed: DeltaField) {
  const { schema, metadata } = table.state;
  const evolution = evolveSchema(schema, { type: 'struct', fields: [changed] });
  if (evolution === null) throw new Error(`the table already has ${changed.name}`);
  return { metaData: { ...metadata, schemaString: JSON.stringify(evolution.schema) } };
}

/** Every row of the file but these. */
function rowsBut(kept: ReadonlySet<number>, file: AddFile): RowSet {
  const { numRecords } = JSON.parse(file.stats ?? '{}') as { numRecords: number };
  const rows = new RowSet();
  for (let number = 0; number < numRecords; number += 1) if (!kept.has(number)) rows.add(number);
  return rows;
}
