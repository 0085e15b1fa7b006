import { assertNoGaps } from '@hasivu/testing';
import type { ObjectStore } from '../../../object-store/src/index.ts';
import { parseCommit, vectorLocation, type Action, type AddFile, type TableState } from '../../src/index.ts';
import { readLedger, rowsAfter, type LedgerLine } from './ledger.ts';
import { ROOT } from './live-table.ts';
import type { WriterLedger } from './run-storm.ts';
import { appIdOf } from './storm-writer.ts';

const READ_AT_ONCE = 32;
const COMMIT_FILE = /\/(\d{20})\.json$/;

/** Commits of the log, read without the library's own way of finding them, in order. @throws when one is missing */
export async function readWholeLog(store: ObjectStore): Promise<Action[][]> {
  const keys: string[] = [];
  for await (const { key } of store.list(`${ROOT}/_delta_log/`)) if (COMMIT_FILE.test(key)) keys.push(key);
  assertNoGaps(
    keys.map((key) => Number(COMMIT_FILE.exec(key)?.[1])),
    { from: 0, to: keys.length - 1 },
  );
  const commits: Action[][] = [];
  for (let from = 0; from < keys.length; from += READ_AT_ONCE) {
    const bodies = await Promise.all(keys.slice(from, from + READ_AT_ONCE).map((key) => store.get(key)));
    for (const body of bodies) commits.push(parseCommit(body as Uint8Array));
  }
  return commits;
}

/** `writer/n/revision` of every row there must be, once each, sorted. */
export function expectedRows(writers: readonly WriterLedger[], commits: readonly Action[][]): string[] {
  const seqs = lastSeqs(commits);
  const rows: string[] = [];
  for (const { role, writer, path } of writers) {
    const last = seqs.get(appIdOf(writer)) ?? 0;
    if (role === 'twin') continue;
    for (const [n, revision] of rowsAfter(readLedger(path), last)) rows.push(`${writer}/${n}/${revision}`);
  }
  const twin = writers.find(({ role }) => role === 'twin') as WriterLedger;
  for (let n = 1; n <= (seqs.get(appIdOf(twin.writer)) ?? 0); n += 1) rows.push(`${twin.writer}/${n}/0`);
  return rows.sort();
}

function lastSeqs(commits: readonly Action[][]): Map<string, number> {
  const seqs = new Map<string, number>();
  for (const action of commits.flat()) if ('txn' in action) seqs.set(action.txn.appId, action.txn.version);
  return seqs;
}

/**
 * What does not hold of the promise: each application's counts are in the log once, in order and without a hole; what
 * a writer was told is in the very commit it was told; nothing that was begun and not told went further than that.
 */
export function brokenPromises(writers: readonly WriterLedger[], commits: readonly Action[][]): string[] {
  const broken: string[] = [];
  const versions = new Map<string, number[]>();
  commits.forEach((actions, version) => {
    for (const action of actions) {
      if (!('txn' in action)) continue;
      const { appId, version: seq } = action.txn;
      const known = versions.get(appId) ?? [];
      if (seq !== known.length + 1)
        broken.push(`${appId}: ${seq} after ${known.length} at version ${version}`);
      versions.set(appId, [...known, version]);
    }
  });
  const toldBy = new Map<string, string>();
  for (const { role, writer, path } of writers) {
    const lines = readLedger(path);
    const inLog = versions.get(appIdOf(writer)) ?? [];
    for (const line of lines) {
      if (!('told' in line)) continue;
      const version = inLog[line.told - 1];
      if (version === undefined || (line.version !== null && line.version !== version))
        broken.push(
          `writer ${writer} was told ${line.told} at ${line.version}, the log has it at ${version}`,
        );
      if (line.version === null) continue;
      const place = `${writer}/${line.told}`;
      if (toldBy.has(place) && toldBy.get(place) !== path) broken.push(`${place} was told to two processes`);
      toldBy.set(place, path);
    }
    const begun = lines.reduce(
      (most, line) => ('intent' in line ? Math.max(most, line.intent.seq) : most),
      0,
    );
    if (role !== 'twin' && inLog.length > begun)
      broken.push(`writer ${writer} has more commits than it began`);
  }
  return broken;
}

/** How often each rule made a commit look again, of the writers and of the compactor. */
export function conflictCounts(paths: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const line of paths.flatMap((path) => readLedger(path)))
    if ('conflict' in line) counts[line.conflict] = (counts[line.conflict] ?? 0) + 1;
  return counts;
}

export function sumOf(paths: readonly string[], count: (line: LedgerLine) => number): number {
  return paths.flatMap((path) => readLedger(path)).reduce((sum, line) => sum + count(line), 0);
}

/** Keys under the table's folder that its newest version is made of, the log left out, sorted. */
export function neededKeys(state: TableState): string[] {
  return [...new Set([...state.files.values()].flatMap(keysOfFile))].sort();
}

/** The same of all versions there ever were. */
export function namedKeys(commits: readonly Action[][]): Set<string> {
  return new Set(commits.flat().flatMap((action) => ('add' in action ? keysOfFile(action.add) : [])));
}

function keysOfFile({ path, deletionVector }: AddFile): string[] {
  const place = deletionVector === undefined ? { in: 'log' as const } : vectorLocation(deletionVector);
  return place.in === 'table' ? [path, place.key] : [path];
}

/** Keys under the table's folder that are there, the log left out, sorted. */
export async function storedKeys(store: ObjectStore): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(`${ROOT}/`))
    if (!key.startsWith(`${ROOT}/_delta_log/`)) keys.push(key.slice(ROOT.length + 1));
  return keys.sort();
}
