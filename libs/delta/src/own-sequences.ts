import type { Action } from './actions.ts';
import type { TableState } from './table-state.ts';

/** Says of an application id whether this writer takes it for its own alone. */
export type OwnAppId = (appId: string) => boolean;

/** The first of these ids that a commit of somebody else moves; null where it moves none. */
export function movedAppId(winner: readonly Action[], isOwn: OwnAppId): string | null {
  for (const action of winner) if ('txn' in action && isOwn(action.txn.appId)) return action.txn.appId;
  return null;
}

/** Where the writer's own sequences stand. */
export function ownSequences({ txns }: TableState, isOwn: OwnAppId): ReadonlyMap<string, number> {
  const own = new Map<string, number>();
  for (const [appId, { version }] of txns) if (isOwn(appId)) own.set(appId, version);
  return own;
}

/** The first of the writer's own ids that stands elsewhere than before; null where none does. */
export function firstMoved(
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
): string | null {
  for (const [appId, version] of after) if (before.get(appId) !== version) return appId;
  return null;
}
