import { createHash } from 'node:crypto';
import type { GroupConfig } from '@hasivu/config';
import { GroupMember, type KafkaCluster } from '@hasivu/kafka';
import type { ServiceContext } from '@hasivu/service-kit';
import type { SinkLoop } from './sink-loop.ts';
import { TopicShare, type ShareHolder, type TopicOwnership } from './topic-share.ts';

/** Members that divide the topics in another way than this one are refused by Kafka. */
const PROTOCOL = 'hasivu-lake-sink-1';
const PLACE_DIGITS = 12;
/** How long the group waits for a sink that lives and has not joined again. */
const REBALANCE_TIMEOUT_MS = 60_000;

/** This sink among those that divide the tables. */
export class SinkGroup {
  readonly #config: GroupConfig;
  readonly #member: GroupMember;
  readonly #share: TopicShare;
  #holder: ShareHolder | null = null;

  /** @param place what the group writes: sinks of another lake are refused */
  constructor(config: GroupConfig, place: string, cluster: KafkaCluster, logger: ServiceContext['logger']) {
    this.#config = config;
    const { name: group, sessionTimeoutMs } = config;
    const held = (): ShareHolder => this.#holder as ShareHolder;
    this.#share = new TopicShare({
      holder: {
        held: () => held().held(),
        release: (topics) => held().release(topics),
        releaseAll: () => held().releaseAll(),
        discover: () => held().discover(),
      },
      nowMs: () => performance.now(),
      divideAgain: () => this.#member.divideAgain(),
      onShare: (topics) => logger.info({ group, topics }, 'the group has divided the topics'),
      onLost: () =>
        logger.warn({ group }, 'the group took this sink for dead: others write its tables until it is back'),
    });
    const options = {
      groupId: group,
      protocol: `${PROTOCOL}-${createHash('sha256').update(place).digest('hex').slice(0, PLACE_DIGITS)}`,
      sessionTimeoutMs,
      rebalanceTimeoutMs: REBALANCE_TIMEOUT_MS,
    };
    this.#member = new GroupMember(cluster, options, this.#share);
  }

  get ownership(): TopicOwnership {
    return this.#share;
  }

  /** Takes part until the loop has ended, which has made everything durable then: others have its tables at once. */
  async run(loop: SinkLoop, running: Promise<void>): Promise<void> {
    this.#holder = loop;
    const over = new AbortController();
    const ended = running.catch(() => undefined).finally(() => over.abort());
    const balance = setInterval(() => this.#share.balance(), this.#config.balanceEveryMs);
    try {
      await this.#member.run(over.signal);
    } catch (error) {
      loop.fail(error);
    } finally {
      clearInterval(balance);
    }
    await ended;
    await this.#member.leave();
  }
}
