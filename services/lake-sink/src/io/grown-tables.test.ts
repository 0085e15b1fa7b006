import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { field } from '@hasivu/delta';
import { StateBench, type StateChange } from '../../test/state-bench.ts';

let bench: StateBench;
beforeAll(async () => {
  bench = await StateBench.open();
});
afterAll(() => bench[Symbol.asyncDispose]());

const SHAPE = {
  rowFields: [field('id', 'integer'), field('v', 'integer'), field('big', 'string')],
  partitions: [],
  key: ['id'],
};
const REGION = field('region', 'string');
const SCORE = field('score', 'integer', { CURRENT_DEFAULT: '7' });

const change = (op: 'c' | 'u' | 'd', id: number, lsn: number, lacksBig = false): StateChange => ({
  op,
  lsn,
  seq: id,
  key: [String(id)],
  v: lsn,
  big: `big ${lsn}`,
  lacksBig,
});

test.each([false, true])(
  'columns that another writer adds meanwhile keep their values when files are rewritten; a change feed: %s',
  async (feed) => {
    const table = await bench.table(SHAPE);
    try {
      await table.apply(
        [1, 2, 3, 4].map((id) => change('c', id, 1)),
        feed,
      );
      await table.addColumnElsewhere(REGION, `'r' || id`);
      await table.apply([change('u', 1, 2), change('d', 4, 2), change('c', 5, 2)], feed);
      expect(await table.rows(REGION)).toEqual([
        '1|2|big 2|r1',
        '2|1|big 1|r2',
        '3|1|big 1|r3',
        '5|2|big 2|null',
      ]);
      await table.addColumnElsewhere(SCORE, 'id * 10');
      await table.apply([change('u', 2, 3, true), change('c', 6, 3)], feed);
      expect(await table.rows(REGION, SCORE)).toEqual([
        '1|2|big 2|r1|10',
        '2|3|big 1|r2|20',
        '3|1|big 1|r3|30',
        '5|2|big 2|null|50',
        '6|3|big 3|null|7',
      ]);
    } finally {
      table.close();
    }
  },
);
