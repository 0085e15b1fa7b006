import { BackOff, RECONNECT } from '../client/back-off.ts';
import type { BrokerLink } from '../client/broker-link.ts';
import type { KafkaCluster } from '../client/kafka-cluster.ts';

/** A producer's own connection to one leader: opened when needed, reopened with growing pauses. */
export class LeaderConnection {
  inFlightRequests = 0;
  readonly #cluster: KafkaCluster;
  readonly #nodeId: number;
  readonly #onChange: () => void;
  readonly #onLost: (error: unknown) => void;
  #link: BrokerLink | null = null;
  #isOpening = false;
  #isClosed = false;
  #notBeforeMs = 0;
  #backOff = new BackOff(RECONNECT, Infinity);

  constructor(cluster: KafkaCluster, nodeId: number, onChange: () => void, onLost: (error: unknown) => void) {
    this.#cluster = cluster;
    this.#nodeId = nodeId;
    this.#onChange = onChange;
    this.#onLost = onLost;
  }

  /** The open connection, or null: then one is being opened, and `onChange` is called when there is news. */
  take(): BrokerLink | null {
    if (this.#link?.isOpen === true) return this.#link;
    this.#link?.close();
    this.#link = null;
    if (!this.#isOpening && !this.#isClosed && performance.now() >= this.#notBeforeMs) void this.#open();
    return null;
  }

  async #open(): Promise<void> {
    this.#isOpening = true;
    try {
      const link = await this.#cluster.openLink(this.#nodeId);
      if (this.#isClosed) link.close();
      else this.#link = link;
      this.#backOff = new BackOff(RECONNECT, Infinity);
    } catch (error) {
      this.#notBeforeMs = performance.now() + this.#backOff.nextDelayMs();
      this.#onLost(error);
    } finally {
      this.#isOpening = false;
    }
    this.#onChange();
  }

  close(): void {
    this.#isClosed = true;
    this.#link?.close();
    this.#link = null;
  }
}
