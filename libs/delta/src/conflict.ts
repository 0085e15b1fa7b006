import type { Action, AddFile, CommitInfo } from './actions.ts';
import { movedAppId } from './own-sequences.ts';

/** What a commit looked at before it decided what to write; decides which rivals it can follow. */
export interface ReadScope {
  /** Files whose contents the commit used. */
  readonly files: ReadonlySet<string>;
  /** Whether a file with this description would have been read, had it been there. */
  readonly wouldRead: (file: AddFile) => boolean;
}

/** A blind append looks at nothing. */
export const READ_NOTHING: ReadScope = { files: new Set(), wouldRead: () => false };
/** An upsert without pruning looks at everything. */
export function readEverything(files: Iterable<string>): ReadScope {
  return { files: new Set(files), wouldRead: () => true };
}

export type Conflict =
  | { readonly kind: 'protocol-changed' }
  | { readonly kind: 'metadata-changed' }
  | { readonly kind: 'domain-changed'; readonly domain: string }
  | { readonly kind: 'concurrent-transaction'; readonly appId: string }
  | { readonly kind: 'concurrent-append'; readonly path: string }
  | { readonly kind: 'delete-read'; readonly path: string }
  | { readonly kind: 'delete-delete'; readonly path: string };

/** Serializable also minds blind appends that the commit would have read; Delta's default does not. */
export type Isolation = 'write-serializable' | 'serializable';

/**
 * The first rule, in the order of Spark's ConflictChecker, by which `ours` cannot follow the commit that won its
 * version; null when it can be tried again one version later. Rearranged files (a compaction) conflict only with whoever
 * changes one of them, where Spark's conflict with whoever has read one.
 */
export function conflictWith(
  winner: readonly Action[],
  ours: readonly Action[],
  reads: ReadScope,
  isolation: Isolation,
): Conflict | null {
  if (winner.some((action) => 'protocol' in action)) return { kind: 'protocol-changed' };
  if (winner.some((action) => 'metaData' in action)) return { kind: 'metadata-changed' };
  const domain = sharedDomain(winner, ours);
  if (domain !== null) return { kind: 'domain-changed', domain };
  const appId = sharedAppId(winner, ours);
  if (appId !== null) return { kind: 'concurrent-transaction', appId };
  const ignoresAppends = isolation === 'write-serializable' && commitInfoOf(winner)?.isBlindAppend === true;
  const touched = new Set(
    ours.flatMap((action) =>
      'remove' in action ? [action.remove.path] : 'add' in action ? [action.add.path] : [],
    ),
  );
  for (const action of winner) {
    if ('add' in action && action.add.dataChange && !ignoresAppends && reads.wouldRead(action.add)) {
      return { kind: 'concurrent-append', path: action.add.path };
    }
  }
  for (const action of winner) {
    if (!('remove' in action)) continue;
    const { path, dataChange } = action.remove;
    // Without a change of data the rows that were read are in files of the same commit: what they said still holds. Who
    // names the file itself, to remove it or to mark rows in it, has to look for them again.
    if (dataChange && reads.files.has(path)) return { kind: 'delete-read', path };
    if (touched.has(path)) return { kind: 'delete-delete', path };
  }
  return null;
}

export function commitInfoOf(actions: readonly Action[]): CommitInfo | undefined {
  for (const action of actions) if ('commitInfo' in action) return action.commitInfo;
  return undefined;
}

/** Both commits carry the same application's sequence: one of them would count the same input twice. */
function sharedAppId(winner: readonly Action[], ours: readonly Action[]): string | null {
  const appIds = new Set(ours.flatMap((action) => ('txn' in action ? [action.txn.appId] : [])));
  return movedAppId(winner, (appId) => appIds.has(appId));
}

function sharedDomain(winner: readonly Action[], ours: readonly Action[]): string | null {
  const domains = new Set(
    ours.flatMap((action) => ('domainMetadata' in action ? [action.domainMetadata.domain] : [])),
  );
  for (const action of winner) {
    if ('domainMetadata' in action && domains.has(action.domainMetadata.domain))
      return action.domainMetadata.domain;
  }
  return null;
}
