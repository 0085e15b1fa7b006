import { AvroBuffer } from './avro-buffer.ts';

/** What stays the same in the `source` block of every event of one table. */
export interface SourceIdentity {
  readonly version: string;
  /** Logical name of the source: the topic prefix. */
  readonly name: string;
  readonly database: string;
  readonly schema: string;
  readonly table: string;
}

/** What differs from event to event. LSNs come as halves (`hi` signed, `lo` unsigned); `txId` -1 writes null. */
export interface SourceMoment {
  commitTsMs: number;
  snapshot: string;
  txId: number;
  lsnHi: number;
  lsnLo: number;
  commitLsnHi: number;
  commitLsnLo: number;
  seq: number;
}

/** Writes `source` blocks of one table; the constant parts are encoded once. */
export class SourceBlockWriter {
  readonly #head: Buffer;
  readonly #names: Buffer;
  #snapshot = '';
  #snapshotBytes = encodedText('');

  constructor(identity: SourceIdentity) {
    this.#head = encoded((out) => {
      out.writeString(identity.version);
      out.writeString('postgresql');
      out.writeString(identity.name);
    });
    this.#names = encoded((out) => {
      out.writeString(identity.database);
      out.writeNull(); // sequence
      out.writeString(identity.schema);
      out.writeString(identity.table);
    });
  }

  write(out: AvroBuffer, moment: SourceMoment): void {
    out.writeRaw(this.#head, 0, this.#head.length);
    out.writeLong(moment.commitTsMs);
    if (moment.snapshot !== this.#snapshot) {
      this.#snapshot = moment.snapshot;
      this.#snapshotBytes = encodedText(moment.snapshot);
    }
    out.writeRaw(this.#snapshotBytes, 0, this.#snapshotBytes.length);
    out.writeRaw(this.#names, 0, this.#names.length);
    if (moment.txId < 0) {
      out.writeNull();
    } else {
      out.writePresent();
      out.writeLong(moment.txId);
    }
    if (moment.lsnHi === 0 && moment.lsnLo === 0) {
      out.writeNull();
    } else {
      out.writePresent();
      out.writeLongHalves(moment.lsnHi, moment.lsnLo);
    }
    out.writeNull(); // xmin
    out.writeLongHalves(moment.commitLsnHi, moment.commitLsnLo);
    out.writeLong(moment.seq);
  }
}

function encodedText(text: string): Buffer {
  return encoded((out) => out.writeString(text));
}

function encoded(write: (out: AvroBuffer) => void): Buffer {
  const out = new AvroBuffer(256);
  write(out);
  return Buffer.from(out.bytes.subarray(0, out.pos));
}
