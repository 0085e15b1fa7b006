import type { Paint } from '../terminal/paint.ts';
import { formatCount, formatDuration } from '../terminal/quantity.ts';
import type { EndedSnapshot, PendingSnapshot, SnapshotState } from './snapshot-state.ts';

/** What a person is told of the snapshots of a source. */
export function describeSnapshots({ paused, pending, ended }: SnapshotState, paint: Paint): string[] {
  const lines = pending.map(
    (one, i) => `${i === 0 && !paused ? 'reading' : 'waiting'}  ${describePending(one)}`,
  );
  if (paused) lines.unshift(paint.yellow('paused: hasivu snapshot resume goes on'));
  if (pending.length === 0) lines.push('no snapshot is asked for');
  return [...lines, ...ended.map((one) => describeEnded(one, paint))];
}

export function describePending({ table, where, progress }: PendingSnapshot): string {
  const name = where === null ? table : `${table} where ${where}`;
  if (!progress) return `${name}: not begun`;
  const { rows, passed, estimatedRows, secondsLeft } = progress;
  const share = estimatedRows > 0 ? `, ${Math.min(100, Math.floor((100 * passed) / estimatedRows))} %` : '';
  const rest = secondsLeft === null ? '' : `, about ${formatDuration(secondsLeft * 1000)} left`;
  return `${name}: ${formatCount(rows)} rows${share}${rest}`;
}

export function describeEnded({ table, result, reason, rows, signal }: EndedSnapshot, paint: Paint): string {
  const told =
    result === 'done' ? paint.green(result) : result === 'stopped' ? paint.yellow(result) : paint.red(result);
  const about = result === 'refused' ? '' : `: ${formatCount(rows)} rows`;
  return `${told}  ${table ?? `signal ${signal}`}${about}${reason === undefined ? '' : `: ${reason}`}`;
}
