import type { AddFile } from '@hasivu/delta';
import type { ChangePosition } from '../core/change-position.ts';
import { filesBeforeTruncate, filesInRange, withSmallFiles } from '../core/state-plan.ts';
import type { TableShape } from '../core/table-shape.ts';
import { mayMark, planThinning, type VectorLimits, type VectorUse } from '../core/vector-policy.ts';
import { IndexedMatches } from './key-index/indexed-matches.ts';
import type { KeyIndexes } from './key-index/key-indexes.ts';
import { keyRangeOf } from './key-range.ts';
import { ScannedMatches } from './scanned-matches.ts';
import type { ChangePlace, StateMatches } from './state-matches.ts';

/** What a batch does to the table's files; the others stay as they are. */
export interface ChangedFiles {
  /** Their changed rows are marked deleted. */
  readonly marked: readonly AddFile[];
  readonly rewritten: readonly AddFile[];
  /** They go, unread. */
  readonly emptied: readonly AddFile[];
  readonly matches: StateMatches;
}

/**
 * Finds the table's rows that the changes replace, takes changes that the table already has out of `change_last`, and
 * says what is to become of the files.
 */
export async function planChangedFiles(
  place: ChangePlace,
  shape: TableShape,
  /** Set where the batch brings a TRUNCATE. */
  truncatedAt: ChangePosition | null,
  rule: { readonly use: VectorUse; readonly limits: VectorLimits },
  indexes: KeyIndexes,
): Promise<ChangedFiles> {
  const { table } = place;
  const live = [...table.delta.state.files.values()];
  const split = truncatedAt === null ? null : filesBeforeTruncate(live, truncatedAt);
  const range = await keyRangeOf(place.session, shape, 'change_last', table);
  const candidates = range === null ? [] : filesInRange(split?.mixed ?? live, range);
  const bytes = live.reduce((sum, file) => sum + file.size, 0);
  const canMark = mayMark(rule.use, table.delta.state.metadata.configuration, bytes, rule.limits);
  // Where files are rewritten, reading their keys is the least of it.
  const isIndexed = canMark && truncatedAt === null && candidates.length > 0;
  const matches =
    (isIndexed ? await indexedMatches(place, shape, candidates, indexes) : null) ??
    (await ScannedMatches.find(place, shape, candidates));
  const going = await matches.rowsPerFile();
  const thinned = live.flatMap((file) => {
    const gone = file.deletionVector?.cardinality ?? 0;
    const lost = going.get(file) ?? 0;
    return gone + lost === 0 ? [] : [{ file, gone, going: lost }];
  });
  const plan = planThinning(thinned, canMark, rule.limits);
  const emptied = new Set([...(split?.emptied ?? []), ...plan.emptied]);
  const stays = (file: AddFile): boolean => !emptied.has(file);
  const chosen = [...(split?.mixed ?? []), ...plan.rewritten].filter(stays);
  const rewritten = withSmallFiles(live.filter(stays), table.partitionKeys, chosen);
  return {
    marked: plan.marked.filter((file) => !rewritten.has(file) && stays(file)),
    rewritten: [...rewritten],
    emptied: [...emptied],
    matches,
  };
}

async function indexedMatches(
  place: ChangePlace,
  shape: TableShape,
  candidates: readonly AddFile[],
  indexes: KeyIndexes,
): Promise<IndexedMatches | null> {
  const { root } = place.table;
  const index = indexes.of(root, shape, candidates);
  const matches = index === null ? null : await IndexedMatches.find(place, shape, candidates, index);
  if (index !== null && matches === null) indexes.giveUp(root);
  indexes.report();
  return matches;
}
