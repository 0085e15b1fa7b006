import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { waitFor } from '@hasivu/testing';
import { GroupMember, KafkaCluster, type GroupWork } from '../src/index.ts';
import { clusterFixture, type ClusterFixture } from './cluster-fixture.ts';

jest.setTimeout(180_000);

let fixture: ClusterFixture;
beforeEach(async () => {
  fixture = await clusterFixture('group');
});
afterEach(async () => {
  await fixture[Symbol.asyncDispose]();
});

const PIECES = ['a', 'b', 'c', 'd', 'e', 'f'];
/** By piece, and what was taken while another had it. */
const holders = new Map<string, Worker>();
const heldTwice: string[] = [];

/** Takes turns with the others over the pieces; gives up a piece before another has it. */
class Worker implements GroupWork {
  readonly held = new Set<string>();
  readonly name: string;
  readonly #abort = new AbortController();
  readonly #cluster: KafkaCluster;
  readonly member: GroupMember;
  readonly #run: Promise<void>;
  divisions = 0;
  losses = 0;
  giveUpMs = 0;

  constructor(name: string, cluster: KafkaCluster, groupId: string) {
    this.name = name;
    this.#cluster = cluster;
    const timeouts = { sessionTimeoutMs: 6_000, rebalanceTimeoutMs: 20_000 };
    this.member = new GroupMember(cluster, { groupId, protocol: 'pieces', ...timeouts }, this);
    this.#run = this.member.run(this.#abort.signal);
    this.#run.catch(() => undefined);
  }

  metadata(): Buffer {
    return Buffer.from([...this.held].join(''));
  }

  divide(members: Parameters<GroupWork['divide']>[0]): ReadonlyMap<string, Buffer> {
    this.divisions += 1;
    const ids = members.map(({ memberId }) => memberId).sort();
    const heldBy = (piece: string): string | undefined =>
      members.find(({ metadata }) => metadata.toString().includes(piece))?.memberId;
    return new Map(
      ids.map((id, at) => {
        const wanted = PIECES.filter((_, piece) => piece % ids.length === at);
        return [id, Buffer.from(wanted.filter((piece) => (heldBy(piece) ?? id) === id).join(''))];
      }),
    );
  }

  async take(part: Buffer): Promise<boolean> {
    const wanted = new Set(part.toString());
    const going = [...this.held].filter((piece) => !wanted.has(piece));
    if (going.length > 0) await sleep(this.giveUpMs);
    for (const piece of going) this.#drop(piece);
    for (const piece of wanted) {
      if ((holders.get(piece) ?? this) !== this) heldTwice.push(piece);
      holders.set(piece, this);
      this.held.add(piece);
    }
    return going.length > 0;
  }

  lose(): void {
    this.losses += 1;
    for (const piece of this.held) this.#drop(piece);
  }

  #drop(piece: string): void {
    this.held.delete(piece);
    holders.delete(piece);
  }

  async stop(): Promise<void> {
    for (const piece of this.held) this.#drop(piece);
    this.#abort.abort();
    await this.#run;
    await this.member.leave();
    this.#cluster.close();
  }
}

async function worker(name: string, groupId: string): Promise<Worker> {
  const cluster = await KafkaCluster.connect({ brokers: fixture.brokers }, { clientId: `test-${name}` });
  return new Worker(name, cluster, groupId);
}

/** Each piece is with one of them; never with two. */
async function divided(workers: readonly Worker[], atMost: number): Promise<void> {
  await waitFor('each piece is with one member', () => {
    const all = new Set(workers.flatMap(({ held }) => [...held]));
    return all.size === PIECES.length && workers.every(({ held }) => held.size <= atMost);
  });
}

test('members divide the work when one joins and when one leaves, and nothing is ever with two of them', async () => {
  const groupId = fixture.name('workers');
  const first = await worker('first', groupId);
  await divided([first], 6);
  const second = await worker('second', groupId);
  first.giveUpMs = 500;
  await divided([first, second], 3);
  const third = await worker('third', groupId);
  await divided([first, second, third], 2);
  await first.stop();
  await divided([second, third], 3);
  await third.stop();
  await divided([second], 6);
  expect(heldTwice).toEqual([]);
  expect([first.losses, second.losses, third.losses]).toEqual([0, 0, 0]);
  await second.stop();
});
