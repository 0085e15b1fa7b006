import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { toLsn } from '@hasivu/change-events';
import { checkProperty } from '@hasivu/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { CapturedTable } from '../core/captured-table.ts';
import { AFTER, ChangeRouter } from '../core/change-router.ts';
import { DdlTokens } from '../core/ddl-tokens.ts';
import * as pg from '../core/pgoutput-messages.test-data.ts';
import { ORIGIN, PositionLedger, type SealedProgress } from '../core/position-ledger.ts';
import { INTAKE, StreamIntake } from '../core/stream-intake.ts';
import { SpoolAttendant } from './spool-attendant.ts';
import { SpoolDisk } from './spool-disk.ts';

const OID = 7;
const columns = [{ name: 'v', typeOid: 25, key: true }];
const RELATION = pg.relation({ oid: OID, table: 't', columns });

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'spool-test-'));
});
afterAll(() => {
  rmSync(directory, { recursive: true });
});

/** A router with its intake, driven as the stream loop drives them; `out` is the key and value bytes of every record. */
class Bench {
  readonly out: string[] = [];
  readonly ledger: PositionLedger;
  readonly disk: SpoolDisk;
  readonly intake: StreamIntake;
  readonly #router: ChangeRouter;
  readonly #attendant: SpoolAttendant;

  constructor(
    maxMemoryBytes: number,
    durable: SealedProgress = { position: ORIGIN, confirmLsn: toLsn(0n) },
    folder = directory,
  ) {
    this.disk = new SpoolDisk(folder);
    this.ledger = new PositionLedger(durable);
    const sink = {
      append: (...[, , key, keyStart, keyEnd, value, start, end]: Parameters<ChangeSink['append']>): void => {
        this.out.push(
          `${key?.toString('hex', keyStart, keyEnd)} ${value?.toString('latin1', start, end) ?? 'tombstone'}`,
        );
      },
    };
    const router = new ChangeRouter({ ledger: this.ledger, sink, coverage: () => toLsn(0n) });
    this.#router = router;
    this.intake = new StreamIntake(this.ledger, () => router.nextReceipt(), maxMemoryBytes);
    this.#attendant = new SpoolAttendant({
      intake: this.intake,
      router,
      disk: this.disk,
      ddlTokens: new DdlTokens('secret', []),
      adopt: () => Promise.resolve(this.#adopt()),
      relieve: () => undefined,
      turn: () => Promise.resolve(true),
    });
  }

  async feed(...messages: readonly Buffer[]): Promise<void> {
    for (const message of messages) {
      const step = this.intake.take(message, 0, message.length, 0, 4711);
      if (step === INTAKE.attend) await this.#attendant.attend();
      if (step !== INTAKE.pass) continue;
      while (this.#router.handle(message, 0, message.length, 0, 4711) === AFTER.adoptRelation) this.#adopt();
    }
  }

  #adopt(): void {
    const pending = this.#router.pendingRelation;
    if (!pending) throw new Error('no relation is pending');
    const names = pending.columns.map((column) => column.name);
    this.#router.adopt(
      new CapturedTable({
        schema: {
          database: 'db',
          schema: 'public',
          table: 't',
          columns: names.map((name) => ({ name, type: { kind: 'string' }, pgType: 'text' })),
          key: names.slice(0, 1),
        },
        identity: 'default',
        topic: 't',
        partitions: 3,
        valueSchemaId: 1,
        keySchemaId: 2,
        version: '1',
        sourceName: 'p',
        binary: names.map(() => null),
      }),
    );
  }
}
type ChangeSink = ConstructorParameters<typeof ChangeRouter>[0]['sink'];

/** One step of a transaction: a row, a savepoint that is kept, or one that is rolled back. */
interface Step {
  readonly size: number;
  readonly fate: 'top' | 'released' | 'aborted';
}
interface Transaction {
  readonly steps: readonly Step[];
  readonly end: 'commit' | 'abort' | 'prepare and commit' | 'prepare and roll back';
  /** Rows to a stream block; 0 sends the transaction whole. */
  readonly block: number;
}

const transactions = fc.array(
  fc.record<Transaction>({
    steps: fc.array(
      fc.record<Step>({
        // The last is larger than a piece of a file.
        size: fc.oneof(
          { weight: 6, arbitrary: fc.nat(60) },
          { weight: 4, arbitrary: fc.nat(3000) },
          { weight: 1, arbitrary: fc.constant(300_000) },
        ),
        fate: fc.constantFrom('top', 'top', 'released', 'aborted'),
      }),
      { minLength: 1, maxLength: 8 },
    ),
    end: fc.constantFrom('commit', 'commit', 'abort', 'prepare and commit', 'prepare and roll back'),
    block: fc.constantFrom(0, 1, 2, 5),
  }),
  { minLength: 1, maxLength: 4 },
);

const lsnOf = (index: number): bigint => 100_000n + BigInt(index) * 100n;
const row = (index: number, step: number, size: number): Buffer =>
  pg.insert(OID, [`${index}-${step}-${'x'.repeat(size)}`]);

/** What the server sends without streaming and two-phase commit: the committed changes, at the commit. */
function whole(list: readonly Transaction[]): Buffer[] {
  return list.flatMap(({ steps, end }, index) => {
    if (end === 'abort' || end === 'prepare and roll back') return [];
    const kept = steps.flatMap((step, i) => (step.fate === 'aborted' ? [] : [row(index, i, step.size)]));
    const lsn = lsnOf(index);
    return [pg.begin(lsn, 0n, index + 1), RELATION, ...kept, pg.commit(lsn, lsn + 8n)];
  });
}

/** The same transactions as they come with both; they run side by side and end in order. */
function early(list: readonly Transaction[]): Buffer[] {
  const queues = list.map((transaction, index) => blocksOf(transaction, index));
  const messages: Buffer[] = [];
  for (let turn = 0; queues.some((queue) => turn < queue.length); turn++) {
    for (const queue of queues) messages.push(...(queue[turn] ?? []));
  }
  return [...messages, ...list.flatMap((transaction, index) => endOf(transaction, index))];
}

function blocksOf({ steps, end, block }: Transaction, index: number): Buffer[][] {
  if (block === 0 || (end === 'commit' && steps.every((step) => step.fate === 'aborted'))) return [];
  const xid = (index + 1) * 100;
  const blocks: Buffer[][] = [];
  let described = false;
  for (let at = 0; at < steps.length; at += block) {
    const messages: Buffer[] = [pg.streamStart(xid, at === 0)];
    const after: Buffer[] = [];
    for (const [i, step] of steps.slice(at, at + block).entries()) {
      const subxid = step.fate === 'top' ? xid : xid + 1 + at + i;
      if (!described) messages.push(pg.within(subxid, RELATION));
      described = true;
      messages.push(pg.within(subxid, row(index, at + i, step.size)));
      if (step.fate === 'aborted') after.push(pg.streamAbort(xid, subxid));
    }
    blocks.push([...messages, pg.streamStop(), ...after]);
    if (after.length > 0) described = false;
  }
  return blocks;
}

function endOf(transaction: Transaction, index: number): Buffer[] {
  const { steps, end } = transaction;
  const xid = (index + 1) * 100;
  const lsn = lsnOf(index);
  const streamed = blocksOf(transaction, index).length > 0;
  const kept = steps.flatMap((step, i) => (step.fate === 'aborted' ? [] : [row(index, i, step.size)]));
  if (end === 'abort') return streamed ? [pg.streamAbort(xid, xid)] : [];
  if (end === 'commit') {
    if (streamed) return [pg.streamCommit(xid, lsn, lsn + 8n)];
    return [pg.begin(lsn, 0n, xid), RELATION, ...kept, pg.commit(lsn, lsn + 8n)];
  }
  const prepare = streamed
    ? [pg.prepared('p', xid, lsn - 50n, lsn - 42n)]
    : [
        pg.beginPrepare(xid, lsn - 50n, lsn - 42n),
        RELATION,
        ...kept,
        pg.prepared('P', xid, lsn - 50n, lsn - 42n),
      ];
  return [
    ...prepare,
    end === 'prepare and commit'
      ? pg.prepared('K', xid, lsn, lsn + 8n)
      : pg.rollbackPrepared(xid, lsn - 42n, lsn + 8n),
  ];
}

/** The transaction id differs between the two forms of the test's messages only by its factor. */
const sameXids = (messages: Buffer[]): Buffer[] =>
  messages.map((message) => {
    if (message[0] !== 0x42) return message;
    const copy = Buffer.from(message);
    if (copy.readUInt32BE(17) < 100) copy.writeUInt32BE(copy.readUInt32BE(17) * 100, 17);
    return copy;
  });

describe('transactions sent early', () => {
  test('give the records and the position of those sent at their commit, however they are cut, mixed and spilled', async () => {
    await checkProperty(
      fc.asyncProperty(transactions, fc.constantFrom(0, 5000, 1 << 24), async (list, memory) => {
        const expected = new Bench(1 << 24);
        await expected.feed(...sameXids(whole(list)));
        const found = new Bench(memory);
        await found.feed(...early(list));
        expect(found.out).toEqual(expected.out);
        expect(found.ledger.seal()).toMatchObject(expected.ledger.seal());
        expect(found.intake.spooledBytes).toBe(0);
        await found.disk.close();
      }),
    );
  });

  test('leave no file behind, not even while they are open', async () => {
    const bench = new Bench(0);
    await bench.feed(pg.streamStart(5, true), pg.within(5, RELATION), pg.within(5, row(0, 0, 100)));
    expect(bench.intake.spooledBytes).toBeGreaterThan(100);
    expect(readdirSync(directory)).toEqual([]);
    await bench.disk.close();
  });
});

test('a folder that cannot be written is an error with its place and its cure', async () => {
  const file = join(directory, 'not-a-folder');
  writeFileSync(file, '');
  try {
    const bench = new Bench(0, undefined, file);
    const messages = [pg.streamStart(5, true), pg.within(5, RELATION)];
    await expect(bench.feed(...messages)).rejects.toThrow(/SOURCE_SPOOL.*not-a-folder.*spoolDirectory/);
  } finally {
    rmSync(file);
  }
});

describe('a prepared transaction', () => {
  const PREPARED = [
    pg.beginPrepare(5, 1000n, 1010n),
    RELATION,
    pg.insert(OID, ['a']),
    pg.prepared('P', 5, 1000n, 1010n),
  ];
  const OTHER = [pg.begin(2000n, 0n, 6), pg.insert(OID, ['b']), pg.commit(2000n, 2010n)];
  const COMMIT = pg.prepared('K', 5, 3000n, 3010n);
  let bench: Bench;
  beforeEach(() => {
    bench = new Bench(1 << 20);
  });

  test('holds back what is confirmed until its fate is dealt with, and nothing else', async () => {
    await bench.feed(...PREPARED, ...OTHER);
    expect(bench.out.length).toBe(1);
    expect(bench.ledger.heldBack).toBe(true);
    expect(bench.ledger.seal()).toMatchObject({ position: { commitLsn: 2000n, seq: 0 }, confirmLsn: 1000n });
    await bench.feed(COMMIT);
    expect(bench.out.length).toBe(2);
    expect(bench.ledger.seal()).toMatchObject({ position: { commitLsn: 3000n, seq: 0 }, confirmLsn: 3010n });
  });

  test('that is rolled back leaves nothing', async () => {
    await bench.feed(...PREPARED, ...OTHER, pg.rollbackPrepared(5, 1010n, 3010n));
    expect(bench.ledger.seal()).toMatchObject({ position: { commitLsn: 2000n, seq: 0 }, confirmLsn: 2010n });
  });

  test('that Kafka has may be committed again without its changes; one that Kafka lacks may not', async () => {
    bench = new Bench(1 << 20, {
      position: { commitLsn: toLsn(3000n), seq: 0 },
      confirmLsn: toLsn(1500n),
    });
    await bench.feed(COMMIT);
    expect(bench.out).toEqual([]);
    await expect(bench.feed(pg.prepared('K', 5, 4000n, 4010n))).rejects.toThrow(/SOURCE_PROTOCOL/);
  });
});

test('a description that arrived later outlives one that was replayed later', async () => {
  const wider = pg.relation({
    oid: OID,
    table: 't',
    columns: [...columns, { name: 'w', typeOid: 25 }],
  });
  const bench = new Bench(1 << 20);
  await bench.feed(
    pg.streamStart(5, true),
    pg.within(5, RELATION),
    pg.within(5, pg.insert(OID, ['a'])),
    pg.streamStop(),
    pg.begin(1000n, 0n, 6),
    wider,
    pg.insert(OID, ['b', 'w']),
    pg.commit(1000n, 1010n),
    pg.streamCommit(5, 2000n, 2010n),
    pg.begin(3000n, 0n, 7),
    pg.insert(OID, ['c', 'w']),
    pg.commit(3000n, 3010n),
  );
  expect(bench.out.length).toBe(3);
});
