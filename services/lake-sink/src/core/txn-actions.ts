import type { Action } from '@hasivu/delta';
import { partitionAppId } from './offset-ledger.ts';
import type { ChangePosition } from './change-position.ts';

/** Two applications of a table's `txn` actions that together hold a position. */
export interface PositionAppIds {
  readonly lsn: string;
  readonly seq: string;
}

/** Last offset per Kafka partition that a commit contains. @param nowMs when that is, milliseconds since 1970 */
export function offsetActions(
  topic: string,
  offsets: Iterable<readonly [partition: number, offset: number]>,
  nowMs: number,
): Action[] {
  return [...offsets].map(([partition, offset]) => txn(partitionAppId(topic, partition), offset, nowMs));
}

export function positionActions(ids: PositionAppIds, position: ChangePosition, nowMs: number): Action[] {
  return [txn(ids.lsn, Number(position.lsn), nowMs), txn(ids.seq, position.seq, nowMs)];
}

function txn(appId: string, version: number, lastUpdated: number): Action {
  return { txn: { appId, version, lastUpdated } };
}
