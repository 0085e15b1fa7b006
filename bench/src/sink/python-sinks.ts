import { join } from 'node:path';

import { python, stack, uniqueName } from '@hasivu/testing';

import type { FilledTopic } from './filled-topic.ts';
import type { SinkSample } from './sink-sample.ts';

/** Rows of a micro-batch; what a user of Spark would set so that a batch fits into memory. */
const BATCH_ROWS = 200_000;

/** Spark Structured Streaming, Kafka → Delta on local disk. */
export async function sparkSink(filled: FilledTopic, jars: string): Promise<SinkSample> {
  return await run(filled, 'spark_sink.py', 'requirements-interop.txt', { jars });
}

/** A consumer in Python with `deltalake`, onto local disk. */
export async function deltalakeSink(filled: FilledTopic): Promise<SinkSample> {
  return await run(filled, 'deltalake_sink.py', 'requirements-bench.txt', { group: uniqueName('bench') });
}

async function run(
  filled: FilledTopic,
  script: string,
  requirements: 'requirements-interop.txt' | 'requirements-bench.txt',
  more: Readonly<Record<string, string>>,
): Promise<SinkSample> {
  const request = {
    brokers: stack().kafka.brokers.join(','),
    topic: filled.topic,
    schema: await valueSchema(filled.topic),
    warmUpRows: filled.warmUpRows,
    totalRows: filled.rows,
    batchRows: BATCH_ROWS,
    out: join(filled.directory, uniqueName(script.split('_')[0] ?? 'table')),
    ...more,
  };
  const printed = await python(join(import.meta.dirname, script), [], {
    requirements,
    stdin: JSON.stringify(request),
  });
  return JSON.parse(printed.trim().split('\n').at(-1) ?? '') as SinkSample;
}

async function valueSchema(topic: string): Promise<string> {
  const answer = await fetch(`${stack().registry.url}/subjects/${topic}-value/versions/latest`);
  if (!answer.ok) throw new Error(`the registry has no schema of ${topic}: ${answer.status}`);
  return ((await answer.json()) as { schema: string }).schema;
}
