import type { SourceMoment } from '@hasivu/change-events';
import { capturedBy } from '@hasivu/config';
import type { LogicalMessage } from '@hasivu/pgoutput';

import type { AnnouncedShape } from './announced-shape.ts';
import { creates, parseDdlMessage, statementOf, type DdlMessage, type DdlTable } from './ddl-message.ts';
import type { NumberedColumn } from './column-origins.ts';
import type { DdlTokens } from './ddl-tokens.ts';
import type { Errands } from './errands.ts';
import type { PositionLedger } from './position-ledger.ts';
import type { AnnouncedTable, SchemaChanges } from './schema-changes.ts';
import type { SchemaHistory } from './schema-history.ts';
import { tableId } from './table-selection.ts';

/** What a statement means for the capture, beyond its record. */
export type DdlNotice = 'waits' | 'renamed' | 'dropped' | 'unpublished' | 'unreadable' | 'forged';

export interface DdlEventsOptions {
  readonly slot: string;
  readonly tokens: DdlTokens;
  readonly tables: readonly string[];
  readonly exclude: readonly string[];
  /** Captured tables of this run, by `schema.table`. */
  readonly captured: ReadonlySet<string>;
  readonly history: SchemaHistory;
  readonly schemaChanges: SchemaChanges;
  readonly ledger: Pick<PositionLedger, 'accept'>;
  readonly errands: Errands;
  /** The shape that events of the table will have. */
  readonly describe: (table: DdlTable) => Promise<AnnouncedShape>;
  /** What the table's columns are from here on. */
  readonly numbered: (oid: number, columns: readonly NumberedColumn[]) => void;
  /** The newest compiled version of a table. */
  readonly compiled: (id: string) => AnnouncedTable | undefined;
  readonly notice: (notice: DdlNotice, table: string, former?: string) => void;
  /** Tables that match the configuration and are copied at the next start only. */
  readonly waiting: (tables: number) => void;
  /** A message with the triggers' prefix that no trigger of this source has written was passed over. */
  readonly refused: () => void;
}

/** Those that have a number; triggers of an older version tell none. */
function numberedColumns({ columns }: DdlTable): NumberedColumn[] {
  return (columns ?? []).flatMap(({ name, typeOid, number, initial }) =>
    number === undefined ? [] : [{ name, typeOid, number, initial: initial ?? null }],
  );
}

/** What the event triggers tell of DDL: a record each, once, at the place of its message. */
export class DdlEvents {
  readonly #options: DdlEventsOptions;
  readonly #waiting = new Set<string>();
  readonly #refusals = new Set<DdlNotice>();

  constructor(options: DdlEventsOptions) {
    this.#options = options;
  }

  /** @param seq -1 when Kafka has the record */
  message(message: LogicalMessage, seq: number, moment: SourceMoment): void {
    if (!message.transactional) return;
    const ddl = parseDdlMessage(message.content);
    // What Kafka has is of an earlier life, whose catalog this one began with; what columns are still holds.
    const isWritten = seq < 0;
    if (ddl === null) return isWritten ? undefined : this.#refuse('unreadable');
    if (ddl.slot !== this.#options.slot) return;
    if (!this.#options.tokens.isOwn(ddl.token)) return isWritten ? undefined : this.#refuse('forged');
    if (ddl.kind === 'table') this.#options.numbered(ddl.oid, numberedColumns(ddl));
    if (isWritten) return;
    if (!this.#concerns(ddl)) return;
    this.#notify(ddl);
    if (ddl.kind === 'unpublish') return;
    const at = { ...moment };
    // Types are looked up behind this message and ahead of the next one.
    this.#options.errands.add(async () => this.#write(ddl, at));
  }

  // Whoever can connect can write as many as they like: a line of the log for each would be theirs to fill a disk with.
  #refuse(why: DdlNotice): void {
    this.#options.refused();
    if (this.#refusals.has(why)) return;
    this.#refusals.add(why);
    this.#options.notice(why, '');
  }

  async #write(ddl: DdlMessage, moment: SourceMoment): Promise<void> {
    const { schemaChanges, ledger, describe, compiled } = this.#options;
    const { command, oid, schema, table } = ddl;
    const type = ddl.kind !== 'table' ? 'DROP' : creates(ddl) ? 'CREATE' : 'ALTER';
    const shape = ddl.kind === 'table' ? await describe(ddl) : null;
    schemaChanges.statement({ type, command, ddl: statementOf(ddl), oid, schema, table, shape }, moment);
    // The next event looks again: the shape may be one that was there before.
    const version = compiled(tableId(ddl));
    if (version) version.announced = false;
    ledger.accept();
  }

  #concerns(ddl: DdlMessage): boolean {
    const { history, captured } = this.#options;
    const id = tableId(ddl);
    if (captured.has(id) || history.nameOf(ddl.oid) !== null || history.shapeOf(id) !== null) return true;
    // A partition that is dropped has a table's name, and was never one.
    return ddl.kind === 'table' && this.#matches(id);
  }

  #matches(id: string): boolean {
    return capturedBy(this.#options.tables, id, this.#options.exclude);
  }

  #notify(ddl: DdlMessage): void {
    const { captured, history, notice, waiting } = this.#options;
    const id = tableId(ddl);
    if (ddl.kind !== 'table') {
      this.#waiting.delete(id);
      if (captured.has(id)) notice(ddl.kind === 'drop' ? 'dropped' : 'unpublished', id);
    } else {
      const former = history.nameOf(ddl.oid);
      if (former !== null && former !== id) {
        this.#waiting.delete(former);
        if (captured.has(former)) notice('renamed', id, former);
      }
      if (this.#matches(id) && !captured.has(id) && !this.#waiting.has(id)) {
        this.#waiting.add(id);
        notice('waits', id);
      }
    }
    waiting(this.#waiting.size);
  }
}
