import { setTimeout as sleep } from 'node:timers/promises';
import { DeltaTable, vacuumTable, type LogStore } from '../src/index.ts';
import { createS3Store, type S3StoreOptions } from '../../object-store/src/index.ts';

/** What the process does to the table, and before which of its changes to the store it dies. */
export interface ChildInput {
  readonly store: S3StoreOptions;
  readonly root: string;
  readonly task: 'vacuum' | 'vacuum-lite' | 'clean-log';
  /** How far this process's clock is ahead: what was just written is old then. */
  readonly aheadMs: number;
  readonly diesBefore: number;
}

/** A store that kills its process, as a machine that stops would, before the n-th change. */
function mortal(store: LogStore, diesBefore: number): LogStore {
  let changes = 0;
  const change = async <T>(work: () => Promise<T>): Promise<T> => {
    changes += 1;
    if (changes >= diesBefore) {
      // Requests that were made before it get to the store; none that comes after it does.
      await sleep(100);
      process.kill(process.pid, 'SIGKILL');
    }
    return await work();
  };
  return {
    get: (key) => store.get(key),
    list: (prefix, startAfter) => store.list(prefix, startAfter),
    put: (key, body) => change(() => store.put(key, body)),
    putIfAbsent: (key, body) => change(() => store.putIfAbsent(key, body)),
    delete: (key) => change(() => store.delete(key)),
  };
}

const input = JSON.parse(process.env['MAINTENANCE'] ?? '') as ChildInput;
const store = mortal(createS3Store(input.store), input.diesBefore);
let names = 0;
const around = {
  store,
  nowMs: () => Date.now() + input.aheadMs,
  newId: () => `child-${process.pid}-${(names += 1)}`,
};
const table = await DeltaTable.open(input.root, around);
if (table === null) throw new Error('there is no table');
if (input.task === 'clean-log') await table.cleanLog();
else await vacuumTable(table, around, { mode: input.task === 'vacuum' ? 'full' : 'lite' });
process.exit(0);
