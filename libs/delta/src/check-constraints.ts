import { PlatformError } from '@hasivu/errors';
import type { Action } from './actions.ts';
import { constraintsOf } from './constraints.ts';
import type { TableState } from './table-state.ts';

/**
 * Refuses new rows of a writer that does not say it enforces what the table declares of them: readers rely on it, and
 * nothing would tell. @throws LAKE_CONSTRAINT_UNENFORCED naming a constraint
 */
export function checkConstraints(root: string, state: TableState, actions: readonly Action[]): void {
  const addsRows = actions.some(
    (action) => 'add' in action && action.add.dataChange && !state.files.has(action.add.path),
  );
  if (!addsRows) return;
  const [first, ...others] = constraintsOf(state.metadata, state.schema, state.protocol);
  if (first === undefined) return;
  const more = others.length === 0 ? '' : ` and ${others.length} more`;
  throw new PlatformError('LAKE_CONSTRAINT_UNENFORCED', {
    doing: `adding rows to the table ${root}`,
    why: `the table declares "${first.name}"${more}, which this writer does not enforce`,
    context: { table: root, constraint: first.name },
  });
}
