import { readFileSync } from 'node:fs';

import { expect, test } from '@jest/globals';
import type { TableSchema } from '@hasivu/change-events';

import { ProcessorUnderTest, type TestEvent } from './processor-under-test.ts';

/** The table of DESIGN.md section 7: 12 columns. */
const ROWS = Number(process.env['HASIVU_ROWS'] ?? 50_000);
const TABLE: TableSchema = {
  database: 'test',
  schema: 'public',
  table: 'wide',
  columns: [
    { name: 'id', type: { kind: 'int64' }, pgType: 'bigint' },
    { name: 'school_id', type: { kind: 'int32' }, pgType: 'integer' },
    { name: 'student_id', type: { kind: 'int64' }, pgType: 'bigint' },
    { name: 'status', type: { kind: 'string' }, pgType: 'text' },
    { name: 'email', type: { kind: 'string' }, pgType: 'text' },
    { name: 'total', type: { kind: 'decimal', precision: 10, scale: 2 }, pgType: 'numeric(10,2)' },
    { name: 'quantity', type: { kind: 'int32' }, pgType: 'integer' },
    { name: 'paid', type: { kind: 'boolean' }, pgType: 'boolean' },
    { name: 'note', type: { kind: 'string' }, pgType: 'text' },
    { name: 'rating', type: { kind: 'float64' }, pgType: 'double precision' },
    { name: 'created_at', type: { kind: 'timestamptz' }, pgType: 'timestamptz' },
    { name: 'updated_at', type: { kind: 'timestamptz' }, pgType: 'timestamptz' },
  ],
  key: ['id'],
};
const PIPELINES = `
pipelines:
  - name: wide
    from: ["public.wide"]
    steps:
      - rename: { from: school_id, to: school }
      - cast: { column: quantity, to: int64 }
      - derive: { column: tax, expr: "round(total * 0.05, 2)" }
      - filter: { expr: "status <> 'test'" }
      - mask: { column: email, method: ${process.env['HASIVU_MASK'] ?? 'hash'}, salt: pepper }
    rules: [ { notNull: total }, { range: { column: total, min: 0 } } ]
    to: out
`;

function* rows(): Generator<TestEvent> {
  for (let i = 0; i < ROWS; i++)
    yield {
      op: 'c',
      after: {
        id: BigInt(i),
        school_id: i % 500,
        student_id: BigInt(i * 7),
        status: i % 4 === 0 ? 'delivered' : 'open',
        email: `student${i}@school${i % 500}.example.org`,
        total: BigInt((i * 37) % 100_000),
        quantity: i % 9,
        paid: i % 3 === 0,
        note: 'no onions, extra rice, deliver to the back door please',
        rating: (i % 50) / 10,
        created_at: 1_700_000_000_000_000n + BigInt(i),
        updated_at: 1_700_000_000_000_000n + BigInt(i * 2),
      },
    };
}

test(`${ROWS} rows through five steps and two rules`, async () => {
  await using processor = await ProcessorUnderTest.create('throughput');
  await processor.define(TABLE);
  await processor.write(TABLE, rows());
  const service = await processor.start(
    PIPELINES,
    process.env['HASIVU_PROF'] ? { NODE_OPTIONS: '--cpu-prof --cpu-prof-dir=/tmp/prof' } : {},
  );
  const before = usage(service.pid);
  await processor.caughtUp(TABLE);
  const after = usage(service.pid);
  const metrics = await service.metrics();
  expect(metrics).toContain(`hasivu_processor_rows_total{pipeline="wide",outcome="good"} ${ROWS}`);
  const perMillion = ((after.cpuSeconds - before.cpuSeconds) / ROWS) * 1_000_000;
  process.stderr.write(
    `${ROWS} rows: ${perMillion.toFixed(2)} CPU-seconds per million rows, start-up ${before.cpuSeconds.toFixed(2)} s apart, peak ${after.peakMebibytes} MiB\n`,
  );
  await service.stop();
  expect(after.peakMebibytes).toBeLessThan(256);
}, 240_000);

function usage(pid: number): { cpuSeconds: number; peakMebibytes: number } {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return {
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / 100,
    peakMebibytes: Math.round(Number(peak?.[1] ?? 0) / 1024),
  };
}
