import { toLsn, type Lsn } from '@hasivu/change-events';

/** Microseconds between 1970-01-01 and Postgres' own epoch, 2000-01-01. */
const PG_EPOCH_MS = 946684800000;

export interface BeginMessage {
  /** Start of the transaction's commit record. */
  readonly commitLsn: Lsn;
  /** Milliseconds since 1970. */
  readonly commitTsMs: number;
  readonly xid: number;
}

/** Parses the message whose tag is at `start`. */
export function parseBegin(buf: Buffer, start: number): BeginMessage {
  return {
    commitLsn: toLsn(buf.readBigUInt64BE(start + 1)),
    commitTsMs: serverTimeMs(buf, start + 9),
    xid: buf.readUInt32BE(start + 17),
  };
}

export interface CommitMessage {
  readonly commitLsn: Lsn;
  /** First byte behind the commit record: confirming it releases the transaction. */
  readonly endLsn: Lsn;
}

export function parseCommit(buf: Buffer, start: number): CommitMessage {
  return {
    commitLsn: toLsn(buf.readBigUInt64BE(start + 2)),
    endLsn: toLsn(buf.readBigUInt64BE(start + 10)),
  };
}

/** OIDs of the tables that one TRUNCATE emptied, in the order the server names them. */
export function parseTruncate(buf: Buffer, start: number): number[] {
  const count = buf.readInt32BE(start + 1);
  return Array.from({ length: count }, (_, i) => buf.readUInt32BE(start + 6 + i * 4));
}

/** A server timestamp (microseconds since 2000) as milliseconds since 1970. */
export function serverTimeMs(buf: Buffer, at: number): number {
  const micros = buf.readInt32BE(at) * 4294967296 + buf.readUInt32BE(at + 4);
  return PG_EPOCH_MS + Math.floor(micros / 1000);
}
