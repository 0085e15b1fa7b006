import { isPlatformError } from '@hasivu/errors';
import type { Engine, FileCache, Room } from '@hasivu/lake-engine';
import { lackingColumnsSql } from '../core/history/fold-sql.ts';
import { historyLayout } from '../core/history/history-layout.ts';
import type { Offsets } from '../core/history/history-offsets.ts';
import { filesWithOffsets } from '../core/history/history-plan.ts';
import { changesUpTo } from '../core/history/history-relations.ts';
import type { ChangePosition } from '../core/change-position.ts';
import type { TopicBinding } from '../core/topic-binding.ts';
import { advanceHistory, offsetsOf } from './history-advance.ts';
import type { HistoryMerger } from './history-merger.ts';
import { fetchedFiles } from './fetched-files.ts';
import type { HistoryTable, TopicTables } from './topic-tables.ts';

export interface CatchUpTools {
  readonly engine: Engine;
  readonly cache: FileCache;
  readonly historyMerger: HistoryMerger;
  /** Asked before every step. */
  readonly room: Room;
  /** Called after every step. */
  readonly alive: () => void;
}

/** Records of one Kafka partition that one commit takes in. */
const STEP = 50_000;

/**
 * Gives histories what the change log has and they have not: after a crash between their commits, or all of it when
 * a history was declared later. Done before anything is read from Kafka, so that from then on the tables of a topic
 * are at the same offsets. It is in steps of bounded size, each a commit, from which a next start goes on.
 * @throws LAKE_TABLE_WITHOUT_ROOM where the lake has none for a step
 */
export async function catchUpHistories(
  binding: TopicBinding,
  tables: TopicTables,
  tools: CatchUpTools,
): Promise<void> {
  const { log, shape, histories } = tables;
  if (log?.exists !== true || shape === null || log.key === null || log.key.length === 0) return;
  if (histories.length === 0) return;
  try {
    await tables.adopt(
      shape,
      histories.reduce((bits, { bit }) => bits | bit, 0),
      log.key,
    );
  } catch (error) {
    // The first record will meet the same, and then stops this table and not the process.
    if (isPlatformError(error) && error.code === 'LAKE_SCHEMA_INCOMPATIBLE') return;
    throw error;
  }
  const all = offsetsOf(log, binding.topic);
  for (const group of Map.groupBy(histories, ({ target }) => target.form).values()) {
    const [first, ...others] = group as [HistoryTable, ...HistoryTable[]];
    // Of type 4 the current table must be where the superseded versions are before both go on.
    if (others.length > 0)
      await advance(others, offsetsOf(first.table, binding.topic), binding, tables, tools);
    for (let next = nextStep(first, all, binding); next !== null; next = nextStep(first, all, binding))
      await advance(group, next, binding, tables, tools);
  }
}

/** Offsets that a history goes to next, or null when it has everything. */
function nextStep({ table }: HistoryTable, all: Offsets, { topic }: TopicBinding): Offsets | null {
  const has = offsetsOf(table, topic);
  const next = new Map<number, number>();
  for (const [partition, offset] of all) {
    const at = has.get(partition) ?? -1;
    if (at < offset) next.set(partition, Math.min(offset, at + STEP));
  }
  return next.size === 0 ? null : next;
}

async function advance(
  group: readonly HistoryTable[],
  upTo: Offsets,
  { topic }: TopicBinding,
  tables: TopicTables,
  { cache, engine, historyMerger, room, alive }: CatchUpTools,
): Promise<void> {
  const { log, shape } = tables;
  if (log === null || shape === null) return;
  const layout = historyLayout((group[0] as HistoryTable).target.form, shape);
  const before = offsetsOf((group[0] as HistoryTable).table, topic);
  const chosen = filesWithOffsets(log.delta.state.files.values(), before, upTo);
  const files = async () => (await fetchedFiles(log, cache, chosen)).groups;
  const changes = changesUpTo(layout, await files(), 'recorded', upTo, before);
  const facts = await engine.exclusively(`reading the change log ${log.root}`, async (session) => {
    const lacking = await session.rows(lackingColumnsSql(changes));
    const [last] = await session.rows(
      `SELECT CAST(_lsn AS VARCHAR) AS lsn, CAST(_seq AS VARCHAR) AS seq FROM ${changes} WHERE _op = 't' ORDER BY _lsn DESC, _seq DESC LIMIT 1`,
    );
    const truncatedAt: ChangePosition | null =
      last === undefined ? null : { lsn: BigInt(last['lsn'] as string), seq: Number(last['seq']) };
    return { truncatedAt, unavailable: lacking.map((row) => row['name'] as string) };
  });
  const bytes = chosen.reduce((sum, { size }) => sum + size, 0) * group.length;
  const roots = group.map(({ table }) => table.root).join(', ');
  const release = await room.admit(bytes, { doing: `building ${roots} from ${log.root}` });
  try {
    await advanceHistory(group, upTo, { topic, shape, files, lacking: 'recorded', ...facts }, tables, {
      historyMerger,
      onCommit: alive,
    });
  } finally {
    release();
  }
}
