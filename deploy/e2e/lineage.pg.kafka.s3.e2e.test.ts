import { stack } from '@hasivu/testing';
import { readTopic } from './read-topic.ts';
import { expect, test } from '@jest/globals';

import { PipelineUnderTest } from './pipeline-under-test.ts';

interface RunEvent {
  readonly eventType: string;
  readonly job: { readonly name: string };
  readonly inputs: readonly { readonly namespace: string; readonly name: string }[];
  readonly outputs: readonly { readonly namespace: string; readonly name: string }[];
}

test('lineage joins table, topic and Delta table under the same names', async () => {
  await using pipeline = await PipelineUnderTest.create({ name: 'lineage', tables: ['public.things'] });
  pipeline.reconfigure({ lineage: { intervalMs: 500 } });
  await pipeline.query('create table things (id int primary key, name text)');
  await pipeline.query(`insert into things values (1, 'a')`);
  await pipeline.startAll();
  await pipeline.silverEventuallyEquals('public.things', ['id']);
  const topic = `${pipeline.lakePrefix}.lineage`;
  await pipeline.eventually(async () => {
    const events = (await readTopic(stack().kafka.brokers, topic)).map(
      (value) => JSON.parse(value.toString()) as RunEvent,
    );
    const outputs = new Set(
      events.flatMap((event) => event.outputs.map((dataset) => `${dataset.namespace} ${dataset.name}`)),
    );
    const inputs = events.flatMap((event) =>
      event.inputs.map((dataset) => `${dataset.namespace} ${dataset.name}`),
    );
    const types = new Set(events.map((event) => event.eventType));
    if (!types.has('START') || !types.has('RUNNING')) return `event types so far: ${[...types].join(', ')}`;
    if (!inputs.some((name) => name.startsWith('postgres://') && name.endsWith('.public.things')))
      return 'no table as input';
    if (![...outputs].some((name) => name.startsWith('s3://') && name.endsWith('/silver/public/things')))
      return `no Delta table as output: ${[...outputs].join(', ')}`;
    const joined = inputs.filter((name) => outputs.has(name));
    return joined.some((name) => name.includes('public.things'))
      ? null
      : 'the topic that cdc-source writes is not the topic that lake-sink reads';
  });
  expect(pipeline.services).toContain('lake-sink');
}, 300_000);
