import { describe, expect, jest, test } from '@jest/globals';

import {
  eventKey,
  identityLineage,
  kafkaDataset,
  LineageEmitter,
  postgresDatasetOf,
  s3Dataset,
  type LineageEmitterOptions,
  type LineageSnapshot,
  type RunEvent,
} from './index.ts';
import { EventValidator, RunLifecycle } from './validation/index.ts';

const table = postgresDatasetOf('postgres://u:secret@db.example:5433/shop', 'public', 'orders');
const topic = kafkaDataset(['127.0.0.1:9092', 'other:9092'], 'hasivu.public.orders');
const lake = s3Dataset('lake', '/bronze/public/orders/');
const columns = [
  { name: 'id', type: 'int64' },
  { name: 'email', type: 'string' },
  { name: 'total', type: 'decimal(10,2)' },
];

function snapshot(rows: number, broken: number): LineageSnapshot {
  return {
    inputs: [
      {
        ...topic,
        kind: 'TOPIC',
        columns,
        totals: { rows, bytes: rows * 100 },
        rules: [
          {
            name: 'total is set',
            assertion: 'not_null',
            column: 'total',
            content: 'total is not null',
            brokenRows: broken,
          },
        ],
      },
    ],
    outputs: [
      {
        ...lake,
        kind: 'TABLE',
        columns: [...columns, { name: 'domain', type: 'string' }],
        storage: { layer: 'delta', format: 'parquet' },
        version: '7',
        totals: { rows: rows - broken, bytes: 10, files: 1 },
        columnLineage: {
          columns: new Map([
            ...identityLineage(topic, ['id', 'total']).columns,
            [
              'email',
              [
                {
                  from: topic,
                  column: 'email',
                  subtype: 'TRANSFORMATION',
                  masking: true,
                  description: 'mask hash',
                },
              ],
            ],
            ['domain', [{ from: topic, column: 'email', subtype: 'TRANSFORMATION' }]],
          ]),
          wholeDataset: [
            { from: topic, column: 'total', subtype: 'FILTER', description: 'total > 0' },
            { from: topic, column: 'total', subtype: 'FILTER', description: 'total < 10' },
          ],
        },
      },
    ],
  };
}

function emitter(overrides: Partial<LineageEmitterOptions> = {}): {
  emitter: LineageEmitter;
  events: RunEvent[];
  keys: string[];
  failures: unknown[];
} {
  const events: RunEvent[] = [];
  const keys: string[] = [];
  const failures: unknown[] = [];
  return {
    events,
    keys,
    failures,
    emitter: new LineageEmitter({
      namespace: 'hasivu',
      name: 'lake-sink.public.orders',
      intervalMs: 3_600_000,
      snapshot: () => snapshot(10, 1),
      transport: (key, json) => {
        keys.push(key);
        events.push(JSON.parse(json) as RunEvent);
      },
      onFailure: (error) => failures.push(error),
      ...overrides,
    }),
  };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const validator = new EventValidator();

describe('dataset names', () => {
  test('follow the naming specification and never carry a password', () => {
    expect(table).toEqual({ namespace: 'postgres://db.example:5433', name: 'shop.public.orders' });
    expect(topic).toEqual({ namespace: 'kafka://127.0.0.1:9092', name: 'hasivu.public.orders' });
    expect(lake).toEqual({ namespace: 's3://lake', name: 'bronze/public/orders' });
  });
});

describe('the life cycle of a run', () => {
  test('every event is valid by core, facet and life-cycle rules, from START to each terminal event', async () => {
    for (const end of ['complete', 'abort', 'fail'] as const) {
      let rows = 0;
      const run = emitter({ snapshot: () => snapshot((rows += 10), 1) });
      run.emitter.start();
      await settled();
      run.emitter.running();
      await settled();
      await (end === 'fail'
        ? run.emitter.fail('KAFKA_FENCED: another instance took over')
        : run.emitter[end]());
      await run.emitter.abort();
      expect(run.events.map((event) => event.eventType)).toEqual(['START', 'RUNNING', end.toUpperCase()]);
      const lifecycle = new RunLifecycle();
      for (const event of run.events) {
        expect(validator.mistakes(event)).toEqual([]);
        expect(lifecycle.mistakes(event)).toEqual([]);
      }
      expect(run.failures).toEqual([]);
    }
  });

  test('statistics are those of the window, from totals', async () => {
    const totals = [snapshot(10, 1), snapshot(10, 1), snapshot(25, 4)];
    const run = emitter({ snapshot: () => totals.shift() as LineageSnapshot });
    run.emitter.start();
    await settled();
    run.emitter.running();
    await settled();
    run.emitter.running();
    await settled();
    expect(run.events.map((event) => event.outputs[0]?.outputFacets?.['outputStatistics'])).toMatchObject([
      { rowCount: 9 },
      { rowCount: 0 },
      { rowCount: 12 },
    ]);
    expect(run.events.map((event) => event.inputs[0]?.inputFacets?.['dataQualityAssertions'])).toMatchObject([
      { assertions: [{ success: false, actual: '1' }] },
      { assertions: [{ success: true, actual: '0' }] },
      { assertions: [{ success: false, actual: '3' }] },
    ]);
  });

  test('the key is the parent job by the convention of the OpenLineage clients', async () => {
    const run = emitter({
      parent: { namespace: 'ns', name: 'platform', runId: '0190b5a0-0000-7000-8000-000000000000' },
    });
    run.emitter.start();
    await settled();
    expect(run.keys).toEqual(['run:ns/platform']);
    const event = run.events[0] as RunEvent;
    const rootless = { ...event, run: { ...event.run, facets: {} } };
    expect(eventKey(rootless)).toBe('run:hasivu/lake-sink.public.orders');
  });

  test('periodic events are sent while the run lasts', async () => {
    jest.useFakeTimers();
    try {
      const run = emitter({ intervalMs: 1000 });
      run.emitter.start();
      await jest.advanceTimersByTimeAsync(2500);
      await run.emitter.abort();
      await jest.advanceTimersByTimeAsync(5000);
      expect(run.events.map((event) => event.eventType)).toEqual(['START', 'RUNNING', 'RUNNING', 'ABORT']);
    } finally {
      jest.useRealTimers();
    }
  });
});

describe('a lineage failure never reaches the data path', () => {
  test('a refused event is counted and its window is carried into the next, which takes the place of START', async () => {
    let up = false;
    const events: RunEvent[] = [];
    let rows = 0;
    const run = emitter({
      snapshot: () => snapshot((rows += 10), 0),
      transport: (_key, json) => {
        if (!up) throw new Error('broker down');
        events.push(JSON.parse(json) as RunEvent);
      },
    });
    run.emitter.start();
    await settled();
    run.emitter.running();
    await settled();
    up = true;
    run.emitter.running();
    await settled();
    expect(run.emitter.failures).toBe(2);
    expect(run.failures).toHaveLength(2);
    expect(events).toHaveLength(1);
    expect(events[0]?.eventType).toBe('START');
    expect(events[0]?.outputs[0]?.outputFacets?.['outputStatistics']).toMatchObject({ rowCount: 30 });
  });

  test('neither a snapshot that throws nor a report that throws escapes', async () => {
    const run = emitter({
      snapshot: () => {
        throw new Error('no snapshot');
      },
      onFailure: () => {
        throw new Error('no logger');
      },
    });
    run.emitter.start();
    await settled();
    await expect(run.emitter.fail('x')).resolves.toBeUndefined();
    expect(run.emitter.failures).toBeGreaterThan(0);
  });

  test('a broker that never answers does not hold up the stop', async () => {
    jest.useFakeTimers();
    try {
      const run = emitter({ transport: () => new Promise(() => undefined) });
      run.emitter.start();
      const stopped = run.emitter.abort();
      await jest.advanceTimersByTimeAsync(20_000);
      await expect(stopped).resolves.toBeUndefined();
      expect(run.emitter.failures).toBe(2);
    } finally {
      jest.useRealTimers();
    }
  });
});

describe('the validator finds what the core schema lets through', () => {
  async function valid(): Promise<RunEvent> {
    const run = emitter();
    run.emitter.start();
    await settled();
    return run.events[0] as RunEvent;
  }

  test.each<[string, (event: RunEvent) => unknown]>([
    ['no event type', (event) => ({ ...event, eventType: undefined })],
    ['no inputs', (event) => ({ ...event, inputs: undefined })],
    ['no parent', (event) => ({ ...event, run: { ...event.run, facets: {} } })],
    [
      'column lineage that is text',
      (event) => ({
        ...event,
        outputs: [
          {
            ...event.outputs[0],
            facets: {
              ...event.outputs[0]?.facets,
              columnLineage: { ...event.outputs[0]?.facets['columnLineage'], fields: 'GARBAGE' },
            },
          },
        ],
      }),
    ],
    ['lineage from a dataset that is no input', (event) => ({ ...event, inputs: [] })],
    ['a run id that is no UUID', (event) => ({ ...event, run: { ...event.run, runId: 'x' } })],
    [
      'an unknown facet',
      (event) => ({
        ...event,
        job: { ...event.job, facets: { ...event.job.facets, made_up: event.job.facets['jobType'] } },
      }),
    ],
  ])('%s', async (_name, break_) => {
    const event = await valid();
    expect(validator.mistakes(event)).toEqual([]);
    expect(validator.mistakes(JSON.parse(JSON.stringify(break_(event))))).not.toEqual([]);
  });

  test('events after the end of a run', async () => {
    const run = emitter();
    run.emitter.start();
    await settled();
    await run.emitter.abort();
    const lifecycle = new RunLifecycle();
    const [start, abort] = run.events as [RunEvent, RunEvent];
    expect([start, abort, start].flatMap((event) => lifecycle.mistakes(event))).not.toEqual([]);
    expect(new RunLifecycle().mistakes(abort)).not.toEqual([]);
  });
});
