import { toLsn } from '@hasivu/change-events';
import { expect, test } from '@jest/globals';

import * as pg from './pgoutput-messages.test-data.ts';
import { ORIGIN, PositionLedger } from './position-ledger.ts';
import { INTAKE, StreamIntake } from './stream-intake.ts';
import type { TransactionSpool } from './transaction-spool.ts';

const MAX_BYTES = 1 << 20;
const ROW = pg.insert(7, ['x'.repeat(100_000)]);

function intakeOf(): StreamIntake {
  const ledger = new PositionLedger({ position: ORIGIN, confirmLsn: toLsn(0n) });
  return new StreamIntake(ledger, () => 0, MAX_BYTES);
}

/** Feeds rows of transaction `xid` until one has to be spilled. */
function spillOf(intake: StreamIntake, xid: number): TransactionSpool {
  const take = (message: Buffer): number => intake.take(message, 0, message.length, 0, 1);
  take(pg.streamStart(xid, false));
  let step: number = INTAKE.kept;
  while (step === INTAKE.kept) step = take(pg.within(xid, ROW));
  take(pg.streamStop());
  if (intake.task?.kind !== 'spill') throw new Error('nothing is spilled');
  const { spool } = intake.task;
  intake.spilled(spool);
  return spool;
}

test('a transaction that is spilled again and again fills the same memory', () => {
  const intake = intakeOf();
  const { memory } = spillOf(intake, 5);
  const { bytes } = memory;
  for (let i = 0; i < 3; i++) spillOf(intake, 5);
  expect(memory.bytes).toBe(bytes);
});

test('many transactions keep no more memory than two spills take', () => {
  const intake = intakeOf();
  const spools = new Set<TransactionSpool>();
  for (let xid = 1; xid <= 20; xid++) spools.add(spillOf(intake, xid));
  expect(spools.size).toBe(20);
  let kept = 0;
  for (const { memory } of spools) kept += memory.bytes.length;
  expect(kept).toBeLessThanOrEqual(2 * MAX_BYTES + 20 * 4096);
});
