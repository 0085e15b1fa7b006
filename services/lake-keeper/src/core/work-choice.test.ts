import { describe, expect, test } from '@jest/globals';
import type { TableHealth } from '@hasivu/lake-engine';
import { tablePolicy } from './table-policy.ts';
import { chooseJobs, lacksRoom, type TableFacts } from './work-choice.ts';

const NO_COLUMNS = { all: new Set<string>(), partitions: [] };
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOW = 100 * DAY;
const maintenance = {
  maintenance: {
    enabled: true,
    intervalMs: 1,
    concurrency: 1,
    compaction: { enabled: true, minFiles: 8, maxDeletedShare: 0.2, settleMs: 0 },
    vacuum: { enabled: true, everyHours: 24 },
  },
};

function facts(root: string, more: Partial<TableFacts> & { readonly dueFiles?: number } = {}): TableFacts {
  const { dueFiles = 0, ...rest } = more;
  return {
    root,
    policy: tablePolicy({ layer: 'bronze', table: root, config: {} }, maintenance, NO_COLUMNS),
    health: { dueFiles, dueBytes: dueFiles } as TableHealth,
    vacuumedMs: NOW - HOUR,
    fileRetentionMs: 7 * DAY,
    createdMs: 0,
    retentionCutMs: null,
    isRetained: true,
    tieredMs: null,
    ...rest,
  };
}
const chosen = (...tables: TableFacts[]): string[] =>
  chooseJobs(tables, NOW).map(({ root, kind }) => `${kind} ${root}`);

describe('what is worked on first', () => {
  test('is the table with the most files too many; a healthy one is left alone', () => {
    expect(chosen(facts('a', { dueFiles: 9 }), facts('b'), facts('c', { dueFiles: 90 }))).toEqual([
      'optimize c',
      'optimize a',
    ]);
  });

  test('a vacuum is due a while after the last one, and at first when the table is older than the retention', () => {
    expect(chosen(facts('a', { vacuumedMs: NOW - 25 * HOUR }))).toEqual(['vacuum a']);
    expect(chosen(facts('a', { vacuumedMs: null, createdMs: NOW - 8 * DAY }))).toEqual(['vacuum a']);
    expect(chosen(facts('a', { vacuumedMs: null, createdMs: NOW - 6 * DAY }))).toEqual([]);
  });

  test('a table that always has small files is vacuumed all the same', () => {
    const busy = (hours: number): string[] =>
      chosen(facts('a', { dueFiles: 50, vacuumedMs: NOW - hours * HOUR }));
    expect(busy(25)).toEqual(['optimize a']);
    expect(busy(49)).toEqual(['vacuum a']);
  });

  test('rows that are too old go before anything else is done', () => {
    const old = facts('b', { retentionCutMs: NOW - 30 * DAY, isRetained: false, dueFiles: 5 });
    expect(chosen(facts('a', { dueFiles: 900 }), old)).toEqual(['retain b', 'optimize a']);
  });

  test('of a table on legal hold nothing goes, whatever its policies say', () => {
    const retention = { bronze: '30 days', hold: { name: 'case 17', reason: 'asked for by the court' } };
    const settings = { layer: 'bronze' as const, table: 'a', config: { retention } };
    const columns = { all: new Set(['_committed_at']), partitions: [] };
    const policy = tablePolicy(settings, maintenance, columns);
    expect(policy).toMatchObject({ retention: null, vacuums: false, hold: 'case 17', optimizes: true });
    expect(chosen(facts('a', { policy, vacuumedMs: 0 }))).toEqual([]);
    const free = tablePolicy(
      { ...settings, config: { retention: { bronze: '30 days' } } },
      maintenance,
      columns,
    );
    expect(free.retention).toEqual({ column: '_committed_at', ageMs: 30 * DAY });
  });

  test('objects are held against their tiers once in a while, when nothing else is to be done', () => {
    const warm = { afterDays: 30, storageClass: 'STANDARD_IA' };
    const tiers = { warm, everyHours: 24 };
    const policy = tablePolicy(
      { layer: 'bronze', table: 'a', config: {} },
      { ...maintenance, tiers },
      NO_COLUMNS,
    );
    expect(policy.tiers).toEqual([{ tier: 'warm', afterMs: 30 * DAY, storageClass: 'STANDARD_IA' }]);
    expect(chosen(facts('a', { policy }))).toEqual(['tier a']);
    expect(chosen(facts('a', { policy, dueFiles: 3 }))).toEqual(['optimize a']);
    expect(chosen(facts('a', { policy, tieredMs: NOW - HOUR }))).toEqual([]);
  });

  test('what is switched off is not done', () => {
    const settings = (own: object) => ({
      layer: 'bronze' as const,
      table: 'a',
      config: { maintenance: own as never },
    });
    const policyOf = (own: object) => tablePolicy(settings(own), maintenance, NO_COLUMNS);
    const due = { dueFiles: 9, vacuumedMs: 0 };
    expect(chosen(facts('a', { ...due, policy: policyOf({ enabled: false, vacuum: true }) }))).toEqual([]);
    expect(chosen(facts('a', { ...due, policy: policyOf({ enabled: true, vacuum: false }) }))).toEqual([
      'optimize a',
    ]);
    const { compaction } = maintenance.maintenance;
    const off = {
      maintenance: { ...maintenance.maintenance, compaction: { ...compaction, enabled: false } },
    };
    const policy = tablePolicy({ layer: 'silver', table: 'a', config: {} }, off, NO_COLUMNS);
    expect(chosen(facts('a', { dueFiles: 9, policy }))).toEqual([]);
  });
});

test('a Z-order is over the columns that are in the files', () => {
  const config = { clusterBy: ['tenant_id', 'created_at'] };
  const policy = tablePolicy({ layer: 'silver', table: 'a', config }, maintenance, {
    all: new Set(['created_at', 'tenant_id', 'id']),
    partitions: ['tenant_id'],
  });
  expect(policy.rule.clusterBy).toEqual(['created_at']);
});

describe('where the lake has a capacity', () => {
  const due = (dueBytes: number, more: Partial<TableFacts> = {}): TableFacts => ({
    ...facts('a', more),
    health: { dueFiles: 9, dueBytes } as TableHealth,
  });
  const within = (table: TableFacts, freeBytes: number, isFull = false): string[] =>
    chooseJobs([table], NOW, { freeBytes, isFull }).map(({ kind, addsBytes }) => `${kind} ${addsBytes}`);

  test('files are rewritten only where what they become fits beside what they were', () => {
    expect(within(due(100), 100)).toEqual(['optimize 100']);
    expect(within(due(100), 99)).toEqual([]);
    expect([
      lacksRoom(due(100), { freeBytes: 99, isFull: false }),
      lacksRoom(due(0), { freeBytes: 0, isFull: true }),
    ]).toEqual([true, true]);
    expect(lacksRoom(facts('a'), { freeBytes: 0, isFull: true })).toBe(false);
  });

  test('a full lake is vacuumed hourly, and rows past their retention go as ever', () => {
    const [sooner, later] = [NOW - 50 * 60_000, NOW - 2 * HOUR];
    expect(within(due(100, { vacuumedMs: sooner }), 0, true)).toEqual([]);
    expect(within(due(100, { vacuumedMs: later }), 0, true)).toEqual(['vacuum 0']);
    expect(within(due(100, { vacuumedMs: later }), 0)).toEqual([]);
    expect(within(due(100, { retentionCutMs: NOW, isRetained: false }), 0, true)).toEqual(['retain 0']);
  });
});
