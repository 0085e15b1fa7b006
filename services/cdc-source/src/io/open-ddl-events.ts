import { isPlatformError } from '@hasivu/errors';
import { replicaIdentityOf } from '@hasivu/pgoutput';

import { shapeOf, type AnnouncedColumn, type AnnouncedShape } from '../core/announced-shape.ts';
import { DdlEvents, type DdlEventsOptions, type DdlNotice } from '../core/ddl-events.ts';
import type { DdlTable } from '../core/ddl-message.ts';
import { tableId } from '../core/table-selection.ts';
import type { SourceDependencies } from '../source-dependencies.ts';
import type { OpenedTarget } from './opened-target.ts';
import type { PreparedSource } from './source-checks.ts';

/** What takes the messages of the event triggers. */
export function openDdlEvents(
  { settings, logger, metrics }: SourceDependencies,
  prepared: PreparedSource,
  { compiler }: OpenedTarget,
  parts: Pick<DdlEventsOptions, 'history' | 'schemaChanges' | 'ledger' | 'errands'>,
): DdlEvents {
  const { slot, tables, exclude } = settings.postgres;
  metrics.tablesWaiting(0);
  return new DdlEvents({
    ...parts,
    slot,
    tokens: prepared.ddlTokens,
    tables,
    exclude,
    captured: new Set(prepared.tables.map(tableId)),
    compiled: (id) => compiler.tables.get(id),
    numbered: (oid, columns) => compiler.tell(oid, columns),
    describe: (table) => describe(table, compiler, logger),
    notice: (notice, table, former) => {
      if (notice === 'waits') logger.info({ table }, NOTICES.waits);
      else logger.warn({ table: table === '' ? undefined : table, former }, NOTICES[notice]);
    },
    waiting: (count) => metrics.tablesWaiting(count),
    refused: () => metrics.ddlMessageRefused(),
  });
}

const NOTICES: Readonly<Record<DdlNotice, string>> = {
  waits: 'a new table matches source.postgres.tables: it is copied and captured from the next start on',
  renamed:
    'a captured table was renamed: its changes are not captured under the new name before the next start',
  dropped:
    'a captured table was dropped: the next start refuses source.postgres.tables if it names the table',
  unpublished:
    'the publication lost a captured table: its changes are not captured until it has the table again',
  unreadable:
    'a logical message with the prefix hasivu.ddl is not one of an event trigger of ours; more like it are counted only',
  forged:
    'a logical message with the prefix hasivu.ddl was written by somebody else than the event triggers as they were found at the start; more like it are counted only',
};

async function describe(
  ddl: DdlTable,
  compiler: OpenedTarget['compiler'],
  logger: SourceDependencies['logger'],
): Promise<AnnouncedShape> {
  const all = ddl.columns ?? [];
  const source = {
    schema: ddl.schema,
    table: ddl.table,
    identity: replicaIdentityOf(ddl.identity),
    columns: all.filter((column) => column.published),
  };
  const hints = {
    dimensions: new Map(all.map((column) => [column.name, column.dimensions])),
    primaryKey: ddl.primaryKey ?? [],
    identityIndex: ddl.identityIndex ?? [],
    origins: new Map<string, string>(),
    initials: new Map<string, string>(),
    defaulted: new Set<string>(),
  };
  const names = all.map((column) => column.name);
  try {
    return withFacts(shapeOf(await compiler.described(source, hints, names)), ddl);
  } catch (error) {
    if (!isPlatformError(error) || error.code !== 'SOURCE_TABLE_RULE') throw error;
    // No value is written by this: the run ends at the next row of the table.
    logger.warn(
      { code: error.code, ...error.context },
      `${error.message}: the next change of a row will stop the source`,
    );
    const key = source.identity === 'index' ? hints.identityIndex : hints.primaryKey;
    return withFacts({ primaryKeyColumnNames: key, columns: [] }, ddl);
  }
}

/** Adds what only the catalog knows. */
function withFacts(shape: AnnouncedShape, ddl: DdlTable): AnnouncedShape {
  const facts = new Map((ddl.columns ?? []).map((column) => [column.name, column]));
  return {
    ...shape,
    comment: ddl.comment,
    columns: shape.columns.map((column): AnnouncedColumn => {
      const known = facts.get(column.name);
      if (!known) return column;
      return {
        ...column,
        optional: !known.notNull,
        autoIncremented: known.identity || /^nextval\(/.test(known.default ?? ''),
        generated: known.generated,
        hasDefaultValue: known.hasDefault,
        defaultValueExpression: known.default,
        comment: known.comment,
      };
    }),
  };
}
