import { PlatformError } from '@hasivu/errors';
import type { Action } from '../actions.ts';
import { CHANGE_FEED_PROPERTY } from '../protocol.ts';
import type { TableState } from '../table-state.ts';

/**
 * What a table with a change data feed asks of a commit: where rows go and rows come, readers cannot tell from the
 * files which of them only moved, so the commit has to bring its changes. @throws LAKE_CHANGES_MISSING
 */
export function checkChangeFeed(root: string, state: TableState, actions: readonly Action[]): void {
  const metadata = actions.find((action) => 'metaData' in action)?.metaData ?? state.metadata;
  if (metadata.configuration[CHANGE_FEED_PROPERTY] !== 'true') return;
  if (actions.some((action) => 'cdc' in action)) return;
  const removed = new Set<string>();
  for (const action of actions)
    if ('remove' in action && action.remove.dataChange) removed.add(action.remove.path);
  if (removed.size === 0) return;
  for (const action of actions) {
    if (!('add' in action) || !action.add.dataChange) continue;
    // A file that goes on with another deletion vector brings no row: readers compare the vectors.
    if (removed.has(action.add.path)) continue;
    throw new PlatformError('LAKE_CHANGES_MISSING', {
      doing: `committing to the table ${root}`,
      why: 'the table has a change data feed, and the commit removes rows and adds rows without change files',
      context: { table: root },
    });
  }
}
