import type { ErrorEntry } from '../error-entry.ts';

export const lakeErrors = {
  LAKE_LOG_CORRUPT: {
    summary: 'The table’s log cannot be read',
    cause:
      'A commit or checkpoint is missing, truncated or not Delta: something other than a Delta writer touched _delta_log.',
    remedy:
      'Restore the named file of _delta_log from bucket versions or a backup; never edit the log by hand.',
    retry: 'manual',
  },
  LAKE_PROTOCOL_UNSUPPORTED: {
    summary: 'The table uses a Delta feature that this writer does not know',
    cause: 'Another engine created or upgraded the table with a reader or writer feature outside our list.',
    remedy: 'Drop the feature with the engine that added it, or point the sink at another lake.prefix.',
    retry: 'manual',
  },
  LAKE_COMMIT_CONFLICT: {
    summary: 'Another writer changed the table in a way that this commit cannot follow',
    cause: 'It replaced the schema or protocol, or removed or added files that this commit had read.',
    remedy: 'Nothing was written. The service restarts, reads the table again and replays.',
    retry: 'restart',
  },
  LAKE_FENCED: {
    summary: 'Another instance writes this table from the same topic',
    cause:
      'Its transaction offset in the Delta log moved while this instance was running: two sinks are alive.',
    remedy:
      'Run one lake-sink per topic, or several with one lake.group (or give a second one its own lake.prefix); stop the other and start again.',
    retry: 'restart',
  },
  LAKE_VERSION_GONE: {
    summary: 'This version of the table can no longer be read',
    cause:
      'Log clean-up removed commits that the version is made of: they are older than delta.logRetentionDuration (30 days).',
    remedy:
      'Read a version that `hasivu lake history` still lists; raise delta.logRetentionDuration to keep more of them.',
    retry: 'manual',
  },
  LAKE_VERSION_FUTURE: {
    summary: 'This version of the table does not exist yet',
    cause: 'A version above the newest one, or a time that has not come, was asked for.',
    remedy: 'Ask for a version or a time that `hasivu lake history` lists.',
    retry: 'manual',
  },
  LAKE_CHANGES_NOT_RECORDED: {
    summary: 'The table did not record its changes at that version',
    cause:
      'Its change data feed (delta.enableChangeDataFeed) was switched on later than that version, or off in between.',
    remedy:
      'Ask for a range that begins at the version that switched it on (`hasivu lake history` names it); to record changes from now on set tables.<t>.changeDataFeed.',
    retry: 'manual',
  },
  LAKE_CHANGES_MISSING: {
    summary: 'A commit to a table with a change data feed does not bring its changes',
    cause: 'The writer replaces rows of the table and does not know the table’s change data feed.',
    remedy:
      'Nothing was written. Write through a writer that keeps the feed, or switch delta.enableChangeDataFeed off.',
    retry: 'manual',
  },
  LAKE_CONSTRAINT_BROKEN: {
    summary: 'Rows break a constraint of the table',
    cause:
      'The source holds rows that a CHECK constraint, a NOT NULL column or an invariant of the table rules out. Nothing of the batch was written; other tables go on.',
    remedy:
      'Repair the rows in the source, or drop the constraint that the message names, and start the sink again. To let such rows pass to a quarantine topic instead, check them by the rules of a pipeline.',
    retry: 'manual',
  },
  LAKE_CONSTRAINT_UNENFORCED: {
    summary: 'The table declares a constraint that this writer does not enforce',
    cause:
      'A constraint of bronze or of a history, or an expression, of a constraint, a default or a generated column, that Spark and this engine may not mean alike, that names a column which is not there, or that cannot be evaluated on a row.',
    remedy:
      'Nothing was written. Change the expression in tables.<table>.constraints or tables.<table>.generated, or drop what the message names with the engine that added it.',
    retry: 'manual',
  },
  LAKE_PREDICATE_INVALID: {
    summary: 'The condition on the rows of a table cannot be used',
    cause:
      'It is not SQL, names a column that the table does not have, or uses more than columns and functions of their values: a subquery, a function of the time, of chance or of the session.',
    remedy:
      "Write it as the WHERE of a SELECT over this table alone; times as text, such as ts < '2026-01-31'.",
    retry: 'manual',
  },
  LAKE_APPEND_ONLY: {
    summary: 'The table is append-only: its rows cannot be deleted or changed',
    cause: 'Somebody set delta.appendOnly on the table.',
    remedy: 'Set delta.appendOnly to false if the rows really have to go, and back afterwards.',
    retry: 'manual',
  },
  LAKE_PROPERTY_INVALID: {
    summary: 'A property of the table has a value that cannot be understood',
    cause: 'Somebody set a delta.* property to a text that is no interval such as `interval 7 days`.',
    remedy: 'Set the property again, with a number and a unit from milliseconds to weeks.',
    retry: 'manual',
  },
  LAKE_RETENTION_TOO_SHORT: {
    summary: 'A vacuum this short could delete files that somebody still reads or writes',
    cause:
      'Less than seven days were asked for, or less than the table’s delta.deletedFileRetentionDuration.',
    remedy:
      'Ask for a longer time, or stop every reader and writer of the table and repeat it with --unsafe-retention.',
    retry: 'manual',
  },
  LAKE_VACUUM_NEEDS_LISTING: {
    summary: 'The log alone does not tell any more which files can be deleted',
    cause: 'Log clean-up removed commits that no vacuum has looked at: their removed files are unknown.',
    remedy: 'Run the vacuum without --lite once; it lists the table’s folder and notes how far it came.',
    retry: 'manual',
  },
  LAKE_KEY_CHANGED: {
    summary: 'Changes of a table come with another key than it has, or without a column of it',
    cause:
      'The primary key has other columns now, or a key column was renamed while lake.columnMapping is never (columns are then known by name alone), or another column took its place. By the key of before no row would be found.',
    remedy:
      'Everything before is in the lake, and nothing is lost. After a rename set lake.columnMapping to onDemand, remove the table’s folders (bronze, silver, history) and restart: they are built anew from the topic, and hasivu snapshot start brings what that no longer has. After a change of the key remove the topic, too, and start cdc-source again first. Other tables go on.',
    retry: 'manual',
  },
  LAKE_SCHEMA_INCOMPATIBLE: {
    summary: 'The source changed a column in a way that the table cannot follow',
    cause:
      'A column changed to a type that existing values cannot be widened to without loss, or has a name that is taken.',
    remedy:
      'Rename the column in the source (a rename arrives as a new column), or remove the table’s folder to rebuild it. Other tables go on.',
    retry: 'manual',
  },
  LAKE_OFFSET_GAP: {
    summary: 'Kafka no longer holds the records that follow the table’s last committed offset',
    cause:
      'The topic’s retention expired them, or the topic was deleted and created again, while the sink was behind.',
    remedy:
      'Raise the retention and take a new snapshot of the table: remove the table’s folder (or use another lake.prefix) and re-snapshot the source.',
    retry: 'manual',
  },
  LAKE_VALUE_UNREPRESENTABLE: {
    summary: 'A value does not fit the column type that the table declares',
    cause:
      'A decimal has more digits than its precision, or bytes on the wire do not match their own schema.',
    remedy: 'Report the topic and offset that the message names; the record itself is in the topic’s .dlq.',
    retry: 'never',
  },
  LAKE_ON_HOLD: {
    summary: 'The table is on legal hold',
    cause: 'tables.<t>.retention.hold names a case for which no row and no file of the table may go.',
    remedy: 'Ask whoever the hold is for; it ends when it is taken out of the configuration.',
    retry: 'manual',
  },
  LAKE_CAPACITY_EXCEEDED: {
    summary: 'The lake has as many bytes as it may have',
    cause:
      'The objects under lake.prefix have come to lake.capacity.maxBytes: tables have grown, or replaced files wait for their retention and a vacuum.',
    remedy:
      'Nothing is lost: changes wait in Kafka, and writing goes on by itself once there is room. `hasivu lake usage` says what takes it; vacuum, set tables.<t>.retention, delete rows, or raise lake.capacity.maxBytes and start again.',
    retry: 'wait',
  },
  LAKE_TABLE_WITHOUT_ROOM: {
    summary: 'A table needs more room at once than the lake has',
    cause:
      'Its files have to be rewritten before anything else can be written to it (a wider type, a new column that all rows have a value of), a history has to be built from its change log, or one flush is larger than lake.capacity.maxBytes; what would be written does not fit beside what there is.',
    remedy:
      'Nothing is lost: the table stops, its changes wait in Kafka, the other tables go on, and it goes on by itself once a listing finds room for it. `hasivu lake usage` says what takes the room; vacuum, set tables.<t>.retention, or raise lake.capacity.maxBytes and start again, which is the only way for what is larger than all of it.',
    retry: 'wait',
  },
  LAKE_CAPACITY_UNKNOWN: {
    summary: 'How many bytes the lake has cannot be told',
    cause:
      'Listing the objects under lake.prefix has failed for three listing intervals: the store does not answer, or the credentials lack the right to list.',
    remedy:
      'Nothing is lost: changes wait in Kafka, and writing goes on by itself with the first listing that succeeds. The message names what the store answered; grant s3:ListBucket on the bucket.',
    retry: 'wait',
  },
  LAKE_ACCESS_LOG_SILENT: {
    summary: 'The access log has told nothing for three days',
    cause:
      'The bucket does not write its access log any more, or lake.tiers.accessLog names a bucket or a prefix without it: files that are in use would seem unread.',
    remedy:
      'No file is moved meanwhile. Compare lake.tiers.accessLog with the target of the bucket’s logging (aws s3api get-bucket-logging) and with what lies there; without accessLog files go by the age of their rows alone.',
    retry: 'manual',
  },
  LAKE_CHOICE_INVALID: {
    summary: 'A choice of files or columns of a table cannot be followed',
    cause:
      'A condition on partitions is no SQL over the columns that name them, a column is named that the table’s files do not have, or a statement names two tables that differ by case alone.',
    remedy:
      'Write a condition (DuckDB) over the partition columns alone: "day >= \'2026-01-01\' and tenant in (7, 8)".',
    retry: 'manual',
  },
  LAKE_REWRITE_MISMATCH: {
    summary: 'Files could not be rewritten without losing or repeating rows',
    cause:
      'The row counts in the table’s log are not those of its files: another program wrote one of the two.',
    remedy:
      'Nothing was committed, and the table reads as before. Compare the files that `hasivu lake optimize --dry-run` names with their numRecords in the log.',
    retry: 'manual',
  },
  LAKE_MERGE_FAILED: {
    summary: 'Applying a batch to a silver table failed',
    cause: 'The embedded engine ran out of memory or disk, or an object of the table could not be read.',
    remedy:
      'Nothing was committed. Free disk under the cache folder or lower lake.flush.bytes; the service restarts and replays.',
    retry: 'restart',
  },
} as const satisfies Record<string, ErrorEntry>;
