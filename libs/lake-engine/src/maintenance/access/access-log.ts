import type { LogObject } from '@hasivu/delta';
import { parseAccessLogLine, type AccessLogRule } from './access-log-line.ts';
import { listingStart } from './log-dates.ts';
import type { AccessMemory } from './access-memory.ts';

/** What reading a log needs of the store that it is in: @hasivu/object-store has it. */
export interface AccessLogStore {
  get(key: string, range?: { readonly start: number; readonly end: number }): Promise<Uint8Array | null>;
  list(prefix: string, startAfter?: string): AsyncIterable<LogObject>;
}

export interface AccessLogPlace {
  readonly store: AccessLogStore;
  readonly prefix: string;
}

/** What a look at the log has met. */
export interface AccessLogCounts {
  objects: number;
  bytes: number;
  /** Requests that are reads of the lake's data files. */
  reads: number;
  /** Reads by services of ours that no query asked for, and by those whom the configuration leaves out. */
  ignored: number;
  /** Any other requests. */
  other: number;
  malformed: number;
}

export interface AccessLogOptions {
  readonly rule: AccessLogRule;
  /** What was written before it is not read, milliseconds since 1970. */
  readonly sinceMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Called after each object. */
  readonly onObject?: (() => void) | undefined;
}

/** What of an object is in memory at a time. */
const PART_BYTES = 1 << 20;
/** A longer line is malformed: Amazon's have a few hundred bytes, and a key 1,024 at most. */
const MOST_LINE_BYTES = 32 << 10;
/** Objects of before this much ago are looked at again: clocks differ, and an object's time is that of its upload's begin. */
const OVERLAP_MS = 3_600_000;
const NEWLINE = 0x0a;

/**
 * Reads what is new in the log into the memory's times, an object at a time and a part of it at a time. Reading an object
 * twice changes nothing.
 * @returns how far it came and what it met; stopped by the signal, as far as it was before
 * @throws STORE_*
 */
export async function followAccessLog(
  { store, prefix }: AccessLogPlace,
  memory: AccessMemory,
  options: AccessLogOptions,
): Promise<{ readonly memory: AccessMemory; readonly counts: AccessLogCounts; readonly stopped: boolean }> {
  const counts = { objects: 0, bytes: 0, reads: 0, ignored: 0, other: 0, malformed: 0 };
  const fromMs = Math.max(options.sinceMs, (memory.readToMs ?? 0) - OVERLAP_MS);
  const start = await firstKey(store, prefix, fromMs);
  let readToMs = memory.readToMs;
  for await (const object of store.list(prefix, start)) {
    if (options.signal?.aborted === true) return { memory, counts, stopped: true };
    if (object.modifiedMs < fromMs) continue;
    for await (const line of linesOf(store, object)) {
      if (line === '') continue;
      const meant = line === null ? null : parseAccessLogLine(line, options.rule);
      if (meant === null || meant.kind === 'malformed') counts.malformed += 1;
      else if (meant.kind === 'read') {
        counts.reads += 1;
        // A line is written before its object: one of later would keep its file hot until then.
        memory.times.note(meant.key, Math.min(meant.atMs, object.modifiedMs));
      } else counts[meant.kind] += 1;
    }
    counts.objects += 1;
    counts.bytes += object.sizeBytes;
    readToMs = Math.max(readToMs ?? 0, object.modifiedMs);
    options.onObject?.();
  }
  return { memory: { ...memory, readToMs }, counts, stopped: false };
}

async function firstKey(store: AccessLogStore, prefix: string, fromMs: number): Promise<string | undefined> {
  for await (const { key } of store.list(prefix)) return listingStart(prefix, key, fromMs);
  return undefined;
}

/** Lines of an object; null for one that is too long. */
async function* linesOf(store: AccessLogStore, { key, sizeBytes }: LogObject): AsyncGenerator<string | null> {
  let rest: Uint8Array = new Uint8Array(0);
  let isTooLong = false;
  for (let start = 0; start < sizeBytes; start += PART_BYTES) {
    // Gone meanwhile: somebody's own rule deletes old logs.
    const part = await store.get(key, { start, end: Math.min(sizeBytes, start + PART_BYTES) });
    if (part === null) return;
    const bytes = rest.length === 0 ? Buffer.from(part) : Buffer.concat([rest, part]);
    let from = 0;
    for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, from)) {
      yield isTooLong || at - from > MOST_LINE_BYTES ? null : bytes.toString('utf8', from, at);
      isTooLong = false;
      from = at + 1;
    }
    rest = bytes.subarray(from);
    if (rest.length <= MOST_LINE_BYTES) continue;
    isTooLong = true;
    rest = new Uint8Array(0);
  }
  if (isTooLong) yield null;
  else if (rest.length > 0) yield Buffer.from(rest).toString('utf8');
}
