import { crc32c } from '@node-rs/crc32';
import type { ProducerIdentity } from '../protocol/init-producer-id.ts';
import { varintSize, varlongSize, writeVarint, writeVarlong } from '../wire/varint.ts';
import { ATTRIBUTE, BATCH, BATCH_LOG_OVERHEAD } from './batch-header.ts';
import { CODEC, type PackedRecords } from './codec.ts';

/** Headers of one record, in order. Strings are written as UTF-8. */
export type RecordHeaders = readonly (readonly [string, Buffer | string])[];

const INITIAL_BYTES = 16 * 1024;
/** Below this length a loop beats the call into native code. */
const SHORT_COPY_BYTES = 48;

/** One record batch under construction: records are written once, in their final form, into a buffer that is reused. */
export class BatchBuilder {
  #bytes = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  #position: number = BATCH.records;
  #baseTimestampMs = 0;
  #maxTimestampMs = 0;
  count = 0;
  /** Bound on the batch with its header, before compression; to be changed only while it is empty. */
  maxBytes: number;

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  /** Bytes of the batch so far, header included. */
  get size(): number {
    return this.#position;
  }

  /** Bytes that this builder holds on to while it waits for reuse. */
  get capacity(): number {
    return this.#bytes.length;
  }

  reset(): void {
    this.#position = BATCH.records;
    this.count = 0;
  }

  /**
   * Appends one record and returns true, or returns false and changes nothing where it does not fit any more.
   * `key`/`value` null are Kafka nulls; else the bytes from start to end (exclusive) are copied.
   */
  append(
    key: Buffer | null,
    keyStart: number,
    keyEnd: number,
    value: Buffer | null,
    valueStart: number,
    valueEnd: number,
    timestampMs: number,
    headers: RecordHeaders | undefined,
  ): boolean {
    if (this.count === 0) {
      this.#baseTimestampMs = timestampMs;
      this.#maxTimestampMs = timestampMs;
    }
    const keyLength = key === null ? -1 : keyEnd - keyStart;
    const valueLength = value === null ? -1 : valueEnd - valueStart;
    const timestampDelta = timestampMs - this.#baseTimestampMs;
    const body =
      1 +
      varlongSize(timestampDelta) +
      varintSize(this.count) +
      varintSize(keyLength) +
      (keyLength > 0 ? keyLength : 0) +
      varintSize(valueLength) +
      (valueLength > 0 ? valueLength : 0) +
      headersSize(headers);
    const end = this.#position + varintSize(body) + body;
    if (end > this.maxBytes) return false;
    if (end > this.#bytes.length) this.#grow(end);

    const bytes = this.#bytes;
    let at = writeVarint(bytes, this.#position, body);
    bytes[at++] = 0; // attributes: none are defined
    at = writeVarlong(bytes, at, timestampDelta);
    at = writeVarint(bytes, at, this.count);
    at = writeVarint(bytes, at, keyLength);
    if (key !== null) at = copyBytes(key, keyStart, keyEnd, bytes, at);
    at = writeVarint(bytes, at, valueLength);
    if (value !== null) at = copyBytes(value, valueStart, valueEnd, bytes, at);
    this.#position = headers === undefined ? writeVarint(bytes, at, 0) : writeHeaders(bytes, at, headers);
    this.count++;
    if (timestampMs > this.#maxTimestampMs) this.#maxTimestampMs = timestampMs;
    return true;
  }

  #grow(needed: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.min(this.maxBytes, Math.max(needed, this.#bytes.length * 2)));
    this.#bytes.copy(grown, 0, 0, this.#position);
    this.#bytes = grown;
  }

  /** The records so far, in this builder's own buffer: valid until `reset`. */
  get records(): Buffer {
    return this.#bytes.subarray(BATCH.records, this.#position);
  }

  /**
   * Completes the header and returns the batch. Without `packed` records the bytes are this builder's own buffer: they
   * stay valid until `reset`.
   */
  seal(
    identity: ProducerIdentity,
    baseSequence: number,
    transactional: boolean,
    packed: PackedRecords | null,
  ): Buffer {
    const codec = packed?.codec ?? CODEC.none;
    const batch =
      packed === null || codec === CODEC.none
        ? this.#bytes.subarray(0, this.#position)
        : Buffer.concat([this.#bytes.subarray(0, BATCH.records), packed.bytes]);
    batch.writeBigInt64BE(0n, BATCH.baseOffset);
    batch.writeInt32BE(batch.length - BATCH_LOG_OVERHEAD, BATCH.batchLength);
    batch.writeInt32BE(-1, BATCH.partitionLeaderEpoch);
    batch.writeInt8(2, BATCH.magic);
    batch.writeInt16BE(codec | (transactional ? ATTRIBUTE.transactional : 0), BATCH.attributes);
    batch.writeInt32BE(this.count - 1, BATCH.lastOffsetDelta);
    batch.writeBigInt64BE(BigInt(this.#baseTimestampMs), BATCH.baseTimestamp);
    batch.writeBigInt64BE(BigInt(this.#maxTimestampMs), BATCH.maxTimestamp);
    batch.writeBigInt64BE(identity.producerId, BATCH.producerId);
    batch.writeInt16BE(identity.producerEpoch, BATCH.producerEpoch);
    batch.writeInt32BE(baseSequence, BATCH.baseSequence);
    batch.writeInt32BE(this.count, BATCH.recordCount);
    batch.writeUInt32BE(crc32c(batch.subarray(BATCH.attributes)), BATCH.crc);
    return batch;
  }
}

function copyBytes(from: Buffer, start: number, end: number, to: Buffer, at: number): number {
  const length = end - start;
  if (length < SHORT_COPY_BYTES) {
    for (let i = 0; i < length; i++) to[at + i] = from[start + i] as number;
  } else {
    from.copy(to, at, start, end);
  }
  return at + length;
}

function byteLength(value: Buffer | string): number {
  return typeof value === 'string' ? Buffer.byteLength(value) : value.length;
}

function headersSize(headers: RecordHeaders | undefined): number {
  if (headers === undefined) return 1;
  let size = varintSize(headers.length);
  for (const [name, value] of headers) {
    const nameLength = Buffer.byteLength(name);
    const valueLength = byteLength(value);
    size += varintSize(nameLength) + nameLength + varintSize(valueLength) + valueLength;
  }
  return size;
}

function writeHeaders(bytes: Buffer, offset: number, headers: RecordHeaders): number {
  let at = writeVarint(bytes, offset, headers.length);
  for (const [name, value] of headers) {
    at = writeVarint(bytes, at, Buffer.byteLength(name));
    at += bytes.write(name, at);
    at = writeVarint(bytes, at, byteLength(value));
    at += typeof value === 'string' ? bytes.write(value, at) : value.copy(bytes, at);
  }
  return at;
}
