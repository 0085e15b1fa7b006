import type { DeltaSurroundings } from '@hasivu/delta';
import { isPlatformError, type PlatformError } from '@hasivu/errors';
import type { KafkaCluster } from '@hasivu/kafka';
import type { HasivuConfig } from '@hasivu/config';
import type { Engine } from '@hasivu/lake-engine';
import { historyTargets } from '../core/history/history-form.ts';
import { historyBit } from '../core/row-batch.ts';
import { bindTopics, type TopicBinding } from '../core/topic-binding.ts';
import { EventSchemas, type SchemaSource } from './event-schemas.ts';
import { LakeTable } from './lake-table.ts';
import { catchUpHistories } from './history-catch-up.ts';
import type { TopicOwnership } from './topic-share.ts';
import { TopicTables, type HistoryTable } from './topic-tables.ts';
import { TopicWriter, type TopicWriterTools } from './topic-writer.ts';

export interface TopicSetTools extends Omit<TopicWriterTools, 'schemas' | 'onDurable'> {
  readonly cluster: KafkaCluster;
  readonly registry: SchemaSource;
  readonly around: DeltaSurroundings;
  readonly engine: Engine;
  readonly ownership: TopicOwnership;
  /** Progress was made while topics are opened. */
  readonly alive: () => void;
  /** Topics whose tables have no room in the lake: they are opened once they have. */
  readonly onWithoutRoom: (binding: TopicBinding, error: PlatformError) => void;
  readonly onDurable: (
    binding: TopicBinding,
    tables: TopicTables,
    rows: number,
    offsets: ReadonlyMap<number, number>,
  ) => void;
}

/** A partition that has to be read, and from where. */
export interface NewAssignment {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
}

/** The topics that the sink reads: found by name, opened from what their tables say. */
export class TopicSet {
  readonly #config: HasivuConfig;
  readonly #tools: TopicSetTools;
  readonly #writers = new Map<string, TopicWriter>();
  readonly #partitions = new Map<string, number>();
  /** Bytes that each topic lacks room for, and its table. */
  readonly #withoutRoom = new Map<string, { readonly bytes: number; readonly table: string }>();

  constructor(config: HasivuConfig, tools: TopicSetTools) {
    this.#config = config;
    this.#tools = tools;
  }

  /** Whether other sinks write some of the topics. */
  get isShared(): boolean {
    return this.#tools.ownership.isShared;
  }

  get writers(): Iterable<TopicWriter> {
    return this.#writers.values();
  }

  writerOf(topic: string): TopicWriter | undefined {
    return this.#writers.get(topic);
  }

  /** Topics that wait for room in the lake. */
  get withoutRoom(): number {
    return this.#withoutRoom.size;
  }

  /** A topic's writer is given up; it is found anew, from where its tables are, once the lake has room for what it lacked. */
  setAside({ topic, table }: TopicBinding, { context }: PlatformError): void {
    this.remove(topic);
    this.#withoutRoom.set(topic, { bytes: Number(context['wantedBytes']), table });
  }

  /** Forgets topics without room that are other sinks' now. @returns their tables */
  leaveOthers(): string[] {
    const left: string[] = [];
    for (const [topic, { table }] of this.#withoutRoom) {
      if (this.#tools.ownership.owns(topic)) continue;
      this.#withoutRoom.delete(topic);
      left.push(table);
    }
    return left;
  }

  /** The topic is no longer written, or not by this writer. */
  remove(topic: string): void {
    this.#writers.delete(topic);
    this.#partitions.delete(topic);
    this.#withoutRoom.delete(topic);
  }

  /** Looks for topics and partitions that were not there before, or had no room. @returns where to read them from */
  async discover(): Promise<NewAssignment[]> {
    const { cluster, ownership } = this.#tools;
    const found: NewAssignment[] = [];
    const bindings = bindTopics(this.#config, await cluster.listTopics());
    ownership.see(bindings.map(({ topic }) => topic));
    for (const binding of bindings) {
      if (!ownership.owns(binding.topic)) continue;
      // Listing the topics has just told of their partitions.
      const count = await cluster.partitionsOf(binding.topic);
      const known = this.#partitions.get(binding.topic) ?? 0;
      if (count <= known) continue;
      const writer = this.#writers.get(binding.topic) ?? (await this.#openWithRoom(binding));
      if (writer === null) continue;
      const earliest = await cluster.startOffsets(binding.topic);
      if (!ownership.owns(binding.topic)) continue;
      for (let partition = known; partition < count; partition += 1) {
        const offset = writer.openPartition(partition, Number(earliest.get(partition) ?? 0n));
        found.push({ topic: binding.topic, partition, offset: BigInt(offset) });
      }
      this.#writers.set(binding.topic, writer);
      this.#partitions.set(binding.topic, count);
    }
    return found;
  }

  /** Null where the lake has no room for what the tables need first. */
  async #openWithRoom(binding: TopicBinding): Promise<TopicWriter | null> {
    const { topic } = binding;
    const lacked = this.#withoutRoom.get(topic);
    if (lacked !== undefined && !this.#tools.room.fits(lacked.bytes)) return null;
    try {
      const writer = await this.#open(binding);
      this.#withoutRoom.delete(topic);
      return writer;
    } catch (error) {
      // Its owner of before has written on: it is looked for again.
      if (isPlatformError(error) && error.code === 'LAKE_FENCED' && this.isShared) return null;
      if (!isPlatformError(error) || error.code !== 'LAKE_TABLE_WITHOUT_ROOM') throw error;
      this.setAside(binding, error);
      this.#tools.onWithoutRoom(binding, error);
      return null;
    }
  }

  partitionsOf(topic: string): number {
    return this.#partitions.get(topic) ?? 0;
  }

  async #open(binding: TopicBinding): Promise<TopicWriter> {
    const { around } = this.#tools;
    const log = binding.logRoot === null ? null : await LakeTable.open(binding.logRoot, around);
    // One root for both means one table: whichever of the two it turns out to be.
    const state =
      binding.stateRoot === null
        ? null
        : binding.isEither
          ? log
          : await LakeTable.open(binding.stateRoot, around);
    const histories: HistoryTable[] = [];
    for (const [at, target] of historyTargets(binding.histories).entries()) {
      const table = await LakeTable.open(target.root, around);
      histories.push({ target, table, bit: historyBit(at) });
    }
    const tables = new TopicTables(binding, { log, state, histories }, this.#tools);
    await catchUpHistories(binding, tables, this.#tools);
    const schemas = new EventSchemas(this.#tools.registry);
    const onDurable: TopicWriterTools['onDurable'] = (rows, offsets) =>
      this.#tools.onDurable(binding, tables, rows, offsets);
    return new TopicWriter(binding, tables, { ...this.#tools, schemas, onDurable });
  }
}
