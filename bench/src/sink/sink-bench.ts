import { cpus } from 'node:os';

import { sparkJars } from '@hasivu/peers';

import { rangeOf, type Range } from '../cdc/statistics.ts';
import { measureFreshness, type FreshnessFigures } from './freshness.ts';
import { withFilledTopic, type FilledTopic } from './filled-topic.ts';
import { hasivuSink } from './hasivu-sink.ts';
import { measureManyTables, type ManyTablesFigures } from './many-tables.ts';
import { deltalakeSink, sparkSink } from './python-sinks.ts';
import { measureSinkWorkers, type SinkWorkersFigures } from './sink-workers.ts';
import type { SinkPeer, SinkSample } from './sink-sample.ts';

export interface SinkOptions {
  readonly rows: number;
  readonly warmUp: number;
  readonly rounds: number;
  readonly peers: readonly SinkPeer[];
  /** Tables of the part with many; 0 leaves it out. */
  readonly tables: number;
  /** Of Kafka, for each of the many tables. */
  readonly partitionsPerTable: number;
  /** How many sinks divide the tables, one measurement each; none leaves the part out. */
  readonly workers: readonly number[];
  /** Seconds of the freshness part; 0 leaves it out. */
  readonly freshnessSeconds: number;
  readonly profileDirectory: string | null;
  readonly signal: AbortSignal;
  readonly report: (line: string) => void;
}

export interface SinkFigures {
  readonly peer: SinkPeer;
  /** CPU-seconds per million rows. */
  readonly cpu: Range;
  readonly rowsPerSecond: Range;
  readonly peakRssMiB: Range;
  readonly tableMegabytes: Range;
  /** CPU time of Spark over this peer's, round by round; null without Spark. */
  readonly cheaperThanSpark: Range | null;
}

export interface SinkResults {
  readonly benchmark: 'sink';
  readonly takenAt: string;
  readonly machine: { readonly cores: number; readonly processor: string; readonly node: string };
  readonly rows: number;
  readonly rounds: number;
  readonly peers: readonly SinkFigures[];
  readonly manyTables: readonly ManyTablesFigures[];
  readonly workers: readonly SinkWorkersFigures[];
  readonly freshness: FreshnessFigures | null;
}

type Round = ReadonlyMap<SinkPeer, SinkSample>;

const PARTITIONS = 3;
const FRESHNESS_RATE = 2_000;

/** Kafka → Delta table: our sink beside Spark and beside a consumer in Python, on the same topic. */
export async function benchSink(options: SinkOptions): Promise<SinkResults> {
  const { peers, report } = options;
  const takenAt = new Date().toISOString();
  const jars = peers.includes('spark') ? await sparkJars(report) : '';
  const rounds = peers.length === 0 ? [] : await takeRounds(options, jars);
  const manyTables = options.tables === 0 ? [] : await measureManyTables(options);
  const workers = options.workers.length === 0 ? [] : await measureSinkWorkers(options);
  const seconds = options.freshnessSeconds;
  const freshness =
    seconds === 0 ? null : await measureFreshness({ ...options, seconds, rowsPerSecond: FRESHNESS_RATE });
  return {
    benchmark: 'sink',
    takenAt,
    machine: { cores: cpus().length, processor: cpus()[0]?.model ?? '', node: process.version },
    rows: options.rows,
    rounds: options.rounds,
    peers: peers.map((peer) => figuresOf(peer, rounds)),
    manyTables,
    workers,
    freshness,
  };
}

async function takeRounds(options: SinkOptions, jars: string): Promise<Round[]> {
  return await withFilledTopic({ ...options, partitions: PARTITIONS }, async (filled) => {
    const taken: Round[] = [];
    for (let round = 0; round < options.rounds; round++) {
      options.report(`round ${round + 1} of ${options.rounds}`);
      taken.push(await takeRound(filled, options, jars, round));
    }
    return taken;
  });
}

async function takeRound(
  filled: FilledTopic,
  options: SinkOptions,
  jars: string,
  round: number,
): Promise<Round> {
  const { peers, signal, report } = options;
  const first = round % peers.length;
  const samples = new Map<SinkPeer, SinkSample>();
  for (const peer of [...peers.slice(first), ...peers.slice(0, first)]) {
    signal.throwIfAborted();
    const sample = await takePeer(peer, filled, options, jars);
    samples.set(peer, sample);
    report(
      `  ${peer}: ${perMillion(sample).toFixed(2)} CPU-s per million rows, ${Math.round(sample.rows / sample.seconds)} rows/s, ${Math.round(sample.peakRssMiB)} MiB`,
    );
  }
  return samples;
}

async function takePeer(
  peer: SinkPeer,
  filled: FilledTopic,
  { profileDirectory, signal }: SinkOptions,
  jars: string,
): Promise<SinkSample> {
  switch (peer) {
    case 'hasivu':
      return await hasivuSink(filled, { silver: false, profileDirectory, signal });
    case 'hasivu-silver':
      return await hasivuSink(filled, { silver: true, profileDirectory, signal });
    case 'spark':
      return await sparkSink(filled, jars);
    case 'deltalake':
      return await deltalakeSink(filled);
  }
}

function figuresOf(peer: SinkPeer, rounds: readonly Round[]): SinkFigures {
  const samples = rounds.flatMap((round) => round.get(peer) ?? []);
  const ratios = rounds.flatMap((round) => {
    const [spark, own] = [round.get('spark'), round.get(peer)];
    return spark && own && peer !== 'spark' ? [perMillion(spark) / perMillion(own)] : [];
  });
  return {
    peer,
    cpu: rangeOf(samples.map(perMillion)),
    rowsPerSecond: rangeOf(
      samples.map((one) => one.rows / one.seconds),
      0,
    ),
    peakRssMiB: rangeOf(
      samples.map((one) => one.peakRssMiB),
      0,
    ),
    tableMegabytes: rangeOf(
      samples.map((one) => one.tableBytes / 1e6),
      1,
    ),
    cheaperThanSpark: ratios.length > 0 ? rangeOf(ratios) : null,
  };
}

function perMillion(sample: SinkSample): number {
  return (sample.cpuSeconds / sample.rows) * 1e6;
}
