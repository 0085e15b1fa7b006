import { toLsn, type Lsn } from '@hasivu/change-events';

/** What `pg_logical_emit_message` wrote. */
export interface LogicalMessage {
  /** Comes with its transaction, if that commits; otherwise at once, whatever becomes of the transaction. */
  readonly transactional: boolean;
  /** First byte behind the message's log record. */
  readonly lsn: Lsn;
  readonly prefix: string;
  /** A view of the bytes parsed: copy what is to be kept. */
  readonly content: Buffer;
}

/** Parses the message whose tag is at `start`. */
export function parseLogical(buf: Buffer, start: number): LogicalMessage {
  const prefixEnd = buf.indexOf(0, start + 10);
  const contentStart = prefixEnd + 5;
  return {
    transactional: (buf.readUInt8(start + 1) & 1) === 1,
    lsn: toLsn(buf.readBigUInt64BE(start + 2)),
    prefix: buf.toString('utf8', start + 10, prefixEnd),
    content: buf.subarray(contentStart, contentStart + buf.readUInt32BE(prefixEnd + 1)),
  };
}
