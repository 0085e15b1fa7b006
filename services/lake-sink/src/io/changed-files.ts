import type { AddFile } from '@hasivu/delta';
import type { EngineSession, LocalFiles, TableVectors } from '@hasivu/lake-engine';
import type { ChangePosition } from '../core/row-batch.ts';
import { filesBeforeTruncate, filesInRange, withSmallFiles } from '../core/state-plan.ts';
import {
  DROP_MARKED_MATCHES,
  dropKeptMatchesSql,
  dropStaleChangesSql,
  MATCHES_PER_FILE,
  matchedRowsSql,
} from '../core/state-sql.ts';
import type { TableShape } from '../core/table-shape.ts';
import { mayMark, planThinning, type VectorLimits, type VectorUse } from '../core/vector-policy.ts';
import { keyRangeOf } from './key-range.ts';
import type { LakeTable } from './lake-table.ts';

/** What a batch does to the table's files; the others stay as they are. */
export interface ChangedFiles {
  /** Their changed rows are marked deleted. */
  readonly marked: readonly AddFile[];
  readonly rewritten: readonly AddFile[];
  /** They go, unread. */
  readonly emptied: readonly AddFile[];
}

/** Where the batch's changes are planned; the engine has them in `change_last`. */
export interface ChangePlace {
  readonly session: EngineSession;
  readonly table: LakeTable;
  readonly local: LocalFiles;
  readonly vectors: TableVectors;
}

/**
 * Finds the table's rows that the changes replace, in `state_match`, takes changes that the table already has out of
 * `change_last`, and says what is to become of the files. Reads the keys of the files that may hold them.
 */
export async function planChangedFiles(
  { session, table, local, vectors }: ChangePlace,
  shape: TableShape,
  /** Set where the batch brings a TRUNCATE. */
  truncatedAt: ChangePosition | null,
  rule: { readonly use: VectorUse; readonly limits: VectorLimits },
): Promise<ChangedFiles> {
  const live = [...table.delta.state.files.values()];
  const split = truncatedAt === null ? null : filesBeforeTruncate(live, truncatedAt);
  const range = await keyRangeOf(session, shape, 'change_last', table);
  const candidates = range === null ? [] : filesInRange(split?.mixed ?? live, range);
  await session.run(matchedRowsSql(shape, await local.groups(candidates)));
  if (await vectors.load((await rowsPerFile(session, local)).keys())) await session.run(DROP_MARKED_MATCHES);
  await session.run(dropStaleChangesSql(shape));
  await session.run(dropKeptMatchesSql(shape));
  const going = await rowsPerFile(session, local);
  const thinned = live.flatMap((file) => {
    const gone = file.deletionVector?.cardinality ?? 0;
    const lost = going.get(file) ?? 0;
    return gone + lost === 0 ? [] : [{ file, gone, going: lost }];
  });
  const bytes = live.reduce((sum, file) => sum + file.size, 0);
  const canMark = mayMark(rule.use, table.delta.state.metadata.configuration, bytes, rule.limits);
  const plan = planThinning(thinned, canMark, rule.limits);
  const emptied = new Set([...(split?.emptied ?? []), ...plan.emptied]);
  const stays = (file: AddFile): boolean => !emptied.has(file);
  const chosen = [...(split?.mixed ?? []), ...plan.rewritten].filter(stays);
  const rewritten = withSmallFiles(live.filter(stays), table.partitionKeys, chosen);
  return {
    marked: plan.marked.filter((file) => !rewritten.has(file) && stays(file)),
    rewritten: [...rewritten],
    emptied: [...emptied],
  };
}

/** Rows of `state_match` by their file. */
export async function rowsPerFile(session: EngineSession, local: LocalFiles): Promise<Map<AddFile, number>> {
  const counted = await session.rows(MATCHES_PER_FILE);
  return new Map(counted.map((row) => [local.at(row['__file']), Number(row['n'])]));
}
