import { BackOff, RECONNECT } from '../client/back-off.ts';
import type { BrokerLink } from '../client/broker-link.ts';
import type { AllocateFrame } from '../client/frame-assembler.ts';
import type { KafkaCluster } from '../client/kafka-cluster.ts';
import { FetchSession } from './fetch-session.ts';

/** A fetcher's own connection to one leader, with one request at a time and a memory of how long it has been away. */
export class FetchConnection {
  readonly nodeId: number;
  isBusy = false;
  /** Nothing is tried before this moment (of `performance.now()`). */
  notBeforeMs = 0;
  readonly session = new FetchSession();
  readonly #cluster: KafkaCluster;
  readonly #allocateFrame: AllocateFrame | undefined;
  #link: BrokerLink | null = null;
  #backOff = new BackOff(RECONNECT, Infinity);
  #lostSinceMs: number | null = null;

  constructor(cluster: KafkaCluster, nodeId: number, allocateFrame: AllocateFrame | undefined) {
    this.#cluster = cluster;
    this.nodeId = nodeId;
    this.#allocateFrame = allocateFrame;
  }

  async open(): Promise<BrokerLink> {
    if (this.#link?.isOpen === true) return this.#link;
    this.#link?.close();
    this.#link = null;
    this.#link = await this.#cluster.openLink(this.nodeId, this.#allocateFrame);
    return this.#link;
  }

  answered(): void {
    if (this.#lostSinceMs === null) return;
    this.#lostSinceMs = null;
    this.#backOff = new BackOff(RECONNECT, Infinity);
  }

  /** Books a failed attempt; returns for how long (ms) the broker has been away. */
  lost(): number {
    const now = performance.now();
    this.session.lost();
    this.#lostSinceMs ??= now;
    this.notBeforeMs = now + this.#backOff.nextDelayMs();
    return now - this.#lostSinceMs;
  }

  close(): void {
    this.#link?.close();
    this.#link = null;
  }
}
