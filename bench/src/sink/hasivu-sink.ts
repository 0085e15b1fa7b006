import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { createS3Store } from '@hasivu/object-store';
import { spawnService, stack, uniqueName } from '@hasivu/testing';
import { stringify } from 'yaml';

import { processUse } from '../process-cpu.ts';
import type { FilledTopic } from './filled-topic.ts';
import { reaches, totalOf } from './service-rows.ts';
import type { SinkSample } from './sink-sample.ts';

export interface HasivuSinkOptions {
  readonly silver: boolean;
  /** Where its CPU profile goes; null for none. */
  readonly profileDirectory: string | null;
  readonly signal: AbortSignal;
}

const ROWS = 'hasivu_sink_rows_total';

/** lake-sink over the topic, into a new place of the lake. */
export async function hasivuSink(filled: FilledTopic, options: HasivuSinkOptions): Promise<SinkSample> {
  const { s3 } = stack();
  const prefix = uniqueName('benchlake');
  const path = join(filled.directory, `${prefix}.yaml`);
  writeFileSync(path, configOf(filled, prefix, options.silver), { mode: 0o600 });
  const { profileDirectory, signal } = options;
  const nodeArgs = profileDirectory === null ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileDirectory}`];
  await using service = await spawnService('lake-sink', path, { nodeArgs });
  await service.waitReady();
  await reaches(service, ROWS, filled.warmUpRows, signal);
  const began = { ms: performance.now(), cpu: processUse(service.pid).cpuSeconds, rows: 0 };
  began.rows = totalOf(await service.metrics(), ROWS);
  await reaches(service, ROWS, filled.rows, signal);
  const ended = processUse(service.pid);
  const seconds = (performance.now() - began.ms) / 1000;
  await service.stop();
  const store = createS3Store(s3);
  let tableBytes = 0;
  for await (const object of store.list(`${prefix}/bronze/`))
    if (object.key.endsWith('.parquet') && !object.key.includes('_delta_log')) tableBytes += object.sizeBytes;
  return {
    rows: filled.rows - began.rows,
    seconds,
    cpuSeconds: ended.cpuSeconds - began.cpu,
    peakRssMiB: ended.peakRssMiB,
    tableBytes,
  };
}

function configOf(filled: FilledTopic, prefix: string, silver: boolean): string {
  const { kafka, registry, s3 } = stack();
  const { endpoint, bucket, region, accessKeyId, secretAccessKey } = s3;
  return stringify({
    version: 1,
    source: { postgres: { url: 'postgres://unused@127.0.0.1/unused', tables: ['public.orders'] } },
    kafka: { brokers: kafka.brokers, registry: registry.url, prefix: filled.prefix },
    lake: { endpoint, bucket, prefix, region, accessKeyId, secretAccessKey },
    tables: { 'public.orders': { silver } },
  });
}
