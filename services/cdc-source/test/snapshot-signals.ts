import { randomUUID } from 'node:crypto';

import { topicNames } from '@hasivu/change-events';
import { waitFor } from '@hasivu/testing';
import { expect } from '@jest/globals';

import { byPosition, printed, stateOf, type SeenEvent, type SourceUnderTest } from './source-under-test.ts';

export interface Outcome {
  readonly signal: string;
  readonly table: string | null;
  readonly result: string;
  readonly code?: string;
  readonly reason?: string;
  readonly rows: number;
}

export interface SeenRequests {
  readonly paused: boolean;
  readonly queue: readonly {
    readonly table: string;
    readonly run: { readonly rows: number; readonly chunks: number } | null;
  }[];
  readonly outcomes: readonly Outcome[];
}

/** What the newest committed progress record says of snapshots. */
export async function snapshotRequests(source: SourceUnderTest): Promise<SeenRequests> {
  const records = await source.records(topicNames(source.topics.prefix).progress);
  const last = records.filter(({ key }) => key?.toString() === source.slot).at(-1)?.value;
  const none: SeenRequests = { paused: false, queue: [], outcomes: [] };
  if (!last) return none;
  return (JSON.parse(last.toString()) as { incremental?: SeenRequests }).incremental ?? none;
}

/** Waits until the progress has `count` outcomes of a signal. */
export async function outcomesOf(
  source: SourceUnderTest,
  signal: string,
  count = 1,
): Promise<readonly Outcome[]> {
  let found: readonly Outcome[] = [];
  await waitFor(
    `${count} outcomes of the signal`,
    async () => {
      found = (await snapshotRequests(source)).outcomes.filter((one) => one.signal === signal);
      return found.length >= count;
    },
    { timeoutMs: 120_000 },
  );
  return found;
}

/** Sends a signal as a logical message outside of any transaction, so without a commit to wait for; returns its id. */
export async function signal(
  source: SourceUnderTest,
  type: string,
  data: object | null = null,
): Promise<string> {
  const id = randomUUID();
  await source.sql("SELECT pg_logical_emit_message(false, 'hasivu.signal', $1)", [
    JSON.stringify({ id, type, data }),
  ]);
  return id;
}

export async function snapshotOf(source: SourceUnderTest, table: string, filter?: string): Promise<string> {
  return await signal(source, 'execute-snapshot', {
    'data-collections': [table],
    ...(filter !== undefined && { 'additional-conditions': [{ 'data-collection': table, filter }] }),
  });
}

/** Rows as they are compared: a number of Postgres' client is one of the events. */
export async function assertSameState(source: SourceUnderTest, table: string): Promise<readonly SeenEvent[]> {
  const events = (await source.events(table)).sort(byPosition);
  const rows = await source.sql<{ id: number }>(`SELECT * FROM ${table}`);
  const state = stateOf(events);
  const differing = rows.filter((row) => printed(state.get(printed({ id: row.id }))) !== printed(row));
  expect({
    rows: state.size,
    differing: differing
      .slice(0, 3)
      .map((row) => [row.id, brief(row), brief(state.get(printed({ id: row.id })))]),
  }).toEqual({ rows: rows.length, differing: [] });
  return events;
}

function brief(row: unknown): string {
  return printed(row)
    .replaceAll(/"[^"]{60,}"/g, '"…"')
    .slice(0, 200);
}
