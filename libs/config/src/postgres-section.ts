import { Type, type Static } from '@sinclair/typebox';

import { ColumnsSection, RowsSection } from './columns-section.ts';
import { OutboxSection } from './outbox-section.ts';
import { SecretRef, TlsSection } from './reusable-shapes.ts';

/** `schema.table`; `*` in the table's part stands for any characters. */
const TablePattern = Type.String({
  pattern: '^[^.*]+\\.[^.]+$',
  description: 'schema.table, with * for any characters: schema.* is every table of the schema',
});

/** A prefix, or `prefix*` for every prefix that begins so. */
const MessagePattern = Type.String({
  pattern: '^([^*]+|[^*]*\\*)$',
  description: 'A prefix, or with * at its end every prefix that begins so',
});

export const PostgresSection = Type.Object(
  {
    name: Type.Optional(
      Type.String({
        pattern: '^[a-z0-9_-]{1,40}$',
        description:
          'Name of the database where there are several: in topics, metrics, logs, and folders of the lake',
      }),
    ),
    prefix: Type.Optional(
      Type.String({
        pattern: '^[A-Za-z0-9._-]{1,140}$',
        description:
          "First part of the names of this database's topics; kafka.prefix by default, and <kafka.prefix>.<name> for a database with a name",
      }),
    ),
    url: SecretRef(
      'Connection URL of the source database; a reference, because it holds a password. Several hosts (a:5432,b:5432) are tried in order, and target_session_attrs (primary by default, read-write, standby, read-only or any) says which of them will do',
    ),
    tables: Type.Array(TablePattern, { minItems: 1, description: 'Tables to capture' }),
    exclude: Type.Array(TablePattern, {
      default: [],
      description: 'Tables that are left out though a pattern of tables names them',
    }),
    columns: ColumnsSection,
    rows: RowsSection,
    publication: Type.String({
      default: 'hasivu',
      minLength: 1,
      maxLength: 63,
      description: 'Publication; created where it is missing',
    }),
    slot: Type.String({
      default: 'hasivu',
      pattern: '^[a-z0-9_]{1,63}$',
      description: 'Replication slot; created where it is missing',
    }),
    snapshot: Type.Union([Type.Literal('initial'), Type.Literal('never')], {
      default: 'initial',
      description: 'initial copies existing rows first; never starts with the changes from now on',
    }),
    signalTable: Type.Optional(
      Type.String({
        pattern: '^[^.*]+\\.[^.*]+$',
        description:
          "Table whose inserted rows are signals, in Debezium's form (id, type, data); created where it is missing. Whoever may insert into it can have tables read again, with conditions that run with this role's rights to read",
      }),
    ),
    signalMessages: Type.Union([Type.Literal('unconditional'), Type.Literal('all'), Type.Literal('off')], {
      default: 'unconditional',
      description:
        'Follow signals in logical messages with the prefix hasivu.signal, as `hasivu snapshot` sends them. Every role that may connect to the database can write one, so by default one with a condition, which is SQL and runs with the rights of this role, is refused: such a signal comes through signalTable, or with all',
    }),
    binary: Type.Union([Type.Literal('auto'), Type.Literal('off')], {
      default: 'auto',
      description:
        "auto takes values in Postgres' binary form, which costs the server and this process less, and text only where a type's binary form is not known; off takes text. Events are the same either way",
    }),
    outbox: Type.Optional(OutboxSection),
    schemaChanges: Type.Boolean({
      default: false,
      description:
        'Write schema changes of captured tables to <prefix>.schema-changes: what event triggers tell of DDL, and the shape of a table ahead of the first event that has it',
    }),
    ddl: Type.Union([Type.Literal('auto'), Type.Literal('trigger'), Type.Literal('off')], {
      default: 'auto',
      description:
        'With schemaChanges: whether event triggers in the schema hasivu of the source database tell of DDL. auto installs them where the role may (mostly a superuser) and goes without otherwise; trigger ends with an error where it may not; off removes them',
    }),
    ddlStatements: Type.Boolean({
      default: true,
      description:
        'Give schema changes the text of the statement, defaults and comments. Literals in them may be data: false leaves all three in the database',
    }),
    oversize: Type.Union([Type.Literal('stop'), Type.Literal('omit')], {
      default: 'stop',
      description:
        'A row that does not fit into kafka.maxRecordBytes: stop ends with an error at its position; omit leaves out its largest values, names them as unavailable and in headers, and goes on',
    }),
    traceHeaders: Type.Boolean({
      default: false,
      description:
        'Give events the W3C header traceparent: one trace per transaction, or the one that a logical message with the prefix hasivu.trace names',
    }),
    transactionTopic: Type.Boolean({
      default: false,
      description:
        'Write BEGIN and END of every transaction with the counts of its events to <prefix>.transactions, and the transaction block into events',
    }),
    streaming: Type.Boolean({
      default: true,
      description:
        'Receive large transactions while they are in progress: their changes wait here instead of on the server, and reach Kafka at the commit all the same',
    }),
    spoolDirectory: Type.Optional(
      Type.String({
        minLength: 1,
        description:
          "Folder for what does not fit in memory of transactions in progress; by default the system's for temporary files",
      }),
    ),
    twoPhase: Type.Boolean({
      default: false,
      description:
        'Receive prepared transactions when they are prepared (PostgreSQL 15). Their changes reach Kafka at COMMIT PREPARED; until then the slot keeps the log since the prepare. A slot that once knew of it stays so',
    }),
    origin: Type.Union([Type.Literal('any'), Type.Literal('none')], {
      default: 'any',
      description:
        'none leaves out what logical replication wrote into the source database (PostgreSQL 16), so that two databases which replicate each other do not both report a change',
    }),
    messages: Type.Object(
      {
        include: Type.Array(MessagePattern, {
          default: ['*'],
          description: 'Prefixes of logical messages (pg_logical_emit_message) that become events',
        }),
        exclude: Type.Array(MessagePattern, {
          default: [],
          description: "Prefixes left out of those; hasivu.* is always left out. ['*'] leaves out all",
        }),
      },
      { additionalProperties: false, default: {} },
    ),
    snapshotConnections: Type.Integer({
      default: 2,
      minimum: 1,
      maximum: 16,
      description: 'Connections that copy existing rows side by side, all inside one snapshot',
    }),
    failover: Type.Boolean({
      default: false,
      description:
        'Keep the slot on the standbys too (PostgreSQL 17), so that a promoted standby is read on from the same position',
    }),
    heartbeat: Type.Object(
      {
        intervalMs: Type.Integer({
          default: 30_000,
          minimum: 0,
          maximum: 86_400_000,
          description:
            'When the stream brought nothing for so long, a logical message hasivu.heartbeat is written for it to bring: a dead stream can be told from an idle database. Not on a standby; 0 switches it off',
        }),
        query: Type.Optional(
          Type.String({
            minLength: 1,
            description:
              "Statement that is run at every interval in the message's place, as UPDATE heartbeat SET at = now() WHERE id = 1; the role needs the right to it",
          }),
        ),
      },
      { default: {}, additionalProperties: false },
    ),
    retainedLog: Type.Object(
      {
        warnBytes: Type.Optional(
          Type.Integer({
            minimum: 1,
            description:
              'Write-ahead log held back by the slot above which a warning is logged; half of maxBytes, or 10 GiB, where it is not given. Half of max_slot_wal_keep_size warns as well',
          }),
        ),
        maxBytes: Type.Optional(
          Type.Integer({
            minimum: 16 * 1024 ** 2,
            description:
              "Write-ahead log held back by the slot above which the slot is dropped, so that the server's disk survives; onLostSlot says what follows",
          }),
        ),
      },
      { default: {}, additionalProperties: false },
    ),
    onLostSlot: Type.Union([Type.Literal('stop'), Type.Literal('resnapshot')], {
      default: 'stop',
      description:
        'When changes were lost with the slot: stop ends with an error; resnapshot makes a new slot and copies every table again, after a truncate event',
    }),
    tls: Type.Optional(TlsSection),
  },
  { additionalProperties: false },
);

export type PostgresConfig = Static<typeof PostgresSection>;

/**
 * One section, or a list of them. Not a union: ajv fills in no defaults there, and tells the mistakes of both forms.
 */
export const PostgresSections = Type.Unsafe<PostgresConfig | PostgresConfig[]>({
  description: 'The database to capture, or a list of such sections with a name each',
  if: { type: 'array' },
  then: Type.Array(PostgresSection, { minItems: 1 }),
  else: PostgresSection,
});
