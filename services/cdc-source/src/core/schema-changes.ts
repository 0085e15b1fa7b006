import type { SourceMoment, TableSchema } from '@hasivu/change-events';

import type { EventSink } from './event-sink.ts';
import { tableId } from './table-selection.ts';

/** What the topic says of a table's shape: what is compared, and all that is. */
export interface AnnouncedShape {
  readonly primaryKeyColumnNames: readonly string[];
  readonly columns: readonly { readonly name: string; readonly typeExpression: string }[];
}

/** One version of a table's shape. */
export interface AnnouncedTable {
  readonly schema: TableSchema;
  /** Whether the topic is known to have this version. */
  announced: boolean;
}

export interface SchemaChangesOptions {
  readonly sink: EventSink;
  readonly topic: string;
  /** Logical name of the source: the topic prefix. */
  readonly sourceName: string;
  /** What the topic has of each table, by `schema.table`. */
  readonly last: ReadonlyMap<string, AnnouncedShape>;
}

/**
 * The topic of schema changes: the shape of a table ahead of the first event that has it, in the same Kafka transaction.
 * It is compared with what the topic says already, so a restart repeats nothing, however much log comes again.
 */
export class SchemaChanges {
  readonly #options: SchemaChangesOptions;
  readonly #last: Map<string, AnnouncedShape>;

  constructor(options: SchemaChangesOptions) {
    this.#options = options;
    this.#last = new Map(options.last);
  }

  /** To be called with the event's moment before it is appended. */
  announce(table: AnnouncedTable, moment: SourceMoment): void {
    table.announced = true;
    const id = tableId(table.schema);
    const shape = shapeOf(table.schema);
    const before = this.#last.get(id) ?? null;
    const changes = describeChanges(before, shape);
    if (before !== null && changes.length === 0) return;
    this.#last.set(id, shape);
    const { sink, topic } = this.#options;
    const key = Buffer.from(id);
    const value = Buffer.from(JSON.stringify(this.#record(table.schema, shape, before, changes, moment)));
    sink.append(topic, 0, key, 0, key.length, value, 0, value.length, moment.commitTsMs);
  }

  #record(
    { database, schema, table }: TableSchema,
    shape: AnnouncedShape,
    before: AnnouncedShape | null,
    changes: readonly string[],
    moment: SourceMoment,
  ): object {
    return {
      source: {
        connector: 'postgresql',
        name: this.#options.sourceName,
        db: database,
        schema,
        table,
        txId: moment.txId,
        ts_ms: moment.commitTsMs,
        commit_lsn: moment.commitLsnHi * 2 ** 32 + moment.commitLsnLo,
        seq: moment.seq,
      },
      ts_ms: moment.commitTsMs,
      databaseName: database,
      schemaName: schema,
      ddl: null,
      changes,
      tableChanges: [
        {
          type: before === null ? 'CREATE' : 'ALTER',
          id: `${quoted(schema)}.${quoted(table)}`,
          table: { ...shape, columns: shape.columns.map((column, i) => ({ ...column, position: i + 1 })) },
        },
      ],
    };
  }
}

function shapeOf({ columns, key }: TableSchema): AnnouncedShape {
  return {
    primaryKeyColumnNames: key,
    columns: columns.map(({ name, pgType }) => ({ name, typeExpression: pgType })),
  };
}

/** The shape that a record of the topic gives, or null where it is not one of ours. */
export function announcedShape(record: Buffer): AnnouncedShape | null {
  try {
    const { tableChanges } = JSON.parse(record.toString('utf8')) as {
      tableChanges: { table: AnnouncedShape }[];
    };
    return tableChanges[0]?.table ?? null;
  } catch {
    return null;
  }
}

/** What differs between two shapes, for people; nothing where they are the same. */
export function describeChanges(before: AnnouncedShape | null, after: AnnouncedShape): string[] {
  if (before === null) return [];
  const old = new Map(before.columns.map((column) => [column.name, column.typeExpression]));
  const now = new Map(after.columns.map((column) => [column.name, column.typeExpression]));
  const changes: string[] = [];
  for (const name of old.keys()) if (!now.has(name)) changes.push(`column ${quoted(name)} is gone`);
  for (const [name, type] of now) {
    const was = old.get(name);
    if (was === undefined) changes.push(`column ${quoted(name)} is new: ${type}`);
    else if (was !== type) changes.push(`column ${quoted(name)} is ${type}, was ${was}`);
  }
  const kept = (shape: ReadonlyMap<string, string>, other: ReadonlyMap<string, string>): string =>
    JSON.stringify([...shape.keys()].filter((name) => other.has(name)));
  if (kept(old, now) !== kept(now, old)) changes.push('the columns have another order');
  if (JSON.stringify(before.primaryKeyColumnNames) !== JSON.stringify(after.primaryKeyColumnNames))
    changes.push(`the key is (${after.primaryKeyColumnNames.map(quoted).join(', ')})`);
  return changes;
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
