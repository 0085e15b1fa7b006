import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { GroupMemberMetadata, GroupWork } from '@hasivu/kafka';
import { divideTopics, type TopicOwner } from '../core/divided-topics.ts';
import { TopicRates } from '../core/topic-rates.ts';

/** Which of the topics are this sink's. */
export interface TopicOwnership {
  /** Whether there are other sinks. */
  readonly isShared: boolean;
  owns(topic: string): boolean;
  /** Told of all topics that have tables, whoever's they are, whenever they are listed. */
  see(topics: readonly string[]): void;
}

/** Of a sink that is alone. */
export const EVERY_TOPIC: TopicOwnership = { isShared: false, owns: () => true, see: () => undefined };

/** What a share is put into effect by. */
export interface ShareHolder {
  /** Topics that are written here, with the records read of each since it was opened, and those that wait to be. */
  held(): Iterable<{ readonly topic: string; readonly read: number; readonly waiting: number }>;
  /** Makes durable what was accepted of these topics, and writes them no more. */
  release(topics: readonly string[]): Promise<void>;
  /** Writes no topic any more; what is not durable is read again by whom it goes to. */
  releaseAll(): void;
  /** Opens what is this sink's and not open yet. */
  discover(): Promise<void>;
}

export interface TopicShareTools {
  readonly holder: ShareHolder;
  readonly nowMs: () => number;
  /** Asks the group to divide the topics anew. */
  readonly divideAgain: () => void;
  readonly onShare: (topics: number) => void;
  readonly onLost: () => void;
}

/** A sink's share of the topics of its group: whole topics, since a table has one writer at a time. */
export class TopicShare implements GroupWork, TopicOwnership {
  readonly isShared = true;
  readonly #tools: TopicShareTools;
  readonly #rates: TopicRates;
  #share: ReadonlySet<string> = new Set();
  #topics: readonly string[] = [];
  /** Those that were divided last, by this sink; null where another one leads. */
  #divided: ReadonlySet<string> | null = null;
  #members = 0;
  /** Last known, also of topics that have just moved. */
  readonly #weights = new Map<string, number>();

  constructor(tools: TopicShareTools) {
    this.#tools = tools;
    this.#rates = new TopicRates(tools.nowMs);
  }

  owns(topic: string): boolean {
    return this.#share.has(topic);
  }

  see(topics: readonly string[]): void {
    this.#topics = topics;
    const divided = this.#divided;
    if (divided !== null && topics.some((topic) => !divided.has(topic))) this.#tools.divideAgain();
  }

  /** Has the group look at the loads; only its leader does. */
  balance(): void {
    if (this.#divided !== null && this.#members > 1) this.#tools.divideAgain();
  }

  metadata(): Buffer {
    // Whoever leads a group is known when all have joined.
    this.#divided = null;
    // Those that are about to be opened are this sink's as well.
    const owned = new Map<string, number | null>([...this.#share].map((topic) => [topic, null]));
    for (const { topic, read, waiting } of this.#tools.holder.held())
      owned.set(topic, this.#rates.weigh(topic, read, waiting));
    return packed({ topics: this.#topics, owned: [...owned] });
  }

  divide(members: readonly GroupMemberMetadata[]): ReadonlyMap<string, Buffer> {
    const told = members.map(({ memberId, metadata }) => ({ id: memberId, ...described(metadata) }));
    // Another one may have seen a topic that is not listed here yet.
    const topics = [...new Set([...this.#topics, ...told.flatMap((one) => one.topics)])].sort();
    this.#divided = new Set(topics);
    this.#members = members.length;
    for (const [topic, weight] of told.flatMap(({ owned }) => owned))
      if (weight !== null) this.#weights.set(topic, weight);
    const owners: TopicOwner[] = told.map(({ id, owned }) => ({ id, owned: new Map(owned) }));
    const parts = divideTopics(topics, owners, this.#weights);
    return new Map([...parts].map(([id, part]) => [id, packed(part)]));
  }

  async take(part: Buffer): Promise<boolean> {
    const share = new Set(part.length === 0 ? [] : (unpacked(part) as string[]));
    // Also what was told and never opened: others wait for it as well.
    const hasLess = [...this.#share].some((topic) => !share.has(topic));
    this.#share = share;
    const { holder } = this.#tools;
    const going = [...holder.held()].map(({ topic }) => topic).filter((topic) => !share.has(topic));
    this.#tools.onShare(share.size);
    await holder.release(going);
    await holder.discover();
    return hasLess || going.length > 0;
  }

  lose(): void {
    this.#share = new Set();
    this.#divided = null;
    this.#tools.holder.releaseAll();
    this.#tools.onLost();
  }
}

interface Described {
  readonly topics: readonly string[];
  readonly owned: readonly (readonly [topic: string, weight: number | null])[];
}

function described(metadata: Buffer): Described {
  return unpacked(metadata) as Described;
}

/** Kafka keeps what all members say of thousands of topics in one record. */
function packed(value: unknown): Buffer {
  return deflateRawSync(JSON.stringify(value));
}

function unpacked(bytes: Buffer): unknown {
  return JSON.parse(inflateRawSync(bytes).toString());
}
