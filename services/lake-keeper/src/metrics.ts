import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** What the service measures; names are part of its interface. `table` is the folder: silver/public/orders. */
export interface KeeperMetrics {
  readonly files: Gauge<'table'>;
  readonly bytes: Gauge<'table'>;
  readonly smallFiles: Gauge<'table'>;
  readonly smallBytes: Gauge<'table'>;
  readonly deletedShare: Gauge<'table'>;
  readonly partitions: Gauge<'table'>;
  readonly partitionSkew: Gauge<'table'>;
  readonly tombstones: Gauge<'table'>;
  readonly tombstoneBytes: Gauge<'table'>;
  readonly logActions: Gauge<'table'>;
  readonly dueFiles: Gauge<'table'>;
  readonly tables: Gauge;
  readonly tablesSetAside: Gauge;
  readonly jobs: Counter<'job' | 'result'>;
  readonly jobSeconds: Histogram<'job'>;
  readonly rewrittenBytes: Counter<'table'>;
  readonly filesRemoved: Counter<'table' | 'job'>;
  readonly binsDropped: Counter<'table'>;
  readonly rowsExpired: Counter<'table'>;
  readonly tierBytes: Gauge<'table' | 'tier'>;
  readonly tierMoved: Counter<'table'>;
  readonly accessLogLines: Counter<'kind'>;
  readonly accessLogFiles: Gauge;
  readonly storedBytes: Gauge<'table' | 'kind'>;
  readonly storedObjects: Gauge<'table' | 'kind'>;
  readonly usedBytes: Gauge;
  readonly capacityBytes: Gauge;
  readonly warnBytes: Gauge;
  readonly withoutRoom: Gauge;
}

const SECONDS = [0.1, 0.5, 1, 5, 15, 60, 300, 1_200];

export function createKeeperMetrics(registry: Registry): KeeperMetrics {
  const registers = [registry];
  return {
    files: new Gauge({
      name: 'hasivu_lake_files',
      help: 'Live data files of the table',
      labelNames: ['table'],
      registers,
    }),
    bytes: new Gauge({
      name: 'hasivu_lake_bytes',
      help: 'Bytes of the live data files',
      labelNames: ['table'],
      registers,
    }),
    smallFiles: new Gauge({
      name: 'hasivu_lake_small_files',
      help: 'Live data files below three quarters of the size that compaction aims at',
      labelNames: ['table'],
      registers,
    }),
    smallBytes: new Gauge({
      name: 'hasivu_lake_small_file_bytes',
      help: 'Bytes of the small files',
      labelNames: ['table'],
      registers,
    }),
    deletedShare: new Gauge({
      name: 'hasivu_lake_deleted_share',
      help: 'Share of the rows in the live files that is marked deleted',
      labelNames: ['table'],
      registers,
    }),
    partitions: new Gauge({
      name: 'hasivu_lake_partitions',
      help: 'Partitions of the table that have files',
      labelNames: ['table'],
      registers,
    }),
    partitionSkew: new Gauge({
      name: 'hasivu_lake_partition_skew',
      help: 'Bytes of the largest partition divided by those of the middle one',
      labelNames: ['table'],
      registers,
    }),
    tombstones: new Gauge({
      name: 'hasivu_lake_tombstones',
      help: 'Removed files that the log still names',
      labelNames: ['table'],
      registers,
    }),
    tombstoneBytes: new Gauge({
      name: 'hasivu_lake_tombstone_bytes',
      help: 'Bytes of removed files that the log still names; what is past the retention goes with the next vacuum',
      labelNames: ['table'],
      registers,
    }),
    logActions: new Gauge({
      name: 'hasivu_lake_log_actions',
      help: 'Actions of a checkpoint of the newest version: what every reader of the table reads first',
      labelNames: ['table'],
      registers,
    }),
    dueFiles: new Gauge({
      name: 'hasivu_lake_due_files',
      help: 'Files that a rewrite would take now',
      labelNames: ['table'],
      registers,
    }),
    tables: new Gauge({
      name: 'hasivu_keeper_tables',
      help: 'Tables that are looked after',
      registers,
    }),
    tablesSetAside: new Gauge({
      name: 'hasivu_keeper_tables_set_aside',
      help: 'Tables that are left alone for a while after an error',
      registers,
    }),
    jobs: new Counter({
      name: 'hasivu_keeper_jobs_total',
      help: 'Jobs that ended: done, stopped before the end, or failed',
      labelNames: ['job', 'result'],
      registers,
    }),
    jobSeconds: new Histogram({
      name: 'hasivu_keeper_job_seconds',
      help: 'Time of one job on one table',
      labelNames: ['job'],
      buckets: SECONDS,
      registers,
    }),
    rewrittenBytes: new Counter({
      name: 'hasivu_keeper_rewritten_bytes_total',
      help: 'Bytes of data files that were read to be written anew, as far as that was committed',
      labelNames: ['table'],
      registers,
    }),
    filesRemoved: new Counter({
      name: 'hasivu_keeper_files_removed_total',
      help: 'Files that jobs took away: out of the newest version, by a vacuum for good',
      labelNames: ['table', 'job'],
      registers,
    }),
    tierBytes: new Gauge({
      name: 'hasivu_lake_tier_bytes',
      help: 'Bytes of the live data files by tier (hot, warm, cold), as of the last look at their storage classes',
      labelNames: ['table', 'tier'],
      registers,
    }),
    tierMoved: new Counter({
      name: 'hasivu_keeper_tier_moved_bytes_total',
      help: 'Bytes of data files that moved to another storage class',
      labelNames: ['table'],
      registers,
    }),
    accessLogLines: new Counter({
      name: 'hasivu_keeper_access_log_lines_total',
      help: 'Lines of the access log: reads of data files, reads that do not count, other requests, malformed',
      labelNames: ['kind'],
      registers,
    }),
    accessLogFiles: new Gauge({
      name: 'hasivu_keeper_access_log_files',
      help: 'Data files of which the access log tells a read within the age of the coldest tier',
      registers,
    }),
    storedBytes: new Gauge({
      name: 'hasivu_lake_stored_bytes',
      help: 'Bytes of the objects in the folder of the table, by the last listing: data (files that no vacuum has deleted yet among them), log, vectors, changes, other; an empty table is what lies in none',
      labelNames: ['table', 'kind'],
      registers,
    }),
    storedObjects: new Gauge({
      name: 'hasivu_lake_stored_objects',
      help: 'The same, their number',
      labelNames: ['table', 'kind'],
      registers,
    }),
    usedBytes: new Gauge({
      name: 'hasivu_lake_used_bytes',
      help: 'Bytes that count against the capacity: those of the last listing and what this process has stored since; 0 where nothing is measured',
      registers,
    }),
    capacityBytes: new Gauge({
      name: 'hasivu_lake_capacity_bytes',
      help: 'Bytes that the lake may have (lake.capacity.maxBytes); 0 where there is no bound',
      registers,
    }),
    warnBytes: new Gauge({
      name: 'hasivu_lake_warn_bytes',
      help: 'Bytes from which on the lake is said to get full (lake.capacity.warnAtRatio); 0 where there is no bound',
      registers,
    }),
    withoutRoom: new Gauge({
      name: 'hasivu_keeper_tables_without_room',
      help: 'Tables whose files are not rewritten because that would fill the lake beyond lake.capacity.warnAtRatio until they are vacuumed',
      registers,
    }),
    rowsExpired: new Counter({
      name: 'hasivu_keeper_rows_expired_total',
      help: 'Rows that went because they were older than the retention of their table',
      labelNames: ['table'],
      registers,
    }),
    binsDropped: new Counter({
      name: 'hasivu_keeper_bins_dropped_total',
      help: 'Rewrites that were thrown away because a writer changed one of their files meanwhile',
      labelNames: ['table'],
      registers,
    }),
  };
}
