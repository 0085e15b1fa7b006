import { crc32c } from '@node-rs/crc32';
import { PlatformError } from '@hasivu/errors';
import type { AbortedTransactions } from './aborted-transactions.ts';
import { ATTRIBUTE, BATCH, BATCH_LOG_OVERHEAD } from './batch-header.ts';
import { decompressRecords } from './codec.ts';

const CONTROL_ABORT = 0;
const EMPTY = Buffer.alloc(0);

export interface RecordCursorSource {
  /** Whole batches only. */
  readonly set: Buffer;
  /** Records before this offset are skipped: the broker returns whole batches. */
  readonly fromOffset: bigint;
  readonly aborted: AbortedTransactions;
  /** Topic and partition, for errors. */
  readonly where: string;
}

/**
 * Reads the records of a fetched set in place. `next()` moves to the next data record and sets the fields; nothing is
 * allocated per record. Control batches and aborted records are passed over. Key and value are ranges of `buffer`,
 * valid until the next call of `next()` (a compressed batch has its own buffer); copy what must live longer.
 */
export class RecordCursor {
  /** The bytes that the ranges below point into. Changes between batches. */
  buffer: Buffer = EMPTY;
  /** -1 for a null key; else the key is `buffer[keyStart, keyEnd)`. */
  keyStart = -1;
  keyEnd = -1;
  /** -1 for a null value (a tombstone). */
  valueStart = -1;
  valueEnd = -1;
  /** Milliseconds since the epoch. */
  timestampMs = 0;

  readonly #source: RecordCursorSource;
  #nextBatchAt = 0;
  #batchOffset = 0n;
  #batchOffsetNumber = 0;
  #baseTimestampMs = 0;
  #skipBelowDelta = 0;
  #offsetDelta = 0;
  #left = 0;
  #position = 0;
  #headersAt = 0;
  #recordEnd = 0;

  constructor(source: RecordCursorSource) {
    this.#source = source;
  }

  /** Offset of the current record. Makes a bigint: on a hot path prefer `offsetNumber`. */
  get offset(): bigint {
    return this.#batchOffset + BigInt(this.#offsetDelta);
  }

  /** Offset of the current record as a number, exact below 2^53. */
  get offsetNumber(): number {
    return this.#batchOffsetNumber + this.#offsetDelta;
  }

  /** Moves to the next data record; false at the end of the set. */
  next(): boolean {
    for (;;) {
      while (this.#left > 0) {
        this.#left--;
        this.#readRecord();
        if (this.#offsetDelta >= this.#skipBelowDelta) return true;
      }
      if (!this.#openBatch()) return false;
    }
  }

  #readRecord(): void {
    const { buffer } = this;
    this.#headersAt = -1;
    const length = this.#varint();
    const end = this.#position + length;
    if (length < 0 || end > buffer.length) this.#corrupt('a record runs past the end of its batch');
    this.#recordEnd = end;
    this.#position++; // attributes: none are defined
    this.timestampMs = this.#baseTimestampMs + this.#varlong();
    this.#offsetDelta = this.#varint();
    const keyLength = this.#varint();
    if (keyLength < 0) {
      this.keyStart = -1;
      this.keyEnd = -1;
    } else {
      this.keyStart = this.#position;
      this.keyEnd = this.#position += keyLength;
    }
    const valueLength = this.#varint();
    if (valueLength < 0) {
      this.valueStart = -1;
      this.valueEnd = -1;
    } else {
      this.valueStart = this.#position;
      this.valueEnd = this.#position += valueLength;
    }
    if (this.#position > end) this.#corrupt('a key or value runs past the end of its record');
    this.#headersAt = this.#position;
    this.#position = end;
  }

  #varint(): number {
    const { buffer } = this;
    let at = this.#position;
    let byte = buffer[at++] as number;
    let value = byte & 0x7f;
    for (let shift = 7; byte > 0x7f && shift < 35; shift += 7) {
      byte = buffer[at++] as number;
      value |= (byte & 0x7f) << shift;
    }
    this.#position = at;
    return (value >>> 1) ^ -(value & 1);
  }

  #varlong(): number {
    const { buffer } = this;
    let at = this.#position;
    let byte = buffer[at++] as number;
    let value = byte & 0x7f;
    for (let scale = 128; byte > 0x7f && scale < Number.MAX_SAFE_INTEGER; scale *= 128) {
      byte = buffer[at++] as number;
      value += (byte & 0x7f) * scale;
    }
    this.#position = at;
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  /** Opens the next batch that has data for this reader; false where the set ends. */
  #openBatch(): boolean {
    const { set, fromOffset, aborted, where } = this.#source;
    while (set.length - this.#nextBatchAt >= BATCH.records) {
      const at = this.#nextBatchAt;
      const end = at + BATCH_LOG_OVERHEAD + set.readInt32BE(at + BATCH.batchLength);
      this.#nextBatchAt = end;
      const baseOffset = set.readBigInt64BE(at + BATCH.baseOffset);
      this.#batchOffset = baseOffset;
      if (crc32c(set.subarray(at + BATCH.attributes, end)) !== set.readUInt32BE(at + BATCH.crc)) {
        this.#corrupt('the checksum does not match');
      }
      const attributes = set.readInt16BE(at + BATCH.attributes);
      const lastOffset = baseOffset + BigInt(set.readInt32BE(at + BATCH.lastOffsetDelta));
      if (!aborted.isEmpty && (attributes & ATTRIBUTE.transactional) !== 0) {
        const producerId = set.readBigInt64BE(at + BATCH.producerId);
        const isAborted = aborted.covers(producerId, lastOffset);
        if ((attributes & ATTRIBUTE.control) !== 0) {
          if (controlType(set, at) === CONTROL_ABORT) aborted.close(producerId);
        } else if (isAborted) {
          continue;
        }
      }
      if ((attributes & ATTRIBUTE.control) !== 0 || lastOffset < fromOffset) continue;

      const codec = attributes & ATTRIBUTE.codecMask;
      const plain = set.subarray(0, end);
      this.buffer =
        codec === 0
          ? plain
          : decompressRecords(codec, plain.subarray(at + BATCH.records), `${where}, offset ${baseOffset}`);
      this.#position = codec === 0 ? at + BATCH.records : 0;
      this.#left = set.readInt32BE(at + BATCH.recordCount);
      this.#batchOffsetNumber = Number(baseOffset);
      this.#baseTimestampMs = Number(set.readBigInt64BE(at + BATCH.baseTimestamp));
      this.#skipBelowDelta = fromOffset > baseOffset ? Number(fromOffset - baseOffset) : 0;
      return true;
    }
    return false;
  }

  /** Headers of the current record, copied. Where a name repeats the last one wins; null values read as empty. */
  headers(): Map<string, Buffer> {
    const headers = new Map<string, Buffer>();
    const resume = this.#position;
    this.#position = this.#headersAt;
    const count = this.#varint();
    for (let i = 0; i < count; i++) {
      const name = this.#range().toString('utf8');
      headers.set(name, Buffer.from(this.#range()));
    }
    this.#position = resume;
    return headers;
  }

  #range(): Buffer {
    const length = Math.max(0, this.#varint());
    const start = this.#position;
    this.#position = start + length;
    if (this.#position > this.#recordEnd) this.#corrupt('a header runs past the end of its record');
    return this.buffer.subarray(start, this.#position);
  }

  /** A copy of the current key; null for a null key. */
  copyKey(): Buffer | null {
    return this.keyStart < 0 ? null : Buffer.from(this.buffer.subarray(this.keyStart, this.keyEnd));
  }

  /** A copy of the current value; null for a tombstone. */
  copyValue(): Buffer | null {
    return this.valueStart < 0 ? null : Buffer.from(this.buffer.subarray(this.valueStart, this.valueEnd));
  }

  #corrupt(why: string): never {
    throw new PlatformError('KAFKA_BATCH_CORRUPT', {
      doing: `reading ${this.#source.where}`,
      why: `${why} (batch at offset ${this.#batchOffset})`,
    });
  }
}

/** The control type stands in the key of the batch's only record: int16 version, int16 type. */
function controlType(set: Buffer, batchAt: number): number {
  // A control record is small: length, attributes, both deltas and the key length are one byte each.
  return set.readInt16BE(batchAt + BATCH.records + 5 + 2);
}
