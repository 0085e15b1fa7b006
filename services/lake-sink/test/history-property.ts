import { expect } from '@jest/globals';
import fc from 'fast-check';
import { changesSql, type HistoryBench } from './history-bench.ts';
import { oracleRow, oracleVersions, type OracleVersion, type SourceChange } from './history-oracle.ts';
import { batches, COLUMNS, sourceChanges, type StreamSize } from './history-streams.ts';
import type { HistoryForm, HistoryTarget } from '../src/core/history/history-form.ts';

const OPEN_ONLY = ['_valid_to', '_to_lsn', '_to_seq'];

/** The tables of a history equal the brute-force one after every batch, however changes are ordered, repeated and batched. */
export function historyProperty(bench: HistoryBench, form: HistoryForm, size: StreamSize) {
  const input = sourceChanges(size).chain((changes) =>
    fc.record({
      sent: batches(changes),
      // How many batches the log is ahead, as after a crash between its commit and the history's.
      ahead: fc.constantFrom(0, 0, 0, 1, 3),
      // Type 4: after a crash its current table is given in other batches what the other one has already.
      isTorn: fc.boolean(),
    }),
  );
  return fc.asyncProperty(input, async ({ sent, ahead, isTorn }) => {
    const history = await bench.history(form);
    const starts = sent.map((_, at) => sent.slice(0, at).flat().length);
    const [first, second] = history.targets as [HistoryTarget, HistoryTarget | undefined];
    let logged = 0;
    for (const [at, batch] of sent.entries()) {
      for (; logged <= Math.min(at + ahead, sent.length - 1); logged += 1)
        await history.log(changesSql(sent[logged] as SourceChange[], starts[logged] as number));
      const from = starts[at] as number;
      await history.applyChanges(batch, from, [first]);
      const half = isTorn ? batch.length >> 1 : 0;
      const head = batch.slice(0, half);
      for (const part of [head, batch.slice(half)])
        if (second !== undefined && part.length > 0)
          await history.applyChanges(part, part === head ? from : from + half, [second]);
      const versions = oracleVersions(form, COLUMNS, sent.slice(0, at + 1).flat());
      for (const target of history.targets)
        expect(sorted(await history.rows(target))).toEqual(expected(form, target, versions));
    }
  });
}

function expected(form: HistoryForm, target: HistoryTarget, versions: readonly OracleVersion[]): string[] {
  const rows = versions
    .filter((version) => target.rows === 'all' || (target.rows === 'open') === (version.to === null))
    .map((version) => {
      const row = oracleRow(form, version, COLUMNS);
      if (target.rows === 'open') for (const name of OPEN_ONLY) delete row[name];
      return target.rows === 'all' ? { ...row, _is_current: String(version.to === null) } : row;
    });
  return sorted(rows);
}

/** Rows as texts that can be compared, in one order. */
export function sorted(rows: readonly Readonly<Record<string, unknown>>[]): string[] {
  return rows.map((row) => JSON.stringify(Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1)))).sort();
}
