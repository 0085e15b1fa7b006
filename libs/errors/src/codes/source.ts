import type { ErrorEntry } from '../error-entry.ts';

export const sourceErrors = {
  SOURCE_UNREACHABLE: {
    summary: 'Postgres does not accept connections',
    cause: 'The server is down, starting, out of connections, or the host or port is wrong.',
    remedy: 'Start the server or correct the host and port in source.postgres.url.',
    retry: 'timed',
  },
  SOURCE_CONNECTION_LOST: {
    summary: 'The connection to Postgres broke',
    cause: 'The server stopped, an administrator ended the session, or the network failed.',
    remedy:
      'Nothing, if the server comes back: the service reconnects and replays from its durable progress.',
    retry: 'timed',
  },
  SOURCE_AUTHENTICATION: {
    summary: 'Postgres refused the user or the password',
    cause:
      'A wrong user or password, or pg_hba.conf has no line for this user, database and address (replication connections need one too).',
    remedy: 'Correct the credentials behind source.postgres.url, or add the line to pg_hba.conf.',
    retry: 'manual',
  },
  SOURCE_DATABASE_MISSING: {
    summary: 'The database does not exist',
    cause: 'The database name in source.postgres.url is wrong.',
    remedy: 'Correct the database name in source.postgres.url.',
    retry: 'manual',
  },
  SOURCE_TLS: {
    summary: 'No trusted encrypted connection could be made',
    cause:
      'The server does not offer TLS, or its certificate is not signed by the configured authority or is for another host.',
    remedy: 'Correct source.postgres.tls, or turn on ssl on the server.',
    retry: 'manual',
  },
  SOURCE_WAL_LEVEL: {
    summary: 'The server does not log what logical replication needs',
    cause: 'wal_level is not logical.',
    remedy: "Run ALTER SYSTEM SET wal_level = 'logical' and restart the server.",
    retry: 'manual',
  },
  SOURCE_SERVER_TOO_OLD: {
    summary: 'The server is too old for a configured option',
    cause: 'The option asks for something that logical replication can do only in a later version.',
    remedy: 'Take the option out of source.postgres, or upgrade the server.',
    retry: 'manual',
  },
  SOURCE_SPOOL: {
    summary: 'A transaction in progress could not be kept on disk',
    cause:
      'The disk behind source.postgres.spoolDirectory is full or broken, or the folder cannot be written.',
    remedy:
      'Free space there, or name a folder on a larger disk in source.postgres.spoolDirectory; nothing is lost, Postgres sends the transaction again.',
    retry: 'timed',
  },
  SOURCE_PERMISSION: {
    summary: 'The user may not do this',
    cause:
      'The role lacks REPLICATION, SELECT on a captured table, USAGE of its schema, CREATE on the database for a new publication, or the right to create event triggers, or to read their token, where source.postgres.ddl demands them; or what the triggers run belongs to another role.',
    remedy: 'Grant what the message names.',
    retry: 'manual',
  },
  SOURCE_TABLE_MISSING: {
    summary: 'A configured table does not exist',
    cause: 'A misspelt schema or table, another database, or a table that was dropped.',
    remedy: 'Correct source.postgres.tables or create the table.',
    retry: 'manual',
  },
  SOURCE_PUBLICATION_INCOMPLETE: {
    summary: 'The publication does not cover a configured table',
    cause: 'The publication was made by someone else and lacks the table or one of its operations.',
    remedy: 'Run the ALTER PUBLICATION statement of the message, or name another publication.',
    retry: 'manual',
  },
  SOURCE_KEY_MISSING: {
    summary: 'A table without a key is to have a current-state table',
    cause:
      'The table has no primary key and no replica identity index, and its entry in tables says silver: true.',
    remedy: 'Add a primary key, set REPLICA IDENTITY USING INDEX, or set silver: false for it.',
    retry: 'manual',
  },
  SOURCE_KEY_UNKNOWN: {
    summary: "Nobody tells which columns of a table's log were its key",
    cause:
      'The table has REPLICA IDENTITY FULL (or NOTHING), whose messages do not say which columns the key has; its key was renamed more than once while the source was down, and no event triggers told of it.',
    remedy:
      'Take the table out of source.postgres.tables, let the source read past the renames, and put it back: it is copied anew. With source.postgres.ddl: trigger it does not happen again.',
    retry: 'manual',
  },
  SOURCE_KEY_VALUE: {
    summary: 'A key holds a value that its type cannot carry',
    cause: 'A NaN in a numeric key column: a key cannot be null.',
    remedy:
      'Change the value in the source table, or the column to unconstrained numeric, which travels as text.',
    retry: 'manual',
  },
  SOURCE_ROW_TOO_LARGE: {
    summary: 'A row is larger than a record may be',
    cause:
      'Its event, with the texts in its headers, does not fit into kafka.maxRecordBytes, or max.message.bytes of the existing topic is lower.',
    remedy:
      'Raise kafka.maxRecordBytes, and max.message.bytes of the topic by kafka-configs.sh; or leave the column out (source.postgres.columns); or set source.postgres.oversize to omit. Nothing is lost: the source goes on at this row.',
    retry: 'manual',
  },
  SOURCE_TABLE_RULE: {
    summary: 'A rule for the columns or rows of a table does not fit the table',
    cause:
      'source.postgres.columns or rows names a column that is not there (a renamed one, perhaps), masks or leaves out a part of the key, treats a type that the rule does not know, or filters by a column that deletes do not carry.',
    remedy:
      'Correct the rule; a column that was renamed is given with all its names, as in "mail|email", so that older log is treated too.',
    retry: 'manual',
  },
  SOURCE_OUTBOX: {
    summary: 'A row or a logical message of the outbox is not a message',
    cause:
      'A column of source.postgres.outbox is missing or has another type, a row has no id or no route, a logical message is not a JSON object, or a row was updated where that is fatal.',
    remedy:
      'Correct source.postgres.outbox or the writer of the outbox; messages go on from the one that was refused.',
    retry: 'manual',
  },
  SOURCE_SLOT_ACTIVE: {
    summary: 'Another process reads the replication slot',
    cause: 'A second copy of this service, or another consumer, holds the slot.',
    remedy: 'Stop the other process, or give this one its own source.postgres.slot.',
    retry: 'manual',
  },
  SOURCE_SLOT_HELD: {
    summary: 'The server still reads the replication slot for a predecessor that is gone',
    cause:
      'A copy of this service died, and the server process that sent to it has not ended yet, though it was told to.',
    remedy:
      'Nothing, as a rule: it is waited for. If it stays, end the server process of the message with pg_terminate_backend as a superuser.',
    retry: 'timed',
  },
  SOURCE_SLOT_MISMATCH: {
    summary: 'The replication slot is not one this service can read',
    cause: 'A slot of that name exists with another plugin or for another database.',
    remedy: 'Name another source.postgres.slot, or drop the foreign one.',
    retry: 'manual',
  },
  SOURCE_SLOT_LOST: {
    summary: 'The replication slot is gone or no longer has the log that is needed',
    cause:
      'It was dropped, invalidated because it held back more log than max_slot_wal_keep_size allows or was idle for longer than idle_replication_slot_timeout, or a standby without it was promoted.',
    remedy:
      'Changes since the last confirmed position are lost to streaming: set source.postgres.onLostSlot to resnapshot and start, which makes a new slot and copies every table again.',
    retry: 'manual',
  },
  SOURCE_SLOT_MOVED: {
    summary: 'The replication slot was moved past what Kafka has',
    cause:
      'Another consumer read the slot, or it was dropped and made again, or the progress topic was deleted or replaced by an older copy.',
    remedy:
      'Changes in between are lost to streaming: set source.postgres.onLostSlot to resnapshot and start, which makes the slot anew and copies every table again.',
    retry: 'manual',
  },
  SOURCE_LOG_RETAINED: {
    summary: 'The replication slot holds back much write-ahead log',
    cause:
      'Kafka or the network is slower than the writes to the database, this service was away, or a transaction stays open.',
    remedy:
      'Find what holds the service up before the server gives the slot up; a long transaction is in pg_stat_activity.',
    retry: 'timed',
  },
  SOURCE_LOG_BOUND: {
    summary: 'The replication slot was dropped because it held back more log than retainedLog.maxBytes',
    cause: 'The service was away, or slower than the writes to the database, for too long.',
    remedy:
      'Mend what held it up, then set source.postgres.onLostSlot to resnapshot and start, which makes a new slot and copies every table again.',
    retry: 'manual',
  },
  SOURCE_FAILOVER_UNSUPPORTED: {
    summary: 'The server cannot keep replication slots on its standbys',
    cause: 'Failover slots need PostgreSQL 17.',
    remedy: 'Upgrade the server, or leave source.postgres.failover out.',
    retry: 'manual',
  },
  SOURCE_STANDBY: {
    summary: 'The server is a standby',
    cause: 'A failover is under way, or the configuration names no host of a primary.',
    remedy:
      'Promote it, or add the host of the primary to source.postgres.url; to read from a standby (PostgreSQL 16), give the URL target_session_attrs=any.',
    retry: 'timed',
  },
  SOURCE_TIMELINE_DIVERGED: {
    summary: 'The server lacks changes that were published already',
    cause:
      'A standby that had not received everything was promoted, the server was restored from an older backup, or a former primary came back beside the new one.',
    remedy:
      'Kafka holds changes that this server lacks: stop a former primary; otherwise set source.postgres.onLostSlot to resnapshot and start, which copies every table again.',
    retry: 'manual',
  },
  SOURCE_SYSTEM_CHANGED: {
    summary: 'This is another server than the one the progress was made with',
    cause:
      'source.postgres.url names another server, or the database was moved by dump and restore, logical replication or pg_upgrade.',
    remedy:
      'Correct source.postgres.url; for a server that took the place of the old one, name a new source.postgres.slot, which takes a new copy, and, where its log begins below the position of the message, a new kafka.prefix.',
    retry: 'manual',
  },
  SOURCE_SLOT_LIMIT: {
    summary: 'The server has no free replication slot or sender',
    cause: 'max_replication_slots or max_wal_senders is used up.',
    remedy: 'Raise the limit and restart the server, or drop a slot nobody uses.',
    retry: 'manual',
  },
  SOURCE_SCHEMA_INCOMPATIBLE: {
    summary: "A table's new shape cannot be read with its topic's earlier schemas",
    cause:
      'A column changed its type in a way that readers of the topic cannot follow, for example text to integer, or the key is made of other columns than before. A key column that is only renamed is followed.',
    remedy:
      "Undo the change, or relax the subject's compatibility in the registry once every reader can cope.",
    retry: 'manual',
  },
  SOURCE_SNAPSHOT_FAILED: {
    summary: 'The initial copy of a table failed',
    cause:
      'The table was locked, dropped or changed while it was copied, or the server cancelled the statement.',
    remedy: 'Start again: finished tables are kept, the others are copied anew.',
    retry: 'timed',
  },
  SOURCE_QUERY: {
    summary: 'Postgres rejected a statement',
    cause: "An unexpected server version, setting or privilege; the message holds the server's own words.",
    remedy: 'Read the server message; its SQLSTATE is in the context.',
    retry: 'restart',
  },
  SOURCE_PROTOCOL: {
    summary: 'The server sent something the replication protocol does not allow',
    cause: 'A proxy between, an unsupported server, or a mistake in this program.',
    remedy: 'Connect to the server directly; if it happens again, report it with the server version.',
    retry: 'restart',
  },
  SOURCE_BINARY_UNKNOWN: {
    summary: 'A value came in a binary form that this program does not know',
    cause:
      'A column or a field of a type that no reader is known for was added while the stream ran in binary.',
    remedy: 'Nothing: the stream begins again in text, from the last durable position.',
    retry: 'timed',
  },
  SOURCE_STOP_UNCLEAN: {
    summary: 'Stopped before everything that was received was committed',
    cause: 'Kafka or Postgres failed while the last changes were on their way.',
    remedy: 'Nothing is lost: the next start replays what was not committed. Mend what the message names.',
    retry: 'restart',
  },
  SOURCE_PROGRESS: {
    summary: 'The progress record cannot be read',
    cause: 'The progress topic holds something this version did not write.',
    remedy: 'Use a kafka.prefix of its own for this installation.',
    retry: 'manual',
  },
  SOURCE_SIGNAL_INVALID: {
    summary: 'A signal asks for something that cannot be done',
    cause:
      'A misspelt table, a table that is not captured or has no key, JSON or a condition of the wrong form, or an unknown type of signal.',
    remedy: 'Correct the signal and send it again; the stream was not affected.',
    retry: 'never',
  },
} as const satisfies Record<string, ErrorEntry>;
