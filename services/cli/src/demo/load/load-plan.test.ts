import { describe, expect, test } from '@jest/globals';
import { DEMO_SIZE } from '../seed/demo-size.ts';
import type { LoadBatch } from './load-batch.ts';
import { LoadPlan } from './load-plan.ts';
import { idOf, rupees } from './order-rows.ts';

const START_MS = Date.UTC(2026, 0, 1);
const batches = (seed: number, count: number): LoadBatch[] => {
  const plan = new LoadPlan({ seed, size: DEMO_SIZE, startMs: START_MS });
  return Array.from({ length: count }, () => plan.nextBatch());
};
const idsOf = (rows: readonly Readonly<Record<string, unknown>>[]): unknown[] => rows.map((row) => row['id']);

describe('the demo load', () => {
  test('is the same for the same seed and another for another', () => {
    expect(batches(7, 30)).toEqual(batches(7, 30));
    expect(batches(7, 3)).not.toEqual(batches(8, 3));
  });

  test('makes about 200 row changes a batch once orders are under way', () => {
    const late = batches(7, 60).slice(20);
    const changes = late.map((batch) =>
      Object.values(batch).reduce((sum: number, rows: readonly unknown[]) => sum + rows.length, 0),
    );
    const mean = changes.reduce((sum, count) => sum + count, 0) / changes.length;
    expect(mean).toBeGreaterThan(170);
    expect(mean).toBeLessThan(230);
  });

  test('never touches a dirty order again and deletes only orders it has finished', () => {
    const all = batches(7, 300);
    const clean = new Set(
      all
        .flatMap(({ orders }) => orders)
        .filter(
          (order) =>
            /^\d/.test(String(order['total'])) &&
            order['currency'] === 'INR' &&
            order['student_id'] !== null &&
            /^[A-Z]{2}\d{4}$/.test(String(order['pickup_code'])),
        )
        .map((order) => order['id']),
    );
    const touched = all.flatMap((batch) => [
      ...idsOf(batch.statusMoves),
      ...batch.deletedOrderIds,
      ...batch.renumberedLines.map((row) => row['order_id']),
    ]);
    expect(touched.length).toBeGreaterThan(1000);
    expect(touched.filter((id) => !clean.has(id))).toEqual([]);
    const deleted = all.flatMap(({ deletedOrderIds }) => deletedOrderIds);
    expect(deleted.length).toBeGreaterThan(10);
    expect(new Set(deleted).size).toBe(deleted.length);
  });

  test('changes a row at most once in one statement', () => {
    for (const batch of batches(7, 100)) {
      for (const rows of [batch.statusMoves, batch.walletMoves, batch.priceMoves])
        expect(new Set(idsOf(rows)).size).toBe(rows.length);
    }
  });

  test('about one order in fifty is dirty', () => {
    const orders = batches(7, 200).flatMap(({ orders: rows }) => rows);
    const dirty = orders.filter(
      (order) =>
        String(order['total']).startsWith('-') ||
        order['currency'] !== 'INR' ||
        order['student_id'] === null ||
        String(order['pickup_code']).startsWith('?'),
    );
    expect(dirty.length / orders.length).toBeGreaterThan(0.01);
    expect(dirty.length / orders.length).toBeLessThan(0.03);
  });

  test('ids are those that Postgres makes of the same names; amounts keep two decimals', () => {
    expect(idOf('school1')).toBe('cbaa409f-6e24-7098-5887-affe76e0d0ee');
    expect([rupees(5), rupees(-12345), rupees(100)]).toEqual(['0.05', '-123.45', '1.00']);
  });
});
