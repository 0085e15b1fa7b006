import {
  checkDroppable,
  CODEC_PROPERTY,
  ColumnMapping,
  DeltaTable,
  evolveSchema,
  hasWriterFeature,
  pageCodecOf,
  parseSchema,
  schemaString,
  upgradedProtocol,
  withColumnIds,
  type Action,
  type AddFile,
  type CdcFile,
  type DeltaField,
  type DeltaStruct,
  type DeltaSurroundings,
  type PageCodec,
} from '@hasivu/delta';
import { OpenTable, type EngineTable, type NewFile } from '@hasivu/lake-engine';
import type { ChangePosition } from '../core/change-position.ts';
import { hasInitial, withSinceOf } from '../core/column-initial.ts';
import { originOf, withOrigin } from '../core/column-origin.ts';
import { planColumns, type ColumnPlan, type ColumnRules } from '../core/column-plan.ts';
import {
  asGiven,
  removedColumns,
  settingOf,
  withSettingOf,
  type GeneratedColumn,
} from '../core/generated-columns.ts';
import { madeAnew, staleColumns } from '../core/stale-columns.ts';
import type { PositionAppIds } from '../core/txn-actions.ts';
import { changedNames } from './changed-names.ts';

/** Table configuration entry that names the key, so that a restart knows it before the first record. */
const KEY_PROPERTY = 'hasivu.key';

/** The same for the position from which on changes have its columns. */
const COLUMNS_AT = 'hasivu.columnsAt';

/** A change of a table's columns. */
export interface TableEvolution {
  readonly actions: readonly Action[];
  readonly schema: DeltaStruct;
  /** How files name the columns from then on. */
  readonly columns: ColumnMapping;
  readonly partitionColumns: readonly string[];
  /** Names that columns had → names that they get. */
  readonly renamed: ReadonlyMap<string, string>;
  /** Columns for which every file has to be rewritten. */
  readonly widened: readonly string[];
  /** New columns that rows of before have a value in. */
  readonly initial: readonly DeltaField[];
  /** Columns that every row has computed: new ones of settings, and those that are made of what changes. */
  readonly computed: readonly string[];
  /** Those of them that only get another type. */
  readonly sameValues: ReadonlySet<string>;
  /** Columns of settings that are no more, or that others take the place of: no file may keep them. */
  readonly removed: readonly string[];
  /** False where only properties change. */
  readonly added: boolean;
}

/** One Delta table of the sink: creation, files, schema changes. */
export class LakeTable implements EngineTable {
  readonly root: string;
  readonly #around: DeltaSurroundings;
  #table: DeltaTable | null;

  private constructor(root: string, around: DeltaSurroundings, table: DeltaTable | null) {
    this.root = root;
    this.#around = around;
    this.#table = table;
  }

  /** Opens what is there; a table that is not there yet is created by its first {@link ensure}. */
  static async open(root: string, around: DeltaSurroundings): Promise<LakeTable> {
    return new LakeTable(root, around, await DeltaTable.open(root, around));
  }

  get exists(): boolean {
    return this.#table !== null;
  }

  get delta(): DeltaTable {
    if (this.#table === null) throw new TypeError(`the table ${this.root} was not created`);
    return this.#table;
  }

  get schema(): DeltaStruct | null {
    return this.#table?.state.schema ?? null;
  }

  /** How its files name the columns. */
  get columns(): ColumnMapping {
    return this.#table?.state.columns ?? ColumnMapping.NONE;
  }

  get partitionColumns(): readonly string[] {
    return this.#table?.state.metadata.partitionColumns ?? [];
  }

  /** Keys of the files' partition values in the log. */
  get partitionKeys(): readonly string[] {
    return this.partitionColumns.map((name) => this.columns.storedName(name));
  }

  /** The key that the table was created with; null when the table does not say. */
  get key(): readonly string[] | null {
    const text = this.#table?.state.metadata.configuration[KEY_PROPERTY];
    return text === undefined ? null : (JSON.parse(text) as string[]);
  }

  get codec(): PageCodec {
    return pageCodecOf(this.#table?.state.metadata.configuration ?? {});
  }

  /** Last committed version of an application's sequence, or −1. */
  txnOf(appId: string): number {
    return this.#table?.state.txns.get(appId)?.version ?? -1;
  }

  /** The position that two applications' sequences hold; null before the first. */
  positionOf(ids: PositionAppIds): ChangePosition | null {
    const lsn = this.txnOf(ids.lsn);
    return lsn < 0 ? null : { lsn: BigInt(lsn), seq: this.txnOf(ids.seq) };
  }

  async create(
    fields: readonly DeltaField[],
    partitionColumns: readonly string[],
    key: readonly string[] | null,
    properties: Readonly<Record<string, string>> = {},
    columnsAt: ChangePosition | null = null,
  ): Promise<void> {
    this.#table = await DeltaTable.create(
      this.root,
      {
        schema: { type: 'struct', fields },
        partitionColumns,
        configuration: {
          ...(key === null ? {} : { [KEY_PROPERTY]: JSON.stringify(key) }),
          ...columnsAtProperty(columnsAt),
          ...properties,
        },
      },
      this.#around,
    );
  }

  /** First change that had the table's columns; null where the table does not say. */
  get columnsAt(): ChangePosition | null {
    const text = this.#table?.state.metadata.configuration[COLUMNS_AT];
    const match = text === undefined ? null : /^(\d+)\.(\d+)$/.exec(text);
    return match === null ? null : { lsn: BigInt(match[1] as string), seq: Number(match[2]) };
  }

  /**
   * What makes the table fit these columns and the codec; null when it fits. @param columnsAt recorded with them
   * @param generated over these columns; none where only is asked whether the table fits
   * @throws LAKE_SCHEMA_INCOMPATIBLE
   */
  planEvolution(
    wanted: readonly DeltaField[],
    rules: ColumnRules,
    columnsAt: ChangePosition | null,
    codec: PageCodec | null = null,
    generated: readonly GeneratedColumn[] = [],
  ): TableEvolution | null {
    const { state } = this.delta;
    const { fields: existing } = state.schema;
    const isGiven = (own: DeltaField): boolean => settingOf(own) === null;
    const given = planColumns(existing.filter(isGiven), wanted.filter(isGiven), rules);
    const stale = staleColumns(existing, given, generated);
    const removed = [
      ...new Set([...removedColumns(this.root, existing, wanted), ...madeAnew(existing, stale)]),
    ];
    const names = new Set(wanted.map((own) => own.name.toLowerCase()));
    for (const name of removed) if (!names.has(name.toLowerCase())) checkDroppable(state.metadata, name);
    const kept = state.schema.fields.filter((own) => !removed.includes(own.name));
    const before = { ...state.metadata, schemaString: schemaString({ type: 'struct', fields: kept }) };
    const plan = planColumns(kept, wanted, rules);
    const renamed = changedNames(before, plan);
    const evolution = evolveSchema(parseSchema(renamed.schemaString), {
      type: 'struct',
      fields: plan.fields,
    });
    // From then on it would say of columns whose values are given that they are computed.
    const makesFeature =
      wanted.some((own) => !isGiven(own)) && !hasWriterFeature(state.protocol, 'generatedColumns');
    const origins = new Map(plan.fields.map((own) => [own.name.toLowerCase(), originOf(own)]));
    const sinces = new Map(wanted.map((own) => [own.name.toLowerCase(), own]));
    const fields = (evolution?.schema ?? parseSchema(renamed.schemaString)).fields.map((own) => {
      const name = own.name.toLowerCase();
      const plain = makesFeature && isGiven(own) ? asGiven(own) : withSettingOf(own, sinces.get(name));
      return withSinceOf(withOrigin(plain, origins.get(name) ?? null), sinces.get(name));
    });
    const schema = { type: 'struct', fields } as const;
    const recoded = codec !== null && codec !== this.codec;
    if (schemaString(schema) === state.metadata.schemaString && !recoded) return null;
    const metaData = withColumnIds(
      {
        ...renamed,
        schemaString: schemaString(schema),
        configuration: {
          ...renamed.configuration,
          ...(recoded ? { [CODEC_PROPERTY]: codec } : {}),
          ...columnsAtProperty(columnsAt),
          ...this.#renamedKey(plan),
        },
      },
      this.#around.newId,
    );
    const next = parseSchema(metaData.schemaString);
    const protocol = upgradedProtocol(state.protocol, next, metaData.configuration, state.schema);
    const added = next.fields.filter((own) => evolution?.added.includes(own.name) === true);
    return {
      actions: [{ metaData }, ...(protocol === null ? [] : [{ protocol }])],
      schema: next,
      columns: ColumnMapping.of(next, metaData.configuration),
      partitionColumns: metaData.partitionColumns,
      renamed: plan.renamed,
      widened: evolution?.widened ?? [],
      initial: added.filter(hasInitial),
      computed: [
        ...new Set([...added.filter((own) => !isGiven(own)).map((own) => own.name), ...stale.names]),
      ],
      sameValues: stale.sameValues,
      removed,
      added: evolution !== null,
    };
  }

  #renamedKey({ renamed }: ColumnPlan): Record<string, string> {
    const { key } = this;
    if (key === null || !key.some((name) => renamed.has(name))) return {};
    return { [KEY_PROPERTY]: JSON.stringify(key.map((name) => renamed.get(name) ?? name)) };
  }

  newId(): string {
    return this.#around.newId();
  }

  uploadVectors(file: { readonly key: string; readonly bytes: Uint8Array }): Promise<string> {
    return this.#open.uploadVectors(file);
  }

  upload(file: NewFile): Promise<{ add: AddFile; key: string }> {
    return this.#open.upload(file);
  }

  uploadChanges(file: Omit<NewFile, 'stats'>): Promise<CdcFile> {
    return this.#open.uploadChanges(file);
  }

  get #open(): OpenTable {
    return new OpenTable(this.delta, this.#around);
  }
}

function columnsAtProperty(at: ChangePosition | null): Record<string, string> {
  return at === null ? {} : { [COLUMNS_AT]: `${at.lsn}.${at.seq}` };
}
