import { setTimeout as sleep } from 'node:timers/promises';
import type { KafkaCluster } from '../client/kafka-cluster.ts';
import { isRepeatable } from '../client/retry.ts';
import { KAFKA_ERROR } from '../protocol/error-codes.ts';
import { heartbeatApi } from '../protocol/heartbeat.ts';
import { joinGroupApi, type GroupMemberMetadata, type JoinGroupResponse } from '../protocol/join-group.ts';
import { leaveGroupApi } from '../protocol/leave-group.ts';
import { syncGroupApi } from '../protocol/sync-group.ts';
import { GroupConnection } from './group-connection.ts';

/** The work that the members of a group divide. */
export interface GroupWork {
  /** What the leader is told of this member, asked for whenever the group divides its work. */
  metadata(): Buffer;
  /** As the leader: each member's part. Members that are left out get an empty one. */
  divide(members: readonly GroupMemberMetadata[]): ReadonlyMap<string, Buffer>;
  /**
   * This member's part from now on. It goes on with what it had in the meantime.
   * @returns whether it has given something up that others wait for: the group divides again then
   */
  take(part: Buffer): Promise<boolean>;
  /** The group takes this member for dead: others have its part, or will. */
  lose(): void;
}

export interface GroupMemberOptions {
  readonly groupId: string;
  /** Members that divide their work in another way are refused. */
  readonly protocol: string;
  /** A member that is not heard of for so long is dead. Kafka bounds it by 6 s and 30 min. */
  readonly sessionTimeoutMs: number;
  /** How long the group waits, while it divides its work, for members that live. */
  readonly rebalanceTimeoutMs: number;
}

/** Heartbeats that fit into a session: some may be lost. */
const HEARTBEATS_PER_SESSION = 4;
const ANSWER_GRACE_MS = 5_000;

/** A member of a Kafka group that divides work of any kind, by the protocol of Kafka's consumers and Connect's workers. */
export class GroupMember {
  readonly #cluster: KafkaCluster;
  readonly #options: GroupMemberOptions;
  readonly #work: GroupWork;
  readonly #connection: GroupConnection;
  #memberId = '';
  #generation = -1;
  #heardMs = 0;
  #wake: AbortController | null = null;
  #wantsToDivide = false;
  /** How many times the group was told of this member, or took it for dead. */
  #telling = 0;
  #taking: Promise<void> = Promise.resolve();
  #failure: { readonly error: unknown } | null = null;

  constructor(cluster: KafkaCluster, options: GroupMemberOptions, work: GroupWork) {
    this.#cluster = cluster;
    this.#options = options;
    this.#work = work;
    this.#connection = new GroupConnection(cluster, options.groupId);
  }

  /** Has the group divide its work anew, as when there is more of it. */
  divideAgain(): void {
    this.#wantsToDivide = true;
    this.#wake?.abort();
  }

  /**
   * Stays a member until the signal aborts. Whoever has finished what it had {@link leave}s then. @throws KAFKA_UNAVAILABLE, KAFKA_FORBIDDEN and what else keeps it
   * from being one; what `take` throws
   */
  async run(signal: AbortSignal): Promise<void> {
    // A request to join may wait for the others for a minute.
    const interrupt = (): void => this.#connection.close();
    signal.addEventListener('abort', interrupt);
    try {
      while (!signal.aborted) {
        const part = await this.#join(signal);
        if (part === null || signal.aborted) continue;
        this.#take(part, signal);
        await this.#live(signal);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      signal.removeEventListener('abort', interrupt);
    }
    await this.#taking;
  }

  /** Tells the group that what this member had is free. Whoever cannot say so counts as dead a little later. */
  async leave(): Promise<void> {
    const { groupId } = this.#options;
    if (this.#memberId !== '')
      await this.#connection
        .send(leaveGroupApi, { groupId, memberId: this.#memberId }, ANSWER_GRACE_MS)
        .catch(() => undefined);
    this.#memberId = '';
    this.#connection.close();
  }

  /** One part after the other. It may take long, and the group goes on meanwhile. */
  #take(part: Buffer, signal: AbortSignal): void {
    const telling = this.#telling;
    this.#taking = this.#taking.then(async () => {
      // What the others were told since then says nothing of this part: it may be with another one already.
      if (telling !== this.#telling || signal.aborted) return;
      if (await this.#work.take(part)) this.divideAgain();
    });
    this.#taking.catch((error: unknown) => {
      this.#failure = { error };
      this.#wake?.abort();
    });
  }

  /** Null where the group has moved on meanwhile. */
  async #join(signal: AbortSignal): Promise<Buffer | null> {
    const { groupId, protocol, sessionTimeoutMs, rebalanceTimeoutMs } = this.#options;
    const joined = await this.#retrying('joining', signal, () => {
      this.#wantsToDivide = false;
      this.#telling += 1;
      const membership = { groupId, memberId: this.#memberId, protocol };
      const request = {
        ...membership,
        sessionTimeoutMs,
        rebalanceTimeoutMs,
        metadata: this.#work.metadata(),
      };
      return this.#connection.send(joinGroupApi, request, rebalanceTimeoutMs + ANSWER_GRACE_MS);
    });
    if (joined.errorCode === KAFKA_ERROR.MEMBER_ID_REQUIRED) this.#memberId = joined.memberId;
    else if (joined.errorCode === KAFKA_ERROR.UNKNOWN_MEMBER_ID) this.#forget();
    if (joined.errorCode !== 0) return null;
    this.#memberId = joined.memberId;
    this.#generation = joined.generation;
    return await this.#sync(joined, signal);
  }

  async #sync(joined: JoinGroupResponse, signal: AbortSignal): Promise<Buffer | null> {
    const isLeader = joined.leaderId === joined.memberId;
    const assignments = isLeader ? this.#work.divide(joined.members) : new Map<string, Buffer>();
    const { rebalanceTimeoutMs } = this.#options;
    const synced = await this.#retrying('taking its part', signal, () =>
      this.#connection.send(syncGroupApi, { ...this.#membership, assignments }, rebalanceTimeoutMs),
    );
    if (synced.errorCode === KAFKA_ERROR.UNKNOWN_MEMBER_ID) this.#forget();
    if (synced.errorCode !== 0) return null;
    this.#heardMs = performance.now();
    return synced.assignment;
  }

  /** Sends heartbeats, also while the part is taken, until the group or this member wants to divide again. */
  async #live(signal: AbortSignal): Promise<void> {
    do {
      await this.#pause(signal);
      if (this.#failure !== null) throw this.#failure.error;
    } while (!signal.aborted && (await this.#isUndisturbed()));
  }

  async #isUndisturbed(): Promise<boolean> {
    if (this.#wantsToDivide) return false;
    try {
      const timeoutMs = this.#options.sessionTimeoutMs;
      const { errorCode } = await this.#connection.send(heartbeatApi, this.#membership, timeoutMs);
      this.#heardMs = performance.now();
      if (errorCode === KAFKA_ERROR.UNKNOWN_MEMBER_ID) this.#forget();
      return errorCode === 0;
    } catch (error) {
      if (!isRepeatable(error)) throw error;
      if (performance.now() - this.#heardMs <= this.#options.sessionTimeoutMs) return true;
      // Its part is with others by now, unless the coordinator was away itself: then it knows this member still.
      this.#lose();
      return false;
    }
  }

  async #pause(signal: AbortSignal): Promise<void> {
    this.#wake = new AbortController();
    if (this.#wantsToDivide || this.#failure !== null) return;
    const ended = AbortSignal.any([signal, this.#wake.signal]);
    const pauseMs = this.#options.sessionTimeoutMs / HEARTBEATS_PER_SESSION;
    await sleep(pauseMs, undefined, { signal: ended }).catch(() => undefined);
  }

  #lose(): void {
    this.#telling += 1;
    this.#work.lose();
  }

  /** The coordinator does not know this member any more. */
  #forget(): void {
    this.#memberId = '';
    this.#generation = -1;
    this.#lose();
  }

  get #membership(): { groupId: string; generation: number; memberId: string } {
    return { groupId: this.#options.groupId, generation: this.#generation, memberId: this.#memberId };
  }

  #retrying<T>(doing: string, signal: AbortSignal, attempt: () => Promise<T>): Promise<T> {
    return this.#cluster.retrying(`${doing} in the group "${this.#options.groupId}"`, attempt, signal);
  }
}
