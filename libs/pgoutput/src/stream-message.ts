import { toLsn, type Lsn } from '@hasivu/change-events';

import { serverTimeMs } from './transaction-message.ts';

/**
 * First byte of the messages about transactions that are not complete yet (protocol version 2 and later), and of
 * two-phase commit (version 3 and later).
 */
export const STREAM_MESSAGE = {
  start: 0x53, // S
  stop: 0x45, // E
  commit: 0x63, // c
  abort: 0x41, // A
  prepare: 0x70, // p
  beginPrepare: 0x62, // b
  prepared: 0x50, // P
  commitPrepared: 0x4b, // K
  rollbackPrepared: 0x72, // r
} as const;

/** Where a transaction that was sent before it was complete takes effect. */
export interface LateCommit {
  readonly xid: number;
  /** Start of the commit record. */
  readonly commitLsn: Lsn;
  /** First byte behind it. */
  readonly endLsn: Lsn;
  /** Milliseconds since 1970. */
  readonly commitTsMs: number;
}

/** Parses a Stream Commit message, whose tag is at `start`. */
export function parseStreamCommit(buf: Buffer, start: number): LateCommit {
  return {
    xid: buf.readUInt32BE(start + 1),
    commitLsn: toLsn(buf.readBigUInt64BE(start + 6)),
    endLsn: toLsn(buf.readBigUInt64BE(start + 14)),
    commitTsMs: serverTimeMs(buf, start + 22),
  };
}

/** Parses a Commit Prepared message. */
export function parseCommitPrepared(buf: Buffer, start: number): LateCommit {
  return {
    xid: buf.readUInt32BE(start + 26),
    commitLsn: toLsn(buf.readBigUInt64BE(start + 2)),
    endLsn: toLsn(buf.readBigUInt64BE(start + 10)),
    commitTsMs: serverTimeMs(buf, start + 18),
  };
}

export interface PrepareMessage {
  readonly xid: number;
  /** Start of the prepare record. */
  readonly prepareLsn: Lsn;
}

export function parseBeginPrepare(buf: Buffer, start: number): PrepareMessage {
  return { xid: buf.readUInt32BE(start + 25), prepareLsn: toLsn(buf.readBigUInt64BE(start + 1)) };
}

export function parseStreamPrepare(buf: Buffer, start: number): PrepareMessage {
  return { xid: buf.readUInt32BE(start + 26), prepareLsn: toLsn(buf.readBigUInt64BE(start + 2)) };
}

/** Transaction of a Rollback Prepared message. */
export function rolledBackXid(buf: Buffer, start: number): number {
  return buf.readUInt32BE(start + 34);
}
