import { tmpdir } from 'node:os';

import { toLsn, type Lsn } from '@hasivu/change-events';

import { ChangeRouter } from '../core/change-router.ts';
import { DDL_PREFIX } from '../core/ddl-trigger-sql.ts';
import { Errands } from '../core/errands.ts';
import type { MessageEvents } from '../core/message-events.ts';
import type { MessageFallback } from '../core/message-router.ts';
import { wantsMessages } from '../core/message-selection.ts';
import { PositionLedger } from '../core/position-ledger.ts';
import type { Progress } from '../core/progress-record.ts';
import { StreamIntake } from '../core/stream-intake.ts';
import { tableId } from '../core/table-selection.ts';
import { TraceContext, TRACE_PREFIX } from '../core/trace-context.ts';
import type { TransactionMetadata } from '../core/transaction-metadata.ts';
import { failpoint } from '../failpoints.ts';
import type { SourceDependencies } from '../source-dependencies.ts';
import { openMessageTopic } from './message-topic.ts';
import { openDdlEvents } from './open-ddl-events.ts';
import { openOutbox } from './open-outbox.ts';
import { openIncremental, type IncrementalParts } from './incremental/open-incremental.ts';
import type { OpenedTarget } from './opened-target.ts';
import { openSchemaChangeTopic } from './schema-change-topic.ts';
import type { PreparedSource } from './source-checks.ts';
import { SpoolDisk } from './spool-disk.ts';
import { openTransactionTopic } from './transaction-topic.ts';

const FROM_THE_BEGIN = toLsn(0n);
const LOGGED_PREFIX = 64;

/** What a stream is made of, before a byte is read: the router with all that listens to it. */
export interface StreamParts {
  readonly ledger: PositionLedger;
  readonly router: ChangeRouter;
  readonly intake: StreamIntake;
  readonly disk: SpoolDisk;
  readonly errands: Errands;
  /** Events of logical messages since the last call. */
  readonly takeMessages: () => number;
  /** Null where the topic of transactions is not asked for. */
  readonly transactions: TransactionMetadata | null;
  readonly incremental: IncrementalParts;
  /** Answers the router's `AFTER`: compiles its pending relation, or opens the topic of messages. */
  readonly adopt: () => Promise<void>;
}

export async function openStreamParts(
  dependencies: SourceDependencies,
  prepared: PreparedSource,
  opened: OpenedTarget,
  progress: Progress,
): Promise<StreamParts> {
  const { settings, signal } = dependencies;
  const { postgres } = settings;
  const { prefix } = settings.kafka;
  const { cluster, registry, sink } = opened;
  const captured = new Set(prepared.tables.map(tableId));
  const ledger = new PositionLedger(progress);
  const errands = new Errands();
  let messageEvents: MessageEvents | null = null;
  const messages: MessageFallback = {
    wants: (messagePrefix) => wantsMessages(postgres.messages, messagePrefix),
    handler: null,
  };
  const transactions = postgres.transactionTopic
    ? await openTransactionTopic(cluster, registry, prefix, {
        sink,
        ledger,
        restored: progress.transaction ?? null,
      })
    : null;
  const outbox = openOutbox(dependencies, cluster, registry, { sink, ledger, errands });
  const schemaChanges = postgres.schemaChanges
    ? await openSchemaChangeTopic(cluster, prefix, prepared, sink, signal)
    : null;
  const trace = postgres.traceHeaders
    ? new TraceContext(`${prefix} ${prepared.server.database} ${postgres.slot}`)
    : null;
  const incremental = openIncremental(dependencies, prepared, opened, {
    ledger,
    errands,
    schemaChanges: schemaChanges?.schemaChanges ?? null,
    progress,
    retap: () => router.retap(),
  });
  const router: ChangeRouter = new ChangeRouter({
    ledger,
    sink,
    messageFallback: messages,
    transactions,
    schemaChanges: schemaChanges?.schemaChanges ?? null,
    oversize: postgres.oversize,
    trace,
    observers: [transactions, outbox, trace, incremental.snapshots].filter((one) => one !== null),
    tapOf: (schema, table) => {
      const name = tableId({ schema, table });
      return name === postgres.outbox?.table ? outbox : incremental.tapOf(name);
    },
    coverage: (schema, table): Lsn | null => {
      const name = tableId({ schema, table });
      if (captured.has(name)) return progress.tables.get(name)?.lsn ?? null;
      return name === postgres.signalTable ? FROM_THE_BEGIN : null;
    },
  });
  // Without triggers of ours such a message is anybody's.
  if (schemaChanges && postgres.ddl !== 'off') {
    const ddl = openDdlEvents(dependencies, prepared, opened, { ...schemaChanges, ledger, errands });
    router.messages.register(DDL_PREFIX, (message, seq, moment) => ddl.message(message, seq, moment));
  }
  if (trace) router.messages.register(TRACE_PREFIX, (message) => trace.message(message));
  const messagePrefix = postgres.outbox?.messagePrefix;
  if (outbox && messagePrefix !== undefined)
    router.messages.register(messagePrefix, (message, seq) => outbox.message(message, seq, Date.now()));
  incremental.attach(router);
  return {
    ledger,
    router,
    intake: new StreamIntake(ledger, () => router.nextReceipt(), settings.spoolMemoryBytes),
    disk: new SpoolDisk(postgres.spoolDirectory ?? tmpdir()),
    errands,
    transactions,
    takeMessages: () => {
      const taken = messageEvents?.count ?? 0;
      if (messageEvents) messageEvents.count = 0;
      return taken;
    },
    incremental,
    adopt: async () => {
      const pending = router.pendingRelation;
      if (pending && !captured.has(tableId(pending)))
        return router.adopt(await opened.compiler.unwritten(pending));
      if (pending) return await adoptRelation(dependencies, opened, router);
      const { database } = prepared.server;
      const events = (messageEvents = await openMessageTopic(cluster, registry, prefix, {
        sink,
        ledger,
        database,
        transactions,
        omitted: omissionsOf(dependencies),
      }));
      messages.handler = (...args) => events.write(...args);
    },
  };
}

/** One line of the log for all of a life: whoever can connect may write any number of them. */
function omissionsOf({ logger, metrics }: SourceDependencies): (prefix: string, bytes: number) => void {
  let told = false;
  return (prefix, bytes) => {
    metrics.messageOmitted();
    if (told) return;
    told = true;
    logger.warn(
      { prefix: prefix.slice(0, LOGGED_PREFIX), bytes },
      'a logical message is larger than a record may be: its event says so and goes without it; more like it are counted only',
    );
  };
}

async function adoptRelation(
  { logger }: SourceDependencies,
  { compiler, lineage }: OpenedTarget,
  router: ChangeRouter,
): Promise<void> {
  if (!router.pendingRelation) return;
  const table = await compiler.adopt(router.pendingRelation, router.transactionXid);
  lineage?.captured(table.schema, table.topic);
  logger.info({ table: tableId(table.schema), columns: table.schema.columns.length }, 'table shape');
  router.adopt(table);
  failpoint('relation-adopted');
}
