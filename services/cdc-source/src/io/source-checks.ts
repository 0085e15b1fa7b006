import {
  CatalogSession,
  checkFailoverSupport,
  checkPgoutputSupport,
  checkServer,
  dropSlot,
  identifySystem,
  makeFailoverSlot,
  WireConnection,
  type CatalogTable,
  type PostgresTarget,
  type ServerFacts,
  type SlotState,
} from '@hasivu/postgres';
import { PlatformError } from '@hasivu/errors';

import type { DdlTokens } from '../core/ddl-tokens.ts';
import type { ServerHistory } from '../core/history-check.ts';
import { tablesWithoutKey } from '../core/key-check.ts';
import type { CapturedAs } from '../core/publication-plan.ts';
import { RetainedLogPolicy } from '../core/retained-log.ts';
import { checkSlotOwner, lostSlot } from '../core/slot-check.ts';
import type { SourceDependencies } from '../source-dependencies.ts';
import { publishTables, tablesToCapture } from './captured-tables.ts';
import { ensureDdlTriggers } from './ddl-trigger-guard.ts';
import { logBoundError } from './slot-bound.ts';
import { ensureSignalTable } from './incremental/signal-table.ts';
import { acquireSlot } from './slot-guard.ts';

/** What the checks against Postgres found; nothing has been written to Kafka yet. */
export interface PreparedSource {
  readonly target: PostgresTarget;
  readonly session: CatalogSession;
  readonly server: ServerFacts;
  readonly history: ServerHistory;
  readonly slotFacts: SlotState | null;
  readonly tables: readonly CatalogTable[];
  readonly published: ReadonlyMap<string, CapturedAs>;
  readonly ddlTokens: DdlTokens;
}

/** Checks the server, takes the slot and covers the tables by the publication. @throws PlatformError SOURCE_* */
export async function prepareSource(
  dependencies: SourceDependencies,
  resources: AsyncDisposableStack,
): Promise<PreparedSource> {
  const { settings, logger, ready } = dependencies;
  const { postgres } = settings;
  ready(false, 'connecting to Postgres');
  const session = await CatalogSession.open({
    url: postgres.url,
    sessionAttrs: 'primary',
    tls: postgres.tls,
    applicationName: `hasivu-cdc-source ${postgres.slot}`,
  });
  // The lock on the slot is of this session's server: the copies and the stream must be on the same one.
  const { target } = session;
  resources.defer(() => session.close());
  const server = await checkServer(session);
  checkPgoutputSupport(server.version, postgres);
  if (postgres.failover) checkFailoverSupport(server.version);
  const signalTable =
    postgres.signalTable === undefined ? null : await ensureSignalTable(session, postgres.signalTable);
  const tables = await tablesToCapture(dependencies, session);
  const keyless = tablesWithoutKey(tables, settings.silverTables);
  if (keyless.length > 0)
    logger.warn({ tables: keyless }, 'tables without a key: a change log, but no current state');
  ready(false, `waiting for the replication slot "${postgres.slot}"`);
  const found = await acquireSlot(session, server.version, dependencies);
  if (found) checkSlotOwner(postgres.slot, found, server.database);
  if (server.inRecovery && found?.synced === true) {
    throw new PlatformError('SOURCE_STANDBY', {
      doing: 'checking the source server',
      why: `it keeps the slot "${postgres.slot}" for its primary and is not promoted`,
    });
  }
  const slotFacts = await withinBound(dependencies, session, found);
  const published = await publishTables(
    dependencies,
    session,
    server,
    signalTable && !tables.some(({ oid }) => oid === signalTable.oid) ? [...tables, signalTable] : tables,
  );
  const ddlTokens = await ensureDdlTriggers(dependencies, session);
  const history = await identify(dependencies, target, server, slotFacts);
  return { target, session, server, history, slotFacts, tables, published, ddlTokens };
}

/** Drops a slot that already holds back more than it may, whether or not Kafka can be reached. */
async function withinBound(
  dependencies: SourceDependencies,
  session: CatalogSession,
  state: SlotState | null,
): Promise<SlotState | null> {
  const { slot, retainedLog, onLostSlot } = dependencies.settings.postgres;
  if (!state || !new RetainedLogPolicy(retainedLog).exceeded(state)) return state;
  await dropSlot(session, slot, false);
  const error = logBoundError(slot, state, retainedLog.maxBytes);
  if (onLostSlot === 'stop') throw error;
  dependencies.logger.warn({ code: error.code, ...error.context }, error.message);
  return null;
}

async function identify(
  dependencies: SourceDependencies,
  target: PostgresTarget,
  server: ServerFacts,
  state: SlotState | null,
): Promise<ServerHistory> {
  const { slot, failover } = dependencies.settings.postgres;
  const connection = await WireConnection.open(target, { replication: true });
  try {
    if (failover && state && !state.failover && !lostSlot(slot, state)) {
      await makeFailoverSlot(connection, slot);
      dependencies.logger.info({ slot }, 'the standbys keep the slot too from now on');
    }
    const system = await identifySystem(connection);
    // A standby takes another timeline when it is promoted, without ending its streams.
    return server.inRecovery ? { ...system, timeline: 0 } : system;
  } finally {
    await connection.close();
  }
}
