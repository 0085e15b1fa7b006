const COMMIT = /\/_delta_log\/(\d{20})\.json$/;
const CHECKPOINT = /\/_delta_log\/(\d{20})\.checkpoint\.parquet$/;

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

function padded(version: number): string {
  return String(version).padStart(20, '0');
}
