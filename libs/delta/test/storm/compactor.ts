import type { SeededRandom } from '../../../testing/src/seeded-random.ts';
import { removalOf } from '../../src/index.ts';
import { conflictOf } from './conflict-of.ts';
import type { Ledger } from './ledger.ts';
import { boundsOf, type LiveTable } from './live-table.ts';
import { liveRows } from './plan-operation.ts';

const SMALL_ROWS = 3_000;
const MOST_FILES = 8;
/** A file that lost this share of its rows is written again, however large it is. */
const MOST_GONE = 0.3;

/** Puts several small files into one without the rows that their vectors take out; a conflict leaves it to the next round. */
export async function compactOnce(live: LiveTable, ledger: Ledger, random: SeededRandom): Promise<void> {
  await live.table.refresh();
  const small = live.files.filter((file) => {
    const { numRecords } = boundsOf(file);
    return numRecords < SMALL_ROWS || (file.deletionVector?.cardinality ?? 0) > numRecords * MOST_GONE;
  });
  const chosen = random.shuffled(small).slice(0, MOST_FILES);
  if (chosen.length < 2) return;
  const read = await live.rowsOf(chosen);
  const rows = read.flatMap(liveRows).sort((a, b) => a.writer - b.writer || a.n - b.n);
  const adds = rows.length === 0 ? [] : [await live.upload(rows, false)];
  const nowMs = Date.now();
  try {
    await live.table.commit({
      actions: [...chosen.map((file) => removalOf(file, nowMs, false)), ...adds],
      operation: 'OPTIMIZE',
      reads: { files: new Set(), wouldRead: () => false },
    });
    ledger.note({ compacted: chosen.length });
  } catch (error) {
    ledger.note({ conflict: conflictOf(error), tries: 1 });
  }
}
