import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { TableSchema } from '@hasivu/change-events';
import type { RunEvent } from '@hasivu/lineage-events';
import { EventValidator, RunLifecycle } from '@hasivu/lineage-events/validation';
import { waitFor } from '@hasivu/testing';

import { ProcessorUnderTest, printed, stateOf, type Cells, type TestEvent } from './processor-under-test.ts';

const ORDERS: TableSchema = {
  database: 'test',
  schema: 'public',
  table: 'orders',
  columns: [
    { name: 'id', type: { kind: 'int64' }, pgType: 'bigint' },
    { name: 'email', type: { kind: 'string' }, pgType: 'text' },
    { name: 'total', type: { kind: 'decimal', precision: 10, scale: 2 }, pgType: 'numeric(10,2)' },
    { name: 'status', type: { kind: 'string' }, pgType: 'text' },
    { name: 'note', type: { kind: 'string' }, pgType: 'text' },
    { name: 'created_at', type: { kind: 'timestamptz' }, pgType: 'timestamptz' },
  ],
  key: ['id'],
};

const PIPELINES = `
pipelines:
  - name: clean
    from: ["public.orders"]
    steps:
      - rename: { from: id, to: order_id }
      - mask: { column: email, method: hash, salt: "env:SALT" }
      - cast: { column: total, to: "decimal(12,3)" }
      - derive: { column: tax, expr: "round(total * 0.05, 2)" }
      - derive: { column: long_note, expr: "length(note) > 10" }
      - drop: { columns: [created_at] }
      - filter: { expr: "status <> 'test'" }
      - route: { when: "total >= 1000", to: large }
    rules:
      - { notNull: total }
      - { name: sane total, range: { column: total, min: 0, max: 5000 } }
      - { set: { column: status, values: [open, paid, test] } }
      - { name: note is text, pattern: { column: note, regex: "^[^<>]*$" } }
    to: orders
`;

function order(id: number, changes: Cells = {}): Cells {
  return {
    id: BigInt(id),
    email: `user${id}@example.org`,
    total: 1050n,
    status: 'open',
    note: 'as usual',
    created_at: 1_700_000_000_000_000n,
    ...changes,
  };
}

describe('pipelines on a real broker and registry', () => {
  let processor: ProcessorUnderTest;

  beforeAll(async () => {
    processor = await ProcessorUnderTest.create('pipelines');
    await processor.define(ORDERS);
  });

  afterAll(async () => {
    await processor[Symbol.asyncDispose]();
  });

  test('every record has one outcome, and each rule refuses exactly the rows that break it', async () => {
    const events: TestEvent[] = [];
    const expected = { good: 0, dropped: 0, quarantined: 0, large: 0 };
    const rules = { total: 0, sane: 0, status: 0, note: 0 };
    // A seeded defect for each rule at its own stride; some rows break two rules.
    for (let id = 1; id <= 3_000; id++) {
      const noTotal = id % 31 === 0;
      const insane = id % 37 === 0 && !noTotal;
      const strange = id % 41 === 0;
      const markup = id % 43 === 0;
      const filtered = id % 29 === 0 && !strange;
      const large = id % 23 === 0 && !noTotal && !insane;
      events.push({
        op: id % 5 === 0 ? 'r' : 'c',
        after: order(id, {
          total: noTotal ? null : insane ? -100n : large ? 200_000n : 1050n,
          status: strange ? 'gone' : filtered ? 'test' : 'open',
          note: markup ? '<b>' : null,
        }),
      });
      if (filtered) expected.dropped += 1;
      else if (noTotal || insane || strange || markup) {
        expected.quarantined += 1;
        if (noTotal) rules.total += 1;
        if (insane) rules.sane += 1;
        if (strange) rules.status += 1;
        if (markup) rules.note += 1;
      } else {
        expected.good += 1;
        if (large) expected.large += 1;
      }
    }
    await processor.write(ORDERS, events);
    await processor.writeRaw(ORDERS, null, Buffer.from('no event'));
    await processor.writeRaw(ORDERS, null, Buffer.from([0, 0x7f, 0xff, 0xff, 0xff, 1, 2, 3]));
    const [real] = await processor.records(processor.names.change('public', 'orders'));
    await processor.writeRaw(ORDERS, real?.rawKey ?? null, (real?.rawValue as Buffer).subarray(0, -3));
    await processor.writeRaw(
      ORDERS,
      real?.rawKey ?? null,
      Buffer.concat([real?.rawValue as Buffer, Buffer.from('x')]),
    );
    const deadLetters = 4;

    const service = await processor.start(PIPELINES, { SALT: 'pepper' });
    await processor.caughtUp(ORDERS);
    const topic = processor.names.change('public', 'orders');
    const [orders, large, aside, dead] = await Promise.all([
      processor.curated('clean', 'orders'),
      processor.curated('clean', 'large'),
      processor.records(processor.names.quarantine(topic)),
      processor.records(processor.names.dlq(topic)),
    ]);
    expect({
      good: orders.length + large.length,
      large: large.length,
      quarantined: aside.length,
      dead: dead.length,
    }).toEqual({
      good: expected.good,
      large: expected.large,
      quarantined: expected.quarantined,
      dead: deadLetters,
    });
    expect(orders.length + large.length + expected.dropped + aside.length + dead.length).toBe(
      3_000 + deadLetters,
    );

    const metrics = await waitFor('the commit to be counted', async () => {
      const text = await service.metrics();
      return (
        text.includes(`hasivu_processor_rows_total{pipeline="clean",outcome="good"} ${expected.good}`) && text
      );
    });
    expect(metrics).toContain(`{pipeline="clean",outcome="dropped"} ${expected.dropped}`);
    expect(metrics).toContain(`{pipeline="clean",outcome="quarantined"} ${expected.quarantined}`);
    expect(metrics).toContain(`hasivu_dead_letters_total{topic="${topic}"} ${deadLetters}`);
    expect(metrics).toContain(
      `hasivu_quarantined_rows_total{pipeline="clean",rule="not_null(total)"} ${rules.total}`,
    );
    expect(metrics).toContain(`rule="sane total"} ${rules.sane}`);
    expect(metrics).toContain(`rule="accepted_values(status)"} ${rules.status}`);
    expect(metrics).toContain(`rule="note is text"} ${rules.note}`);
    expect(metrics).toContain('hasivu_processor_lag_rows 0');

    const one = orders.find((event) => event.key?.['order_id'] === 1n);
    expect(one?.after).toEqual({
      order_id: 1n,
      email: expect.stringMatching(/^[0-9a-f]{64}$/),
      total: 10_500n,
      status: 'open',
      note: null,
      tax: 53n,
      long_note: null,
    });
    expect({ op: one?.op, seq: one?.seq, commitLsn: one?.commitLsn }).toEqual({
      op: 'c',
      seq: 0,
      commitLsn: (1n << 32n) + 1000n,
    });

    // The original bytes, and where they come from.
    const first = aside[0] as (typeof aside)[0];
    const source = await processor.records(topic);
    const original = source.find(
      (record) =>
        record.partition === Number(first.headers['source_partition']) &&
        record.offset === BigInt(first.headers['source_offset'] ?? -1),
    );
    expect(first.rawValue).toEqual(original?.rawValue);
    expect(first.rawKey).toEqual(original?.rawKey);
    expect(first.headers).toMatchObject({
      pipeline: 'clean',
      source_topic: topic,
      rule_fingerprint: expect.stringMatching(/^[0-9a-f]{16}$/),
      lsn: expect.stringMatching(/^1\/[0-9A-F]+$/),
      seq: expect.stringMatching(/^\d$/),
    });
    for (const record of dead) expect(record.headers['reason']).toBeTruthy();
    await service.stop();
  }, 90_000);

  test('updates, deletes and truncation keep the curated state equal to the filtered source', async () => {
    const service = await processor.start(PIPELINES, { SALT: 'pepper' });
    await processor.write(ORDERS, [
      { op: 't' },
      { op: 'c', after: order(1) },
      { op: 'c', after: order(2) },
      { op: 'c', after: order(3) },
      { op: 'c', after: order(4) },
      { op: 'c', after: order(5, { note: 'a long note of many words' }) },
      { op: 'u', after: order(1, { status: 'paid' }) },
      { op: 'u', after: order(2, { status: 'test' }) }, // filtered out: becomes a delete
      { op: 'u', before: order(3), after: order(3, { total: 300_000n }) }, // moves to the other output
      { op: 'u', after: order(4, { total: -1n }) }, // quarantined: the last good version stays
      { op: 'u', after: order(5, { status: 'paid', note: null }), unavailable: ['note'] },
      { op: 'c', after: order(6) },
      { op: 'd', before: { id: 6n } },
    ]);
    await processor.caughtUp(ORDERS);
    const events = (await processor.curated('clean', 'orders')).slice();
    const large = await processor.curated('clean', 'large');
    const state = stateOf(events);
    expect([...state.values()].map((row) => [row['order_id'], row['status'], row['total']])).toEqual([
      [1n, 'paid', 10_500n],
      [4n, 'open', 10_500n],
      [5n, 'paid', 10_500n],
    ]);
    expect([...stateOf(large).values()].map((row) => [row['order_id'], row['total']])).toEqual([
      [3n, 3_000_000n],
    ]);

    const five = events.findLast((event) => event.key?.['order_id'] === 5n);
    // note passes its placeholder and its mark on; long_note, which reads it, is unavailable too.
    expect(five?.unavailable).toEqual(['note', 'long_note']);
    expect(five?.after?.['note']).toBe('__debezium_unavailable_value');
    expect(five?.after?.['long_note']).toBeNull();

    const removed = events.filter((event) => event.key?.['order_id'] === 2n).slice(-2);
    expect(removed.map((event) => event.op)).toEqual(['d', null]);
    expect(removed[0]?.before).toMatchObject({ order_id: 2n, status: null });
    const deleted = events.filter((event) => event.key?.['order_id'] === 6n).slice(-2);
    expect(deleted.map((event) => event.op)).toEqual(['d', null]);
    expect(events.some((event) => event.op === 't')).toBe(true);
    expect(service.logs.filter((line) => String(line['msg']).includes('REPLICA IDENTITY FULL'))).toHaveLength(
      1,
    );
    await service.stop();
  }, 60_000);

  test('the largest row that the source can write still fits into quarantine', async () => {
    const service = await processor.start(PIPELINES, { SALT: 'pepper' });
    const note = '<'.repeat(999_000);
    await processor.write(ORDERS, [{ op: 'c', after: order(50, { note }) }]);
    await processor.caughtUp(ORDERS);
    const aside = await processor.records(
      processor.names.quarantine(processor.names.change('public', 'orders')),
    );
    const largest = aside.reduce((a, b) => ((b.rawValue?.length ?? 0) > (a.rawValue?.length ?? 0) ? b : a));
    expect(largest.rawValue?.length).toBeGreaterThan(999_000);
    expect(largest.headers['rule']).toBe('note is text');
    await service.stop();
  }, 60_000);

  test('a column that is added while it runs appears in the output', async () => {
    const service = await processor.start(PIPELINES, { SALT: 'pepper' });
    const wider: TableSchema = {
      ...ORDERS,
      columns: [...ORDERS.columns, { name: 'channel', type: { kind: 'string' }, pgType: 'text' }],
    };
    await processor.write(ORDERS, [{ op: 'c', after: order(100) }]);
    await processor.caughtUp(ORDERS);
    await processor.define(wider);
    await processor.write(wider, [{ op: 'c', after: order(101, { channel: 'app' }) }]);
    await processor.caughtUp(wider);
    const events = await processor.curated('clean', 'orders');
    expect(events.findLast((event) => event.key?.['order_id'] === 101n)?.after?.['channel']).toBe('app');
    expect(events.findLast((event) => event.key?.['order_id'] === 100n)?.after).not.toHaveProperty('channel');
    await service.stop();
  }, 60_000);

  test('lineage: valid events that name masked columns, filters and broken rules, in an unbroken run cycle', async () => {
    const events = (await processor.records(processor.names.lineage)).map(
      (record) => JSON.parse((record.rawValue as Buffer).toString()) as RunEvent,
    );
    const validator = new EventValidator();
    const lifecycle = new RunLifecycle();
    for (const event of events)
      expect([...validator.mistakes(event), ...lifecycle.mistakes(event)]).toEqual([]);
    expect(events.filter((event) => event.eventType === 'START').length).toBe(4);
    expect(events.filter((event) => event.eventType === 'ABORT').length).toBe(4);
    const full = events.findLast((event) => printed(event).includes('columnLineage'));
    const lineage = full?.outputs[0]?.facets['columnLineage'];
    expect(lineage).toMatchObject({
      fields: {
        order_id: {
          inputFields: [{ field: 'id', transformations: [{ type: 'DIRECT', subtype: 'IDENTITY' }] }],
        },
        email: {
          inputFields: [{ field: 'email', transformations: [{ subtype: 'TRANSFORMATION', masking: true }] }],
        },
        tax: {
          inputFields: [{ field: 'total', transformations: [{ subtype: 'TRANSFORMATION', masking: false }] }],
        },
      },
      dataset: expect.arrayContaining([expect.objectContaining({ field: 'status' })]),
    });
    expect(printed(events)).toContain('"success":false');
  });

  test('a step that no longer fits stops the service with exit code 2 and names pipeline, step and column', async () => {
    const { note: _, ...rest } = order(200);
    const narrower: TableSchema = {
      ...ORDERS,
      columns: ORDERS.columns.filter((column) => column.name !== 'note'),
    };
    await processor.define(narrower);
    const service = await processor.start(PIPELINES, { SALT: 'pepper' });
    await processor.write(narrower, [{ op: 'c', after: rest }]);
    expect((await service.exited).code).toBe(2);
    const said = service.output.join('\n');
    expect(said).toContain('PIPELINE_STEP_INVALID');
    expect(said).toMatch(
      /pipeline "clean" for public\.orders: step 5 \(derive long_note\), character 8 of its expression: there is no column "note"/,
    );
    expect(said).not.toContain('pepper');
  }, 60_000);

  test.each([
    [
      PIPELINES.replace('round(total * 0.05, 2)', 'round(total * )'),
      'PIPELINE_STEP_INVALID',
      'step 4 (derive tax): character 15',
    ],
    [PIPELINES.replace('^[^<>]*$', '(a'), 'PIPELINE_RULE_INVALID', 'rule 4 (note is text)'],
  ])(
    'a mistake in the file itself ends it with code 2 before anything is opened',
    async (yaml, code, place) => {
      const service = await processor.launch(yaml, { SALT: 'pepper' });
      expect((await service.exited).code).toBe(2);
      expect(service.output.join('\n')).toContain(code);
      expect(service.output.join('\n')).toContain(place);
    },
    30_000,
  );

  test('without pipelines it says so and ends well', async () => {
    const service = await processor.launch('pipelines: []');
    expect((await service.exited).code).toBe(0);
    expect(service.output.join('\n')).toContain('no pipelines are configured');
  }, 30_000);
});
