import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';

import { sparkJars } from '@hasivu/peers';

import { rangeOf, type Range } from '../cdc/statistics.ts';
import { hasivuUpsert } from './hasivu-upsert.ts';
import { buildSilverTable } from './silver-table.ts';
import { sparkUpsert } from './spark-upsert.ts';
import type { UpsertPeer, UpsertSample } from './upsert-sample.ts';
import { withUpsertTopic } from './upsert-topic.ts';

export interface UpsertOptions {
  /** Rows of the tables that are changed. */
  readonly tableRows: readonly number[];
  /** Changes before those that are measured. */
  readonly warmUp: number;
  readonly changes: number;
  /** Rows of one MERGE of Spark; lake-sink decides on its own. */
  readonly batch: number;
  readonly rounds: number;
  readonly peers: readonly UpsertPeer[];
  readonly profileDirectory: string | null;
  readonly signal: AbortSignal;
  readonly report: (line: string) => void;
}

export interface UpsertFigures {
  readonly tableRows: number;
  readonly peer: UpsertPeer;
  /** CPU-seconds per million changes. */
  readonly cpu: Range;
  /** CPU-seconds from the start of the process to the end of the warm-up. */
  readonly warmUpCpu: Range;
  readonly changesPerSecond: Range;
  readonly bytesPerChange: Range;
  readonly peakRssMiB: Range;
  /** CPU time of Spark over this peer's, round by round; null without Spark. */
  readonly cheaperThanSpark: Range | null;
}

export interface UpsertResults {
  readonly benchmark: 'upsert';
  readonly takenAt: string;
  readonly machine: { readonly cores: number; readonly processor: string; readonly node: string };
  readonly warmUp: number;
  readonly changes: number;
  readonly batch: number;
  readonly rounds: number;
  readonly figures: readonly UpsertFigures[];
}

type Round = ReadonlyMap<UpsertPeer, UpsertSample>;

/** Of Kafka, for the topic of changes. */
const PARTITIONS = 3;

/** Changes of keys all over tables of several sizes: our sink beside Spark's MERGE. */
export async function benchUpsert(options: UpsertOptions): Promise<UpsertResults> {
  const takenAt = new Date().toISOString();
  const jars = options.peers.includes('spark') ? await sparkJars(options.report) : '';
  const figures: UpsertFigures[] = [];
  for (const tableRows of options.tableRows) {
    const rounds = await takeRounds(options, tableRows, jars);
    figures.push(...options.peers.map((peer) => figuresOf(tableRows, peer, rounds)));
  }
  const { warmUp, changes, batch, rounds } = options;
  const machine = { cores: cpus().length, processor: cpus()[0]?.model ?? '', node: process.version };
  return { benchmark: 'upsert', takenAt, machine, warmUp, changes, batch, rounds, figures };
}

async function takeRounds(options: UpsertOptions, tableRows: number, jars: string): Promise<Round[]> {
  const { warmUp, changes, signal, report } = options;
  const tableFolder = mkdtempSync(join(tmpdir(), 'hasivu-bench-'));
  try {
    await buildSilverTable(tableFolder, tableRows, report);
    const topic = { tableRows, changes: warmUp + changes, partitions: PARTITIONS, signal, report };
    return await withUpsertTopic(topic, async (topicPrefix) => {
      const taken: Round[] = [];
      for (let round = 0; round < options.rounds; round++) {
        report(`round ${round + 1} of ${options.rounds}`);
        const order = round % 2 === 0 ? options.peers : options.peers.toReversed();
        const samples = new Map<UpsertPeer, UpsertSample>();
        for (const peer of order) {
          signal.throwIfAborted();
          const sample =
            peer === 'hasivu'
              ? await hasivuUpsert({ ...options, tableFolder, topicPrefix })
              : await sparkUpsert({ ...options, tableFolder, tableRows, jars });
          samples.set(peer, sample);
          report(
            `  ${peer}: ${perMillion(sample).toFixed(2)} CPU-s per million changes, ${Math.round(sample.bytesWritten / sample.changes)} bytes per change, ${Math.round(sample.peakRssMiB)} MiB, ${sample.warmUpCpuSeconds.toFixed(2)} CPU-s to begin with, ${Math.round(sample.changes / sample.seconds)} changes/s`,
          );
        }
        taken.push(samples);
      }
      return taken;
    });
  } finally {
    rmSync(tableFolder, { recursive: true, force: true });
  }
}

function figuresOf(tableRows: number, peer: UpsertPeer, rounds: readonly Round[]): UpsertFigures {
  const samples = rounds.flatMap((round) => round.get(peer) ?? []);
  const ratios = rounds.flatMap((round) => {
    const [spark, own] = [round.get('spark'), round.get(peer)];
    return spark && own && peer !== 'spark' ? [perMillion(spark) / perMillion(own)] : [];
  });
  const range = (figure: (sample: UpsertSample) => number, digits: number): Range =>
    rangeOf(samples.map(figure), digits);
  return {
    tableRows,
    peer,
    cpu: range(perMillion, 2),
    warmUpCpu: range((one) => one.warmUpCpuSeconds, 2),
    changesPerSecond: range((one) => one.changes / one.seconds, 0),
    bytesPerChange: range((one) => one.bytesWritten / one.changes, 0),
    peakRssMiB: range((one) => one.peakRssMiB, 0),
    cheaperThanSpark: ratios.length > 0 ? rangeOf(ratios) : null,
  };
}

function perMillion(sample: UpsertSample): number {
  return (sample.cpuSeconds / sample.changes) * 1e6;
}
