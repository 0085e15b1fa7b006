import { PlatformError } from '@hasivu/errors';
import type { Action } from './actions.ts';
import { vectorId } from './deletion-vector/vector-location.ts';
import { VECTORS_PROPERTY } from './protocol.ts';
import { parseStatistics } from './statistics.ts';
import type { TableState } from './table-state.ts';

/**
 * What the protocol asks of a commit's files and their deletion vectors: other engines do not notice a breach, but show
 * rows twice, or rows that are deleted. @throws TypeError for what no table could follow; LAKE_COMMIT_CONFLICT when a
 * file has another vector than the commit takes it to have
 */
export function checkVectors(root: string, state: TableState, actions: readonly Action[]): void {
  const removes = new Map<string, string>();
  for (const action of actions) {
    if (!('remove' in action)) continue;
    const { path, deletionVector } = action.remove;
    if (removes.has(path)) throw new TypeError(`the commit removes ${path} twice`);
    removes.set(path, vectorId(deletionVector));
    const live = state.files.get(path);
    if (live !== undefined && vectorId(live.deletionVector) !== removes.get(path))
      throw anotherVector(root, path);
  }
  const metadata = actions.find((action) => 'metaData' in action)?.metaData ?? state.metadata;
  const adds = new Set<string>();
  for (const action of actions) {
    if (!('add' in action)) continue;
    const { path, deletionVector, stats } = action.add;
    if (adds.has(path)) throw new TypeError(`the commit adds ${path} twice`);
    adds.add(path);
    const vector = vectorId(deletionVector);
    if (removes.get(path) === vector)
      throw new TypeError(`the commit removes and adds ${path} with the same deletion vector`);
    const live = state.files.get(path);
    const isNew = live === undefined || vectorId(live.deletionVector) !== vector;
    if (live !== undefined && isNew && !removes.has(path)) throw anotherVector(root, path);
    if (deletionVector === undefined) continue;
    if (isNew && metadata.configuration[VECTORS_PROPERTY] !== 'true')
      throw new TypeError(`a deletion vector needs the table property ${VECTORS_PROPERTY}`);
    if (parseStatistics(stats).numRecords < 0)
      throw new TypeError(`the commit adds ${path} with a deletion vector and without numRecords`);
  }
}

function anotherVector(root: string, path: string): PlatformError {
  return new PlatformError('LAKE_COMMIT_CONFLICT', {
    doing: `committing to the table ${root}`,
    why: `${path} has another deletion vector than the commit takes it to have`,
    context: { table: root },
  });
}
