import { AvroDecodeError, WIRE_HEADER_BYTES, type EnvelopeReader } from '@hasivu/change-events';

import { CuratedWriter } from './curated-writer.ts';
import type { Outcome } from './outcome.ts';
import type { RecordSink, SourceRecord } from './record-sink.ts';
import type { SetAside, SourcePlace } from './set-aside.ts';
import type { TableProgram } from './table-program.ts';
import { addVolume, type TransactionTotals } from './transaction-totals.ts';

/** Everything compiled for events of one topic with one value schema and one key schema. */
export interface TopicProgram {
  readonly reader: EnvelopeReader;
  /** Those that decode the key come first: a damaged event then fails before anything of it is written. */
  readonly programs: readonly TableProgram[];
}

/** Takes records through the pipelines of their topic and counts what became of them. Synchronous: nothing here waits. */
export class EventProcessor {
  readonly #writer: CuratedWriter;
  readonly #setAside: SetAside;
  readonly #totals: TransactionTotals;

  constructor(sink: RecordSink, setAside: SetAside, totals: TransactionTotals) {
    this.#writer = new CuratedWriter(sink, totals);
    this.#setAside = setAside;
    this.#totals = totals;
  }

  /** A tombstone: its delete wrote one already, so that both always go together. */
  tombstone(place: SourcePlace, pipelines: readonly string[]): void {
    this.#totals.rows += 1;
    for (const pipeline of pipelines) this.#count(pipeline, place.topic, 0, 'tombstone');
  }

  /** Bytes that are no event of the topic. */
  deadLetter(record: SourceRecord, place: SourcePlace, pipelines: readonly string[], reason: string): void {
    this.#totals.rows += 1;
    const { deadLetters } = this.#totals;
    deadLetters.set(place.topic, (deadLetters.get(place.topic) ?? 0) + 1);
    this.#setAside.deadLetter(record, place, reason);
    const bytes = Math.max(0, record.valueEnd - record.valueStart);
    for (const pipeline of pipelines) this.#count(pipeline, place.topic, bytes, 'dead_letter');
  }

  event(record: SourceRecord, place: SourcePlace, program: TopicProgram, pipelines: readonly string[]): void {
    const { reader, programs } = program;
    try {
      reader.read(record.buffer, record.valueStart + WIRE_HEADER_BYTES, record.valueEnd);
      for (const one of programs) this.#run(one, record, place, reader);
      this.#totals.rows += 1;
    } catch (error) {
      if (!(error instanceof AvroDecodeError)) throw error;
      this.#undecodable(record, place, pipelines, error);
    }
  }

  // A damaged event fails in the first pipeline, before anything of it is written: all of them decode the same bytes.
  #undecodable(record: SourceRecord, place: SourcePlace, pipelines: readonly string[], error: Error): void {
    this.deadLetter(record, place, pipelines, `the bytes are no event of their schema: ${error.message}`);
  }

  #run(program: TableProgram, record: SourceRecord, place: SourcePlace, reader: EnvelopeReader): void {
    const { name } = program.pipeline;
    const totals = this.#totals.of(name);
    const outcome = program.process(record, reader, place.partition, this.#writer);
    if (outcome.tag === 'quarantined') {
      this.#setAside.quarantine(record, place, name, reader, outcome.violations);
      for (const { rule } of outcome.violations) totals.rules.set(rule, (totals.rules.get(rule) ?? 0) + 1);
    }
    if (
      reader.unavailable.length > 0 &&
      outcome.tag === 'good' &&
      program.pipeline.rowDependencies.length > 0
    )
      this.#totals.incomplete.add(name);
    this.#count(name, place.topic, record.valueEnd - record.valueStart, outcome.tag);
  }

  #count(pipeline: string, topic: string, bytes: number, tag: Outcome['tag']): void {
    const totals = this.#totals.of(pipeline);
    totals.outcomes[tag] += 1;
    addVolume(totals.inputs, topic, 1, bytes);
  }
}
