import type { SourceMoment, TableSchema } from '@hasivu/change-events';

import { describeChanges, quoted, shapeOf, type AnnouncedShape } from './announced-shape.ts';
import type { EventSink } from './event-sink.ts';
import type { SchemaHistory } from './schema-history.ts';
import { tableId } from './table-selection.ts';

/** One version of a table's shape. */
export interface AnnouncedTable {
  readonly schema: TableSchema;
  /** Of the relation that the shape came with; 0 where it is not known. */
  readonly oid: number;
  /** Whether the topic is known to have this version. */
  announced: boolean;
}

/** What a statement did to one table. */
export interface TableStatement {
  readonly type: 'CREATE' | 'ALTER' | 'DROP';
  readonly command: string;
  /** Text of the statement, or null where it is left out. */
  readonly ddl: string | null;
  readonly oid: number;
  readonly schema: string;
  readonly table: string;
  /** null after a drop. */
  readonly shape: AnnouncedShape | null;
}

export interface SchemaChangesOptions {
  readonly sink: EventSink;
  readonly topic: string;
  /** Logical name of the source: the topic prefix. */
  readonly sourceName: string;
  readonly database: string;
  /** What the topic has of each table. */
  readonly history: SchemaHistory;
}

interface Change extends Omit<TableStatement, 'command'> {
  readonly command: string | null;
  readonly before: AnnouncedShape | null;
  readonly previousName: string | null;
}

/**
 * The topic of schema changes. A statement is written where it is told; else the shape of a table ahead of the first
 * event that has it. Both go into the Kafka transaction of their position, and a shape is compared with what the topic
 * says already, so a statement's shape is not written again, and a restart repeats nothing, however much log comes again.
 */
export class SchemaChanges {
  readonly #options: SchemaChangesOptions;

  constructor(options: SchemaChangesOptions) {
    this.#options = options;
  }

  /** To be called with the event's moment before it is appended. */
  announce(table: AnnouncedTable, moment: SourceMoment): void {
    table.announced = true;
    const { schema, table: name } = table.schema;
    const shape = shapeOf(table.schema);
    const before = this.#options.history.shapeOf(tableId(table.schema));
    if (before !== null && describeChanges(before, shape).length === 0) return;
    const type = before === null ? 'CREATE' : 'ALTER';
    const how = { type, command: null, ddl: null, previousName: null } as const;
    this.#write({ ...how, oid: table.oid, schema, table: name, shape, before }, moment);
  }

  /** Writes what a statement did, with the moment of its message. */
  statement(statement: TableStatement, moment: SourceMoment): void {
    const { history } = this.#options;
    const name = tableId(statement);
    const former = statement.shape === null ? null : history.nameOf(statement.oid);
    const previousName = former === name ? null : former;
    this.#write({ ...statement, before: history.shapeOf(previousName ?? name), previousName }, moment);
  }

  #write(change: Change, moment: SourceMoment): void {
    const { sink, topic, history } = this.#options;
    const id = tableId(change);
    const record = this.#record(change, moment);
    const { commit_lsn: commitLsn, seq } = record.source;
    history.set(id, { shape: change.shape, oid: change.oid, commitLsn, seq });
    const key = Buffer.from(id);
    const value = Buffer.from(JSON.stringify(record));
    sink.append(topic, 0, key, 0, key.length, value, 0, value.length, moment.commitTsMs);
  }

  #record(
    change: Change,
    moment: SourceMoment,
  ): { readonly source: { readonly commit_lsn: number; readonly seq: number } } {
    const { schema, table, shape, before, previousName } = change;
    const { database } = this.#options;
    const [formerSchema = '', formerTable = ''] = previousName === null ? [] : splitId(previousName);
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
      ddl: change.ddl,
      command: change.command,
      tableOid: change.oid,
      changes: changesOf(change),
      tableChanges: [
        {
          type: change.type,
          id: idOf(schema, table),
          ...(previousName === null ? {} : { previousId: idOf(formerSchema, formerTable) }),
          table: shape && {
            ...shape,
            columns: shape.columns.map((column, i) => ({ ...column, position: i + 1 })),
          },
        },
      ],
    } as { readonly source: { readonly commit_lsn: number; readonly seq: number } };

    function changesOf({ type }: Change): string[] {
      if (shape === null) return ['the table is gone'];
      // A table made anew under the name of another has nothing to be compared with.
      if (type === 'CREATE') return [];
      const renamed = previousName === null ? [] : [`the table was ${idOf(formerSchema, formerTable)}`];
      return [...renamed, ...describeChanges(before, shape)];
    }
  }
}

/** The parts of `schema.table`; patterns name no schema with a dot. */
function splitId(id: string): [string, string] {
  const dot = id.indexOf('.');
  return [id.slice(0, dot), id.slice(dot + 1)];
}

function idOf(schema: string, table: string): string {
  return `${quoted(schema)}.${quoted(table)}`;
}
