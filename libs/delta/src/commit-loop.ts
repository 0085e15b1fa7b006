import { isPlatformError, PlatformError } from '@hasivu/errors';
import { parseCommit, serializeCommit, type Action } from './actions.ts';
import { commitInfoOf, conflictWith, type Conflict, type Isolation, type ReadScope } from './conflict.ts';
import { readCommit } from './load-state.ts';
import { commitKey } from './log-path.ts';
import type { LogStore } from './log-store.ts';
import { movedAppId, type OwnAppId } from './own-sequences.ts';
import type { TableState } from './table-state.ts';

/** Versions a commit chases before it gives up: with 20 writers each wins within a few dozen. */
const MAX_CHASE = 1_000;
/** Tries of one version while the store fails without saying whether it wrote. */
const MAX_UNCERTAIN = 4;

export interface CommitAttempt {
  readonly actions: readonly Action[];
  readonly txnId: string;
  readonly reads: ReadScope;
  readonly isolation: Isolation;
  /**
   * Versions up to this one are known to be taken and are only read. For a writer that has slept: the next version it
   * knows of may be free again, because it was taken, cleaned up, and would be seen by nobody if it were taken twice.
   */
  readonly takenVersion?: number | undefined;
  /** Application ids that nobody else may move, not even in a commit that shares none with this one. */
  readonly isOwnAppId?: OwnAppId | undefined;
}

/**
 * Puts the actions at the first version that nobody else took, advancing `state` over every rival's commit and our
 * own. @returns our version
 * @throws LAKE_FENCED when a rival moved one of our application ids; LAKE_COMMIT_CONFLICT for the other rules
 */
export async function commitActions(
  store: LogStore,
  root: string,
  state: TableState,
  attempt: CommitAttempt,
): Promise<number> {
  const bytes = serializeCommit(attempt.actions);
  for (let chased = 0; chased < MAX_CHASE;) {
    const version = state.version + 1;
    const winner =
      version <= (attempt.takenVersion ?? -1)
        ? await takenCommit(store, root, version)
        : await claim(store, root, version, bytes, attempt.txnId);
    if (winner === 'ours') {
      // Applied from the bytes that were written, so that our view is what every reader sees.
      state.apply(version, parseCommit(bytes));
      return version;
    }
    const moved = attempt.isOwnAppId === undefined ? null : movedAppId(winner, attempt.isOwnAppId);
    if (moved !== null) throw fencedError(root, version, moved);
    const conflict = conflictWith(winner, attempt.actions, attempt.reads, attempt.isolation);
    if (conflict !== null) throw conflictError(root, version, conflict);
    state.apply(version, winner);
    // Reading what is long taken is no race.
    if (version > (attempt.takenVersion ?? -1)) chased += 1;
  }
  throw new PlatformError('LAKE_COMMIT_CONFLICT', {
    doing: `committing to the table ${root}`,
    why: `${MAX_CHASE} versions in a row were taken by others`,
    context: { table: root },
  });
}

/**
 * Takes the version, or says who did. A lost answer is resolved by looking: a PUT that timed out may have been
 * stored, and the client's retry of it is then refused for our own commit.
 */
async function claim(
  store: LogStore,
  root: string,
  version: number,
  bytes: Uint8Array,
  txnId: string,
): Promise<'ours' | Action[]> {
  for (let uncertain = 1; ; uncertain += 1) {
    try {
      if (await store.putIfAbsent(commitKey(root, version), bytes)) return 'ours';
    } catch (error) {
      if (!isPlatformError(error) || error.retry !== 'timed' || uncertain === MAX_UNCERTAIN) throw error;
    }
    const stored = await readCommit(store, root, version);
    if (stored === null) {
      if (uncertain < MAX_UNCERTAIN) continue;
      throw new PlatformError('LAKE_COMMIT_CONFLICT', {
        doing: `committing version ${version} of the table ${root}`,
        why: 'the store refuses the version and yet shows no commit there',
        context: { table: root, version },
      });
    }
    return commitInfoOf(stored)?.txnId === txnId ? 'ours' : stored;
  }
}

async function takenCommit(store: LogStore, root: string, version: number): Promise<Action[]> {
  const stored = await readCommit(store, root, version);
  if (stored !== null) return stored;
  throw new PlatformError('LAKE_COMMIT_CONFLICT', {
    doing: `committing to the table ${root}`,
    why: `its log was cleaned up past version ${version - 1}, the newest that this writer knows`,
    context: { table: root, version },
  });
}

/** What a writer had counted on is no longer so: it would write what the other one has written. */
export function fencedError(root: string, version: number, appId: string): PlatformError {
  return conflictError(root, version, { kind: 'concurrent-transaction', appId });
}

function conflictError(root: string, version: number, conflict: Conflict): PlatformError {
  const fenced = conflict.kind === 'concurrent-transaction';
  const subject =
    'path' in conflict ? ` (${conflict.path})` : 'appId' in conflict ? ` (${conflict.appId})` : '';
  return new PlatformError(fenced ? 'LAKE_FENCED' : 'LAKE_COMMIT_CONFLICT', {
    doing: `committing to the table ${root}`,
    why: `version ${version} was taken by another writer: ${conflict.kind}${subject}`,
    context: { table: root, version, conflict: conflict.kind },
  });
}
