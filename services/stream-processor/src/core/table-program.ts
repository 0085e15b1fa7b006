import {
  AvroCursor,
  AvroDecodeError,
  readValue,
  WIRE_HEADER_BYTES,
  writeValue,
  type EnvelopeReader,
  type KeyLayout,
} from '@hasivu/change-events';
import { clearUnavailable, type CompiledPipeline, type Reject, type Row } from '@hasivu/pipeline';
import type { RuleChecker } from '@hasivu/quality';

import type { CuratedWriter, OldImage } from './curated-writer.ts';
import { DROPPED, GOOD, quarantined, type Outcome } from './outcome.ts';
import type { OutputTopic } from './output-topic.ts';
import type { SourceRecord } from './record-sink.ts';
import { RowImage } from './row-image.ts';

const OP_DELETE = 0x64;
const OP_UPDATE = 0x75;
const OP_TRUNCATE = 0x74;
const OP_MESSAGE = 0x6d;

export interface TableProgramParts {
  readonly pipeline: CompiledPipeline;
  readonly rules: RuleChecker;

  readonly keyLayout: KeyLayout | null;
  /** By output name; the first is the pipeline's own. */
  readonly outputs: readonly OutputTopic[];
}

/** One pipeline, compiled for events of one value schema and one key schema. */
export class TableProgram {
  readonly pipeline: CompiledPipeline;
  readonly #rules: RuleChecker;
  readonly #outputs: readonly OutputTopic[];
  readonly #after: RowImage;
  readonly #before: RowImage;
  readonly #keyRow: Row;
  readonly #keyLayout: KeyLayout | null;
  /** Input column of each column of the key record. */
  readonly #keyInputs: readonly number[];
  readonly #cursor = new AvroCursor();

  constructor(parts: TableProgramParts) {
    const { pipeline, rules, keyLayout } = parts;
    this.pipeline = pipeline;
    this.#rules = rules;
    this.#outputs = parts.outputs;
    const columns = pipeline.input.columns;
    const ruleSlots = rules.rules.flatMap((rule) => rule.slots).filter((slot) => slot < columns.length);
    this.#after = new RowImage(pipeline, new Set([...pipeline.reads, ...ruleSlots]));
    this.#before = new RowImage(pipeline, new Set(pipeline.reads));
    this.#keyRow = pipeline.createRow();
    this.#keyLayout = keyLayout;
    this.#keyInputs = (keyLayout?.columns ?? []).map((key) =>
      columns.findIndex((column) => column.name === key.name),
    );
  }

  /**
   * Takes one event, which the reader has read, through the pipeline and appends what comes of it.
   * @throws AvroDecodeError before anything is appended, when the event's bytes are damaged
   */
  process(
    record: SourceRecord,
    reader: EnvelopeReader,
    sourcePartition: number,
    writer: CuratedWriter,
  ): Outcome {
    const { op } = reader;
    if (op === OP_TRUNCATE || op === OP_MESSAGE) {
      for (const output of this.#outputs) writer.passOn(output, record, reader, sourcePartition);
      return GOOD;
    }
    const isDelete = op === OP_DELETE;
    this.#readRows(record, reader, isDelete);
    const keyRejected = this.#writeKey(record, writer);
    if (keyRejected) return quarantined([keyRejected]);
    if (isDelete) {
      for (const output of this.#outputs)
        writer.remove(output, record, reader, this.#oldImage(reader), sourcePartition);
      return GOOD;
    }
    return this.#processRow(record, reader, sourcePartition, writer);
  }

  #readRows(record: SourceRecord, reader: EnvelopeReader, isDelete: boolean): void {
    if (reader.beforeOffset >= 0) {
      this.#before.read(reader.cursorAt(reader.beforeOffset));
      this.pipeline.transform(this.#before.row);
    }
    if (isDelete) return;
    if (reader.afterOffset < 0) throw new AvroDecodeError('an event without its row');
    const cursor = reader.cursorAt(reader.afterOffset);
    this.#after.read(cursor);
    if (cursor.pos !== record.valueEnd) throw new AvroDecodeError('bytes are left after the row');
    this.#after.markUnavailable(reader.unavailable);
  }

  #processRow(
    record: SourceRecord,
    reader: EnvelopeReader,
    sourcePartition: number,
    writer: CuratedWriter,
  ): Outcome {
    const after = this.#after;
    const isUpdate = reader.op === OP_UPDATE;
    const result = this.pipeline.run(after.row);
    if (result.tag === 'reject') return quarantined([result]);
    if (result.tag === 'drop') {
      // The curated state is the filtered state: a row that was in it before the update must leave it.
      if (isUpdate) this.#removeFrom(this.#outputs, record, reader, sourcePartition, writer);
      return DROPPED;
    }
    const broken = this.#rules.check(after.row);
    if (broken.length > 0)
      return quarantined(
        broken.map(({ rule, reason }) => ({ rule: rule.name, fingerprint: rule.fingerprint, reason })),
      );
    const chosen = result.tag === 'route' ? this.#output(result.output) : (this.#outputs[0] as OutputTopic);
    const before = reader.beforeOffset >= 0 ? this.#before : null;
    writer.upsert(chosen, record, reader, before, after, sourcePartition);
    // The event does not tell where the row was before, so it leaves every other output.
    if (isUpdate && this.#outputs.length > 1)
      this.#removeFrom(
        this.#outputs.filter((output) => output !== chosen),
        record,
        reader,
        sourcePartition,
        writer,
      );
    return GOOD;
  }

  #removeFrom(
    outputs: readonly OutputTopic[],
    record: SourceRecord,
    reader: EnvelopeReader,
    sourcePartition: number,
    writer: CuratedWriter,
  ): void {
    let old = this.#oldImage(reader);
    if (!old && writer.hasKey) old = { image: this.#after, keySlots: this.pipeline.keySlots };
    // A row with neither a key nor an old image can't be named, so no consumer could remove it.
    if (!old) return;
    for (const output of outputs) writer.remove(output, record, reader, old, sourcePartition);
  }

  #oldImage(reader: EnvelopeReader): OldImage {
    return reader.beforeOffset >= 0 ? { image: this.#before, keySlots: null } : null;
  }

  #output(name: string): OutputTopic {
    const found = this.#outputs.find((output) => output.name === name);
    if (!found) throw new Error(`the output ${name} was never opened`);
    return found;
  }

  #writeKey(record: SourceRecord, writer: CuratedWriter): Reject | null {
    const { pipeline } = this;
    if (record.keyStart < 0 || !this.#keyLayout) {
      writer.noKey();
      return null;
    }
    if (!pipeline.keyChanges) {
      writer.copyKey(record, WIRE_HEADER_BYTES);
      return null;
    }
    const row = this.#keyRow;
    const cursor = this.#cursor.reset(record.buffer, record.keyStart + WIRE_HEADER_BYTES, record.keyEnd);
    clearUnavailable(row);
    this.#keyLayout.columns.forEach((column, i) => {
      row.values[this.#keyInputs[i] as number] = readValue(cursor, column.type);
    });
    const result = pipeline.runKey(row);
    if (result.tag === 'reject') return result;
    const { key } = writer;
    key.reset();
    key.reserve(WIRE_HEADER_BYTES);
    key.pos = WIRE_HEADER_BYTES;
    for (const slot of pipeline.keySlots) {
      const column = pipeline.columns.find((one) => one.slot === slot);
      if (column) writeValue(key, column.type, row.values[slot] ?? null);
    }
    writer.keyEncoded(WIRE_HEADER_BYTES);
    return null;
  }
}
