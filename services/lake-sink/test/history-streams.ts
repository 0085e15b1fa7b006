import fc from 'fast-check';
import type { HistoryForm } from '../src/core/history/history-form.ts';
import type { SourceChange } from './history-oracle.ts';

/** Columns of the test's table beside its key `id`: text, a number, a large text that changes may lack, a counter. */
export const COLUMNS = ['a', 'n', 'big', 'u'] as const;

const none = { track: null, ignore: [], retain: null, overwrite: [], previous: [] } as const;

/** Forms of every type, with and without columns that are left out of the versions. */
export const FORMS: Readonly<Record<string, HistoryForm>> = {
  'type 0': { ...none, type: 0, root: 'history/public/t_scd0' },
  'type 0, some columns': { ...none, type: 0, root: 'history/public/t_scd0', retain: ['a', 'big'] },
  'type 1': { ...none, type: 1, root: 'history/public/t_scd1' },
  'type 2': { ...none, type: 2, root: 'history/public/t_scd2' },
  'type 2, tracking one column': { ...none, type: 2, root: 'history/public/t_scd2', track: ['a'] },
  'type 2, ignoring one column': { ...none, type: 2, root: 'history/public/t_scd2', ignore: ['u'] },
  'type 3': { ...none, type: 3, root: 'history/public/t_scd3', previous: ['a', 'big'] },
  'type 4': { ...none, type: 4, root: 'history/public/t_scd4', ignore: ['u'] },
  'type 6': {
    ...none,
    type: 6,
    root: 'history/public/t_scd6',
    track: ['a', 'n'],
    overwrite: ['a', 'u'],
    previous: ['a'],
  },
  'type 6, large values': {
    ...none,
    type: 6,
    root: 'history/public/t_scd6',
    overwrite: ['big'],
    previous: ['n'],
    ignore: ['u'],
  },
};

/** Changes in a stream, and the keys they are of. */
export interface StreamSize {
  readonly min: number;
  readonly max: number;
  readonly keys: number;
}

/** Any ops in any order: what a real source never sends, such as a second DELETE, must not break intervals either. */
const change = (keys: number) =>
  fc.record({
    op: fc.oneof(
      { weight: 3, arbitrary: fc.constant('c' as const) },
      { weight: 8, arbitrary: fc.constant('u' as const) },
      { weight: 1, arbitrary: fc.constant('r' as const) },
      { weight: 3, arbitrary: fc.constant('d' as const) },
      { weight: 1, arbitrary: fc.constant('t' as const) },
    ),
    key: fc.integer({ min: 1, max: keys }),
    values: fc.record({
      a: fc.constantFrom('x', 'y', null, ''),
      n: fc.constantFrom(1, 2, null),
      big: fc.constantFrom('large', '2:aa', null),
      u: fc.integer({ min: 0, max: 99 }),
    }),
    unavailable: fc.subarray(['big', 'a'], { maxLength: 2 }),
    hasAll: fc.boolean(),
    sameLsn: fc.boolean(),
    sameTime: fc.boolean(),
  });

/** Changes of a source in its order, with equal commit times and several changes per transaction. */
export const sourceChanges = (size: StreamSize): fc.Arbitrary<SourceChange[]> =>
  fc.array(change(size.keys), { minLength: size.min, maxLength: size.max, size: 'max' }).map((drawn) => {
    let [lsn, seq, at] = [100, 0, 1_790_000_000];
    return drawn.map((one): SourceChange => {
      if (one.sameLsn) seq += 1;
      else [lsn, seq] = [lsn + 10, 0];
      if (!one.sameTime && !one.sameLsn) at += 1;
      const isEnd = one.op === 'd' || one.op === 't';
      const unavailable = isEnd || one.hasAll || one.op === 'r' ? [] : one.unavailable;
      const values = isEnd ? { a: null, n: null, big: null, u: null } : { ...one.values };
      for (const name of unavailable) values[name as 'a' | 'big'] = null;
      return { op: one.op, lsn, seq, at, key: one.op === 't' ? null : one.key, values, unavailable };
    });
  });

/** Batches of a stream: shuffled or nearly in order, some changes again, cut anywhere. */
export function batches(changes: readonly SourceChange[]): fc.Arbitrary<SourceChange[][]> {
  const index = fc.integer({ min: 0, max: changes.length - 1 });
  const shuffled = fc.shuffledSubarray(
    changes.map((_, at) => at),
    { minLength: changes.length },
  );
  // As two partitions race: each in its order.
  const raced = fc
    .array(fc.boolean(), { minLength: changes.length, maxLength: changes.length })
    .map((late) => [
      ...changes.flatMap((_, at) => (late[at] === true ? [] : [at])),
      ...changes.flatMap((_, at) => (late[at] === true ? [at] : [])),
    ]);
  return fc
    .record({
      order: fc.oneof(shuffled, raced, fc.constant(changes.map((_, at) => at))),
      again: fc.array(fc.tuple(index, fc.nat()), { maxLength: 4 }),
      cuts: fc.array(fc.boolean(), { minLength: changes.length + 4, maxLength: changes.length + 4 }),
    })
    .map(({ order, again, cuts }) => {
      const sent = [...order];
      for (const [at, place] of again) sent.splice(place % (sent.length + 1), 0, at);
      const found: SourceChange[][] = [[]];
      sent.forEach((at, place) => {
        if (cuts[place] === true && (found.at(-1) as SourceChange[]).length > 0) found.push([]);
        (found.at(-1) as SourceChange[]).push(changes[at] as SourceChange);
      });
      return found;
    });
}
