import { randomUUID } from 'node:crypto';

import { loadConfig, type CapturedDatabase, type HasivuConfig } from '@hasivu/config';
import { EXIT } from '@hasivu/errors';
import { KafkaCluster } from '@hasivu/kafka';
import type { CliContext } from '../cli-context.ts';
import { wrongUsage } from '../command-arguments.ts';
import { resolveNamedFile } from '../command-file.ts';
import { chosenDatabase } from '../snapshot/chosen-database.ts';
import { followProgress } from '../snapshot/progress-follower.ts';
import { sendSignal, type OutgoingSignal } from '../snapshot/send-signal.ts';
import { describeEnded, describePending, describeSnapshots } from '../snapshot/snapshot-lines.ts';
import { snapshotStateOf, type EndedSnapshot, type SnapshotState } from '../snapshot/snapshot-state.ts';

export interface SnapshotOptions {
  readonly file: string;
  readonly json: boolean;
  /** Name of the database, where the file has several. */
  readonly source?: string;
}

export interface SnapshotStartOptions extends SnapshotOptions {
  readonly where?: string;
  readonly wait: boolean;
}

/** A person waits: an outage is said soon, where a service would wait it out. */
const UNAVAILABLE_MS = 15_000;
const NOTHING: SnapshotState = { paused: false, pending: [], ended: [] };

/** Has tables read again beside the stream. With `wait`, exit code 1 when one of them was not. */
export async function startSnapshot(
  context: CliContext,
  tables: readonly string[],
  { where, wait, ...options }: SnapshotStartOptions,
): Promise<number> {
  if (where !== undefined && tables.length > 1)
    throw wrongUsage('--where is a condition on one table, and several are named');
  const { config, database } = sourceOf(context, options);
  const signal: OutgoingSignal = {
    id: randomUUID(),
    type: 'execute-snapshot',
    isConditional: where !== undefined,
    data: {
      type: 'incremental',
      'data-collections': tables,
      ...(where !== undefined && {
        'additional-conditions': tables.map((table) => ({ 'data-collection': table, filter: where })),
      }),
    },
  };
  if (!wait) {
    await sendSignal(database.postgres, signal);
    tell(
      context,
      options,
      { signal: signal.id, tables },
      `asked for ${tables.join(', ')} (signal ${signal.id})`,
    );
    return EXIT.ok;
  }
  return await withCluster(config, async (cluster) => {
    let sent = false;
    for await (const record of followProgress(cluster, database, context.stop)) {
      const state = record ? snapshotStateOf(record, Date.now()) : NOTHING;
      const own = state.ended.filter((one) => one.signal === signal.id);
      const left = state.pending.filter((one) => [one.signal, ...one.also].includes(signal.id));
      if (own.length > 0 && left.length === 0) return ended(context, options, own);
      const [first] = left;
      if (first?.progress && !options.json) context.err.write(`${describePending(first)}\n`);
      // Only now, so that nothing of what follows is missed.
      if (!sent) await sendSignal(database.postgres, signal);
      sent = true;
    }
    return context.stop.aborted ? EXIT.interrupted : EXIT.failed;
  });
}

/** Which snapshots are asked for, how far they are, and what became of the last ones. */
export async function showSnapshots(context: CliContext, options: SnapshotOptions): Promise<number> {
  const { config, database } = sourceOf(context, options);
  const state = await withCluster(config, async (cluster) => {
    for await (const record of followProgress(cluster, database, context.stop))
      return record ? snapshotStateOf(record, Date.now()) : NOTHING;
    return NOTHING;
  });
  if (options.json) context.out.write(`${JSON.stringify(state)}\n`);
  else for (const line of describeSnapshots(state, context.paint)) context.out.write(`${line}\n`);
  return EXIT.ok;
}

/** Ends the snapshots of these tables, or all. */
export async function stopSnapshot(
  context: CliContext,
  tables: readonly string[],
  options: SnapshotOptions,
): Promise<number> {
  const data = { type: 'incremental', ...(tables.length > 0 && { 'data-collections': tables }) };
  return await control(context, options, 'stop-snapshot', data);
}

export async function pauseSnapshot(context: CliContext, options: SnapshotOptions): Promise<number> {
  return await control(context, options, 'pause-snapshot', { type: 'incremental' });
}

export async function resumeSnapshot(context: CliContext, options: SnapshotOptions): Promise<number> {
  return await control(context, options, 'resume-snapshot', { type: 'incremental' });
}

async function control(
  context: CliContext,
  options: SnapshotOptions,
  type: OutgoingSignal['type'],
  data: object,
): Promise<number> {
  const { database } = sourceOf(context, options);
  const id = randomUUID();
  await sendSignal(database.postgres, { id, type, data, isConditional: false });
  tell(context, options, { signal: id }, `sent ${type} (signal ${id})`);
  return EXIT.ok;
}

function ended(context: CliContext, options: SnapshotOptions, own: readonly EndedSnapshot[]): number {
  if (options.json) context.out.write(`${JSON.stringify({ ended: own })}\n`);
  else for (const one of own) context.out.write(`${describeEnded(one, context.paint)}\n`);
  return own.every(({ result }) => result === 'done') ? EXIT.ok : EXIT.failed;
}

function tell(context: CliContext, { json }: SnapshotOptions, answer: object, text: string): void {
  context.out.write(json ? `${JSON.stringify(answer)}\n` : `${text}\n`);
}

function sourceOf(
  context: CliContext,
  { file, source }: SnapshotOptions,
): { readonly config: HasivuConfig; readonly database: CapturedDatabase } {
  const path = resolveNamedFile(context, file);
  const config = loadConfig(path, { ...context.env });
  return { config, database: chosenDatabase(config, path, source) };
}

async function withCluster<T>(
  { kafka }: HasivuConfig,
  work: (cluster: KafkaCluster) => Promise<T>,
): Promise<T> {
  const cluster = await KafkaCluster.connect(kafka, {
    clientId: 'hasivu-snapshot',
    unavailableTimeoutMs: UNAVAILABLE_MS,
  });
  try {
    return await work(cluster);
  } finally {
    cluster.close();
  }
}
