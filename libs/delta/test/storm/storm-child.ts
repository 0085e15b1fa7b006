// One process of the storm, with writers, the compactor, or vacuum in it; each has a view of the table of its own.
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { S3StoreOptions } from '../../../object-store/src/index.ts';
import { SeededRandom } from '../../../testing/src/seeded-random.ts';
import { vacuumTable } from '../../src/index.ts';
import { compactOnce } from './compactor.ts';
import { Ledger } from './ledger.ts';
import { around, LiveTable } from './live-table.ts';
import { StormWriter, type WriterRole } from './storm-writer.ts';

export interface StormMember {
  readonly role: WriterRole | 'compact' | 'vacuum';
  /** Names the rows and, with them, the application; twins have one together. */
  readonly writer: number;
  readonly seed: number;
  /** Of its ledger. */
  readonly path: string;
  /** Between two operations, at most. */
  readonly pauseMs: number;
}

export interface StormChildInput {
  readonly store: S3StoreOptions;
  readonly members: readonly StormMember[];
  /** How long vacuum keeps what was removed. */
  readonly retentionMs: number;
}

let stopping = false;
process.once('SIGTERM', () => (stopping = true));
const { store, members, retentionMs } = JSON.parse(process.env['STORM'] ?? '') as StormChildInput;
const loops = await Promise.all(members.map(opened));
process.send?.('ready');
await once(process, 'message');
await Promise.all(loops.map((loop) => loop()));
process.exit(0);

async function opened(member: StormMember): Promise<() => Promise<void>> {
  const random = new SeededRandom(member.seed);
  const step = stepOf(member, await LiveTable.open(store), random);
  return async () => {
    while (!stopping) {
      await step();
      await sleep(random.between(0, member.pauseMs));
    }
  };
}

function stepOf({ role, writer, path }: StormMember, live: LiveTable, random: SeededRandom) {
  const ledger = new Ledger(path);
  if (role === 'compact') return () => compactOnce(live, ledger, random);
  if (role === 'vacuum') {
    const options = { retentionMs, unsafeRetention: true };
    return async () => void (await vacuumTable(live.table, around(live.store), options));
  }
  const storm = new StormWriter({ live, ledger, random, role, writer, path });
  return () => storm.step();
}
