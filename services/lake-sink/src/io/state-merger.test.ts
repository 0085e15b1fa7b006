import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { field, type DeltaField } from '@hasivu/delta';
import { checkProperty } from '@hasivu/testing';
import fc from 'fast-check';
import { StateBench, type BenchTable, type StateChange } from '../../test/state-bench.ts';
import type { TableShape } from '../core/table-shape.ts';

let bench: StateBench;
beforeAll(async () => {
  bench = await StateBench.open();
});
afterAll(() => bench[Symbol.asyncDispose]());

interface Keyed {
  readonly columns: readonly DeltaField[];
  /** SQL of keys. Texts are equal exactly where keys are. */
  readonly keys: readonly (readonly string[])[];
}
const uuid = (digit: string): string => `${digit.repeat(8)}-0000-4000-8000-${digit.repeat(12)}`;

const KEYS: Readonly<Record<string, Keyed>> = {
  long: {
    columns: [field('id', 'long')],
    keys: [['0'], ['1'], ['-1'], ['4294967296'], ['9223372036854775807'], ['-9223372036854775808']],
  },
  integer: { columns: [field('id', 'integer')], keys: [['0'], ['1'], ['-1'], ['65536'], ['2147483647']] },
  'short and boolean': {
    columns: [field('a', 'short'), field('b', 'boolean')],
    keys: [
      ['1', 'true'],
      ['1', 'false'],
      ['-1', 'true'],
      ['0', 'true'],
      ['0', 'false'],
    ],
  },
  'integer and long': {
    columns: [field('tenant', 'integer'), field('id', 'long')],
    keys: [
      ['1', '1'],
      ['1', '2'],
      ['2', '1'],
      ['0', '4294967297'],
      ['1', '-1'],
    ],
  },
  'narrow decimal': { columns: [field('id', 'decimal(4,2)')], keys: [['0.01'], ['0.1'], ['1'], ['-0.01']] },
  'wide decimal': {
    columns: [field('id', 'decimal(38,2)')],
    keys: [
      ['0.01'],
      ['184467440737095516.16'],
      ['-184467440737095516.16'],
      ['340282366920938463463374607431768211.45'],
    ],
  },
  'date and timestamp': {
    columns: [field('day', 'date'), field('at', 'timestamp')],
    keys: [
      [`'2026-01-01'`, `'2026-01-01 00:00:00+00'`],
      [`'2026-01-01'`, `'2026-01-01 00:00:00.000001+00'`],
      [`'1969-12-31'`, `'2026-01-01 00:00:00+00'`],
    ],
  },
  UUID: {
    columns: [field('id', 'string', { pgType: 'uuid' })],
    keys: ['0', '1', 'a', 'f'].map((digit) => [`'${uuid(digit)}'`]),
  },
  'UUID, also in capital letters': {
    columns: [field('id', 'string', { pgType: 'uuid' })],
    keys: ['a', 'A', 'f', '1'].map((digit) => [`'${uuid(digit)}'`]),
  },
  text: { columns: [field('id', 'string')], keys: [[`''`], [`'a'`], [`'A'`], [`'a '`], [`'ä'`]] },
  'floating point': { columns: [field('id', 'double')], keys: [['1.5'], ['0.1'], ['-3']] },
};

type Step = readonly StateChange[] | 'compact' | 'restart';

const stepsOf = ({ keys }: Keyed): fc.Arbitrary<Step[]> => {
  const change = fc.record({
    op: fc.oneof(
      { weight: 12, arbitrary: fc.constantFrom('c' as const, 'u' as const, 'u' as const, 'd' as const) },
      { weight: 1, arbitrary: fc.constant('t' as const) },
    ),
    // Few positions: repeats, and changes that come late.
    lsn: fc.nat({ max: 12 }),
    key: fc.constantFrom(...keys),
    v: fc.nat({ max: 99 }),
    lacksBig: fc.boolean(),
  });
  const batch = fc.array(change, { minLength: 1, maxLength: 7 });
  return fc
    .array(
      fc.oneof(
        { weight: 6, arbitrary: batch },
        { weight: 1, arbitrary: fc.constantFrom('compact' as const, 'restart' as const) },
      ),
      { minLength: 2, maxLength: 6 },
    )
    .map((steps) => {
      let seq = 0;
      return steps.map((step, at) =>
        typeof step === 'string'
          ? step
          : step.map((one) => ({
              ...one,
              // Later batches are mostly of later positions, and no two changes have the same one.
              lsn: one.lsn + at * 5,
              seq: (seq += 1),
              lacksBig: one.op === 'u' && one.lacksBig,
              big: `big ${seq}`,
            })),
      );
    });
};

interface Row {
  readonly change: StateChange;
  readonly big: string | null;
}

/** What the table has to hold, by the rules of SPEC.md and nothing else. */
class Model {
  readonly rows = new Map<string, Row>();
  #truncate: StateChange | null = null;

  apply(batch: readonly StateChange[]): void {
    for (const change of batch)
      if (change.op === 't' && (this.#truncate === null || isAfter(change, this.#truncate)))
        this.#truncate = change;
    const truncate = this.#truncate;
    const survives = (change: StateChange): boolean => truncate === null || !isAfter(truncate, change);
    const known = new Map(this.rows);
    for (const [key, { change }] of this.rows) if (!survives(change)) this.rows.delete(key);
    const byKey = Map.groupBy(
      batch.filter(({ op }) => op !== 't'),
      (change) => change.key.join(),
    );
    for (const [key, changes] of byKey) {
      const ordered = changes.toSorted((left, right) => (isAfter(left, right) ? 1 : -1));
      const last = ordered.filter(survives).at(-1);
      const row = this.rows.get(key);
      if (last === undefined || (row !== undefined && !isAfter(last, row.change))) continue;
      if (last.op === 'd') this.rows.delete(key);
      else this.rows.set(key, { change: last, big: bigOf(last, ordered, known.get(key)) });
    }
  }
}

/** An unchanged value is the latest that this batch has, else the row's. */
function bigOf(last: StateChange, ordered: readonly StateChange[], row: Row | undefined): string | null {
  if (!last.lacksBig) return last.big;
  const sent = ordered.filter(({ op, lacksBig }) => op !== 'd' && !lacksBig).at(-1);
  return sent !== undefined ? sent.big : (row?.big ?? null);
}

function isAfter(left: StateChange, right: StateChange): boolean {
  return left.lsn !== right.lsn ? left.lsn > right.lsn : left.seq > right.seq;
}

/** Rows that two states differ in, as a change data feed counts them. */
function difference(
  before: ReadonlyMap<string, Row>,
  after: ReadonlyMap<string, Row>,
): Record<'inserted' | 'updated' | 'deleted', number> {
  const kept = [...after].filter(([key]) => before.has(key));
  return {
    inserted: after.size - kept.length,
    updated: kept.filter(([key, { change }]) => before.get(key)?.change !== change).length,
    deleted: before.size - kept.length,
  };
}

async function follow(table: BenchTable, keyed: Keyed, steps: readonly Step[], feed: boolean): Promise<void> {
  const model = new Model();
  const shown = new Map<string, string>();
  for (const [at, text] of (await table.shown(keyed.keys)).entries())
    shown.set((keyed.keys[at] as readonly string[]).join(), text);
  for (const step of steps) {
    if (step === 'compact') await table.compactElsewhere();
    else if (step === 'restart') table.restart();
    else {
      const before = new Map(model.rows);
      const told = await table.apply(step, feed);
      model.apply(step);
      // A commit of new rows only needs no change files; a row that was truncated and came again is counted twice.
      if (told['numTargetChangeFilesAdded'] !== undefined && step.every(({ op }) => op !== 't'))
        expect({
          inserted: Number(told['numTargetRowsInserted']),
          updated: Number(told['numTargetRowsUpdated']),
          deleted: Number(told['numTargetRowsDeleted']),
        }).toEqual(difference(before, model.rows));
    }
    const wanted = [...model.rows].map(
      ([key, { change, big }]) => `${shown.get(key) ?? ''}|${change.v}|${big ?? 'null'}`,
    );
    expect((await table.rows()).sort()).toEqual(wanted.sort());
  }
}

describe.each(Object.entries(KEYS))('a table with the key %s', (_, keyed) => {
  const shape: TableShape = {
    rowFields: [...keyed.columns, field('v', 'integer'), field('big', 'string')],
    partitions: [],
    key: keyed.columns.map(({ name }) => name),
  };
  test('is the last change per key, whatever repeats, comes late, is truncated, compacted elsewhere or restarted', async () => {
    await checkProperty(
      fc.asyncProperty(stepsOf(keyed), fc.boolean(), async (steps, feed) => {
        const table = await bench.table(shape);
        try {
          await follow(table, keyed, steps, feed);
        } finally {
          table.close();
        }
      }),
      { budgetMs: 2_000, runs: 10 },
    );
  });
});
