import { capturedBy } from '@hasivu/config';

import { REQUEST_BOUNDS, type RequestBounds } from './request-bounds.ts';
import { parseSignal, SignalMistake, type RequestedTable } from './signal.ts';
import {
  stopTables,
  withOutcome,
  withRequests,
  type SnapshotRequest,
  type SnapshotRequests,
} from './snapshot-requests.ts';

/** A captured table, as far as a signal can name it. */
export interface SnapshotTable {
  /** `schema.table`. */
  readonly name: string;
  /** Why it cannot be read beside the stream, or null. */
  readonly refusal: string | null;
}

/** What a signal comes to. */
export interface FollowedSignal {
  readonly requests: SnapshotRequests;
  /** Each thing that was not done, and why; empty where all was. */
  readonly refused: readonly string[];
  /** A `log` signal's message. */
  readonly log?: string;
}

/** What a signal says, and whether whoever can send it may have SQL run with the rights of this service's role. */
export interface ReceivedSignal {
  readonly id: string;
  readonly type: string;
  /** JSON, or what a message had in its place. */
  readonly data: unknown;
  readonly mayHaveCondition: boolean;
}

/** Does what a signal asks for, as far as that is possible; what is not possible is an outcome of its own. */
export function followSignal(
  requests: SnapshotRequests,
  signal: ReceivedSignal,
  tables: readonly SnapshotTable[],
  nowMs: number,
  bounds: RequestBounds = REQUEST_BOUNDS,
): FollowedSignal {
  try {
    const asked = parseSignal(signal.type, signal.data);
    switch (asked.type) {
      case 'execute-snapshot':
        if (!signal.mayHaveCondition && asked.tables.some(({ filter }) => filter !== null))
          throw new SignalMistake(
            'a condition is SQL, and every role can write a message: send it through the signal table (signalTable), or set signalMessages to all',
          );
        return execute(requests, signal.id, asked.tables, tables, nowMs, bounds);
      case 'stop-snapshot': {
        const { tables: patterns } = asked;
        const named = patterns === null ? null : (table: string) => capturedBy(patterns, table);
        return { requests: stopTables(requests, named, nowMs), refused: [] };
      }
      case 'pause-snapshot':
        return { requests: { ...requests, paused: true }, refused: [] };
      case 'resume-snapshot':
        return { requests: { ...requests, paused: false }, refused: [] };
      case 'log':
        return { requests, refused: [], log: asked.message };
    }
  } catch (error) {
    return refuseSignal(requests, signal.id, error, nowMs);
  }
}

/** Makes an outcome of whatever went wrong: a signal that ended the process would do so again at every replay. */
export function refuseSignal(
  requests: SnapshotRequests,
  signal: string,
  error: unknown,
  nowMs: number,
): FollowedSignal {
  const reason = error instanceof SignalMistake ? error.message : 'it cannot be read';
  return refusing(requests, signal, [[null, reason]], nowMs);
}

function execute(
  requests: SnapshotRequests,
  signal: string,
  asked: readonly RequestedTable[],
  tables: readonly SnapshotTable[],
  nowMs: number,
  bounds: RequestBounds,
): FollowedSignal {
  const refused: [string | null, string][] = [];
  const added = new Map<string, SnapshotRequest>();
  for (const { pattern, filter } of asked) {
    const named = tables.filter(({ name }) => capturedBy([pattern], name));
    if (named.length === 0) refused.push([pattern.slice(0, 130), 'no captured table has this name']);
    for (const { name, refusal } of named) {
      if (refusal === null)
        added.set(name, { signal, table: name, filter, owed: [], again: false, run: null });
      // A pattern takes the tables that can be read; only one that was named on its own is missed.
      else if (!pattern.includes('*')) refused.push([name, refusal]);
    }
  }
  const { requests: next, left } = withRequests(requests, [...added.values()], bounds);
  const [first] = left;
  if (first)
    refused.push([
      first.table,
      `${left.length === 1 ? 'it is' : `it and ${left.length - 1} others are`} one too many: others wait`,
    ]);
  return refusing(next, signal, refused, nowMs);
}

function refusing(
  requests: SnapshotRequests,
  signal: string,
  refused: readonly (readonly [string | null, string])[],
  nowMs: number,
): FollowedSignal {
  let next = requests;
  for (const [table, reason] of refused)
    next = withOutcome(next, {
      signal,
      table,
      result: 'refused',
      code: 'SOURCE_SIGNAL_INVALID',
      reason,
      rows: 0,
      atMs: nowMs,
    });
  return {
    requests: next,
    refused: refused.map(([table, reason]) => (table === null ? reason : `${table}: ${reason}`)),
  };
}
