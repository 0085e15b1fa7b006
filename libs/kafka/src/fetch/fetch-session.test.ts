import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { FetchSession, type SessionRequest } from './fetch-session.ts';
import { partitionName, PartitionState } from './partition-state.ts';

const at = (partition: number, offset: bigint): PartitionState =>
  new PartitionState({ topic: 't', partition, offset });

/** What a broker does with requests, as far as it is seen: it keeps a session's partitions from request to request. */
class Broker {
  #id = 0;
  #epoch = 0;
  readonly #partitions = new Map<string, bigint>();

  /** What it reads; null where it does not know the session. */
  answer({ sessionId, epoch, partitions, forgotten }: SessionRequest): Map<string, bigint> | null {
    if (epoch === 0) this.#begin();
    else if (sessionId !== this.#id || epoch !== this.#epoch) return null;
    for (const { topic, partition, offset } of partitions)
      this.#partitions.set(partitionName(topic, partition), offset);
    for (const { topic, partition } of forgotten) this.#partitions.delete(partitionName(topic, partition));
    this.#epoch += 1;
    return new Map(this.#partitions);
  }

  get id(): number {
    return this.#id;
  }

  #begin(): void {
    this.#id += 1;
    this.#epoch = 0;
    this.#partitions.clear();
  }
}

const step = fc.record({
  wanted: fc.uniqueArray(fc.nat({ max: 7 }), { maxLength: 8 }),
  moves: fc.uniqueArray(fc.nat({ max: 7 }), { maxLength: 3 }),
  /** What becomes of the answer. */
  fate: fc.constantFrom('arrives', 'arrives', 'arrives', 'is lost', 'keeps no session', 'restarted broker'),
});

test('the broker reads what is wanted from where it is wanted, whatever becomes of answers and sessions', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const positions = Array.from({ length: 8 }, () => 0n);
      const session = new FetchSession();
      let broker = new Broker();
      for (const { wanted, moves, fate } of steps) {
        for (const partition of moves) positions[partition] = (positions[partition] ?? 0n) + 1n;
        if (fate === 'restarted broker') broker = new Broker();
        const states = wanted.map((partition) => at(partition, positions[partition] ?? 0n));
        let read = broker.answer(session.request(states, 1));
        if (read === null) {
          session.lost(0);
          read = broker.answer(session.request(states, 1));
        }
        const expected = states.map(({ name, position }) => [name, position] as const);
        expect([...(read ?? [])].sort()).toEqual(expected.sort());
        if (fate === 'is lost') session.lost();
        else session.answered(fate === 'keeps no session' ? 0 : broker.id);
      }
    }),
  );
});

test('a request names what changed and nothing else', () => {
  const session = new FetchSession();
  expect(session.request([at(0, 5n), at(1, 7n), at(2, 9n)], 100)).toMatchObject({
    sessionId: 0,
    epoch: 0,
    partitions: [{ partition: 0 }, { partition: 1 }, { partition: 2 }],
  });
  session.answered(42);
  expect(session.request([at(0, 5n), at(1, 8n)], 100)).toMatchObject({
    sessionId: 42,
    epoch: 1,
    partitions: [{ topic: 't', partition: 1, offset: 8n, maxBytes: 100 }],
    forgotten: [{ topic: 't', partition: 2 }],
  });
  session.answered(42);
  expect(session.request([at(0, 5n), at(1, 8n)], 100)).toMatchObject({
    epoch: 2,
    partitions: [],
    forgotten: [],
  });
});
