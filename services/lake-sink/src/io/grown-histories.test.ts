import { field } from '@hasivu/delta';
import { checkProperty } from '@hasivu/testing';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { changesSql, HistoryBench, type BenchHistory } from '../../test/history-bench.ts';
import { oracleVersions } from '../../test/history-oracle.ts';
import { batches, COLUMNS, FORMS, sourceChanges } from '../../test/history-streams.ts';

let bench: HistoryBench;
beforeAll(async () => {
  bench = await HistoryBench.open();
});
afterAll(() => bench[Symbol.asyncDispose]());

const NOTE = field('note', 'string');

/** A version by where it stands, and what another writer's column has in it. */
interface Noted {
  readonly id: number;
  readonly from: number;
  readonly to: number;
  readonly note: string | null;
}

const place = (lsn: unknown, seq: unknown): number =>
  lsn === null || lsn === undefined ? Infinity : Number(lsn) * 1_000 + Number(seq);

async function notesOf(history: BenchHistory): Promise<Noted[]> {
  const rows = await Promise.all(history.targets.map((target) => history.rows(target, [NOTE])));
  return rows
    .flat()
    .map((row) => ({
      id: row['id'] as number,
      from: place(row['_from_lsn'], row['_from_seq']),
      to: place(row['_to_lsn'], row['_to_seq']),
      note: row['note'] as string | null,
    }))
    .sort((a, b) => a.id - b.id || a.from - b.from);
}

/** A version keeps its value; a new one has that of the version before, or of the first that has become a part of it. */
function expectedNote(one: Noted, before: readonly Noted[], after: readonly Noted[]): string | null {
  const own = before.filter(({ id }) => id === one.id);
  const same = own.find(({ from }) => from === one.from);
  if (same !== undefined) return same.note;
  const previous = after.find(({ id, to }) => id === one.id && to === one.from);
  if (previous !== undefined) return previous.note;
  return own.find(({ from }) => from > one.from && from < one.to)?.note ?? null;
}

describe.each(Object.entries(FORMS))('%s', (_, form) => {
  test('a column that another writer adds keeps its values through every merge, however late changes are', async () => {
    const input = sourceChanges({ min: 2, max: 10, keys: 3 }).chain((changes) =>
      fc.record({ sent: batches(changes), at: fc.integer({ min: 0, max: 2 }) }),
    );
    await checkProperty(
      fc.asyncProperty(input, async ({ sent, at }) => {
        const history = await bench.history(form);
        let before: Noted[] | null = null;
        let from = 0;
        for (const [i, batch] of sent.entries()) {
          await history.log(changesSql(batch, from));
          await history.applyChanges(batch, from);
          from += batch.length;
          if (before !== null) {
            const after = await notesOf(history);
            const known = before;
            expect(after).toEqual(after.map((one) => ({ ...one, note: expectedNote(one, known, after) })));
            const versions = oracleVersions(form, COLUMNS, sent.slice(0, i + 1).flat());
            const isKept = history.targets.some(({ rows }) => rows !== 'open');
            expect(after).toHaveLength(versions.filter(({ to }) => isKept || to === null).length);
            before = after;
          } else if (i === Math.min(at, sent.length - 2)) {
            for (const target of history.targets)
              await history.addColumnElsewhere(target, NOTE, `id || ' ' || _from_lsn || ' ' || _from_seq`);
            before = await notesOf(history);
          }
        }
      }),
      { budgetMs: 3_000, runs: 8 },
    );
  });
});
