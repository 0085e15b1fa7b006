const COMMIT = /\/_delta_log\/(\d{20})\.json$/;
const CHECKPOINT = /\/_delta_log\/(\d{20})\.checkpoint\.parquet$/;
/** Everything that belongs to a version: also checksums, checkpoints in parts, compacted commits. */
const VERSIONED = /\/_delta_log\/(\d{20})\.[^/]+$/;

export function logFolder(root: string): string {
  return `${root}/_delta_log/`;
}

export function commitKey(root: string, version: number): string {
  return `${logFolder(root)}${padded(version)}.json`;
}

export function checkpointKey(root: string, version: number): string {
  return `${logFolder(root)}${padded(version)}.checkpoint.parquet`;
}

export function lastCheckpointKey(root: string): string {
  return `${logFolder(root)}_last_checkpoint`;
}

/** Where Spark and this library note how far into the log a vacuum has looked. */
export function lastVacuumKey(root: string): string {
  return `${logFolder(root)}_last_vacuum_info`;
}

/** Every log file of this version or a later one sorts after this key. */
export function beforeVersion(root: string, version: number): string {
  return `${logFolder(root)}${padded(version)}`;
}

export function commitVersion(key: string): number | null {
  const match = COMMIT.exec(key);
  return match === null ? null : Number(match[1]);
}

export function checkpointVersion(key: string): number | null {
  const match = CHECKPOINT.exec(key);
  return match === null ? null : Number(match[1]);
}

/** Version of any file of the log that belongs to one. */
export function logVersion(key: string): number | null {
  const match = VERSIONED.exec(key);
  return match === null ? null : Number(match[1]);
}

function padded(version: number): string {
  return String(version).padStart(20, '0');
}
