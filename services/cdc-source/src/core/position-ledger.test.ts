import { toLsn } from '@hasivu/change-events';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { ORIGIN, PositionLedger, type SealedProgress } from './position-ledger.ts';

interface SourceTransaction {
  readonly commitLsn: bigint;
  readonly endLsn: bigint;
  readonly events: number;
}

/** Transactions as a slot sends them: by commit LSN, never overlapping. */
const history = fc
  .array(
    fc.record({
      gap: fc.integer({ min: 1, max: 50 }),
      size: fc.integer({ min: 1, max: 9 }),
      events: fc.nat(6),
    }),
    {
      minLength: 1,
      maxLength: 30,
    },
  )
  .map((steps) => {
    let at = 100n;
    return steps.map(({ gap, size, events }): SourceTransaction => {
      const commitLsn = at + BigInt(gap);
      at = commitLsn + BigInt(size);
      return { commitLsn, endLsn: at, events };
    });
  });

const START: SealedProgress = { position: ORIGIN, confirmLsn: toLsn(100n) };

/** Everything that a run puts into Kafka, in order, when it is killed after `steps` steps and seals at random. */
interface KilledRun {
  readonly steps: number;
  readonly seals: readonly boolean[];
}

const kills = fc.array(
  fc.record({
    steps: fc.integer({ min: 1, max: 60 }),
    seals: fc.infiniteStream(fc.boolean()).map((s) => [...s.take(200)]),
  }),
  {
    maxLength: 8,
  },
);

/** Plays transactions from what Kafka holds; stops in the middle like a kill. Returns the new durable state. */
function play(
  transactions: readonly SourceTransaction[],
  durable: SealedProgress,
  kafka: string[],
  run: KilledRun | null,
): SealedProgress {
  const ledger = new PositionLedger(durable);
  const open: string[] = [];
  let step = 0;
  const dead = (): boolean => run !== null && step >= run.steps;
  const maybeSeal = (): void => {
    const wanted = run?.seals[step % run.seals.length] ?? step % 3 === 0;
    step++;
    if (!wanted || dead()) return;
    const sealed = ledger.seal();
    ledger.settle(sealed);
    kafka.push(...open.splice(0));
    // I1: nothing that Postgres may forget is missing in Kafka.
    for (const t of transactions) {
      if (t.endLsn > sealed.confirmLsn) continue;
      for (let seq = 0; seq < t.events; seq++) expect(kafka).toContain(`${t.commitLsn}:${seq}`);
    }
  };
  for (const t of transactions) {
    // The server leaves out what was confirmed.
    if (t.commitLsn < durable.confirmLsn) continue;
    ledger.begin(toLsn(t.commitLsn));
    for (let i = 0; i < t.events && !dead(); i++) {
      const seq = ledger.number();
      if (seq >= 0) {
        open.push(`${t.commitLsn}:${seq}`);
        ledger.accept();
      }
      maybeSeal();
    }
    if (dead()) return ledger.durable;
    ledger.commit(toLsn(t.endLsn));
    maybeSeal();
    if (dead()) return ledger.durable;
  }
  if (run === null) {
    ledger.settle(ledger.seal());
    kafka.push(...open.splice(0));
  }
  return ledger.durable;
}

test('whatever is killed and wherever it seals, Kafka ends with every event once and in order', () => {
  fc.assert(
    fc.property(history, kills, (transactions, runs) => {
      const kafka: string[] = [];
      let durable = START;
      for (const run of runs) durable = play(transactions, durable, kafka, run);
      play(transactions, durable, kafka, null);
      const expected = transactions.flatMap((t) =>
        Array.from({ length: t.events }, (_, seq) => `${t.commitLsn}:${seq}`),
      );
      expect(kafka).toEqual(expected);
    }),
    { numRuns: 300 },
  );
});

describe('what may be acknowledged', () => {
  test('nothing before it is durable, then the end of the last whole transaction', () => {
    const ledger = new PositionLedger(START);
    ledger.begin(toLsn(200n));
    ledger.number();
    ledger.accept();
    ledger.commit(toLsn(210n));
    expect(ledger.acknowledgeable).toBe(100n);
    ledger.begin(toLsn(300n));
    ledger.number();
    ledger.accept();
    const sealed = ledger.seal();
    expect(ledger.acknowledgeable).toBe(100n);
    ledger.settle(sealed);
    expect(ledger.acknowledgeable).toBe(210n);
    expect(sealed.position).toEqual({ commitLsn: 300n, seq: 0 });
  });

  test('a keepalive between transactions moves the position, inside one it does not', () => {
    const ledger = new PositionLedger(START);
    ledger.keepalive(toLsn(500n));
    expect(ledger.advanced).toBe(true);
    ledger.settle(ledger.seal());
    expect(ledger.acknowledgeable).toBe(500n);
    ledger.begin(toLsn(600n));
    ledger.keepalive(toLsn(900n));
    ledger.settle(ledger.seal());
    expect(ledger.acknowledgeable).toBe(500n);
  });

  test('an older position never lowers it', () => {
    const ledger = new PositionLedger(START);
    ledger.keepalive(toLsn(50n));
    ledger.settle(ledger.seal());
    expect(ledger.acknowledgeable).toBe(100n);
  });
});

describe('what is published', () => {
  const ledgerAt = (lsn: bigint): PositionLedger =>
    new PositionLedger({ position: { commitLsn: toLsn(lsn), seq: 0 }, confirmLsn: toLsn(lsn + 1n) });

  test('is the newest event, whatever was seen behind it', () => {
    const ledger = ledgerAt(100n);
    ledger.begin(toLsn(200n));
    ledger.number();
    ledger.accept();
    ledger.commit(toLsn(210n));
    ledger.begin(toLsn(300n));
    ledger.number();
    ledger.commit(toLsn(310n));
    const sealed = ledger.seal();
    expect(sealed).toEqual({ position: { commitLsn: 300n, seq: 0 }, publishedLsn: 200n, confirmLsn: 310n });
    ledger.settle(sealed);
    ledger.begin(toLsn(400n));
    ledger.number();
    expect(ledger.seal().publishedLsn).toBe(200n);
    ledger.number();
    ledger.accept();
    expect(ledger.seal().publishedLsn).toBe(400n);
    expect(new PositionLedger(sealed).seal().publishedLsn).toBe(200n);
    expect(ledgerAt(100n).seal().publishedLsn).toBe(100n);
  });

  test('counts an event that is accepted when its transaction has ended', () => {
    const ledger = ledgerAt(100n);
    ledger.begin(toLsn(200n));
    ledger.number();
    ledger.commit(toLsn(210n));
    ledger.accept();
    ledger.begin(toLsn(300n));
    ledger.number();
    ledger.commit(toLsn(310n));
    expect(ledger.seal().publishedLsn).toBe(200n);
  });
});
