import { formatLsn, toLsn, type Lsn } from '@hasivu/change-events';
import { int32At, malformedMessage, unknownBinary } from '@hasivu/pgoutput';

import { BINARY } from './pgoutput-options.ts';
import { mapPostgresError } from './postgres-error.ts';
import {
  copyDataMessage,
  parseServerError,
  queryMessage,
  SERVER,
  type ServerError,
} from './server-message.ts';
import { quoteIdentifier } from './sql-quote.ts';
import type { WireConnection } from './wire-connection.ts';

/** What {@link ReplicationStream.next} found. */
export const STREAM = { nothing: 0, change: 1, keepalive: 2 } as const;

const UNDEFINED_FUNCTION = '42883';
const XLOG_DATA = 0x77; // w
const KEEPALIVE = 0x6b; // k
const STATUS_BYTES = 34;
const PG_EPOCH_MS = 946684800000;

export interface StreamOptions {
  readonly slot: string;
  /** Options of the output plugin, as they stand in the command: {@link pgoutputOptions}. */
  readonly plugin: string;
  readonly startLsn: Lsn;
  /** Interval of the status updates that keep the connection alive, however busy the reader is. */
  readonly statusIntervalMs: number;
  /** Position below which Postgres may forget: read at every status update. */
  readonly confirmedLsn: () => Lsn;
}

/**
 * A logical replication stream, pulled: `read` waits for bytes, `next` steps through the messages in place. Nothing is
 * read while the caller is busy, so a slow sink slows the server down instead of filling memory. What was received is
 * reported, but only what `confirmedLsn` gives is confirmed.
 */
export class ReplicationStream {
  /** The message found: a pgoutput message for a change. Valid until the next `read`. */
  buffer: Buffer;
  start = 0;
  end = 0;
  /** Position of the change's own log record, as halves (`hi` signed, `lo` unsigned). */
  lsnHi = 0;
  lsnLo = 0;
  replyRequested = false;
  readonly #connection: WireConnection;
  readonly #options: StreamOptions;
  readonly #timer: NodeJS.Timeout;
  #received: Lsn;
  #walEndHi = 0;
  #walEndLo = 0;

  private constructor(connection: WireConnection, options: StreamOptions) {
    this.#connection = connection;
    this.#options = options;
    this.#received = options.startLsn;
    this.buffer = connection.frames.buffer;
    this.#timer = setInterval(() => this.sendStatus(), options.statusIntervalMs);
  }

  static async start(connection: WireConnection, options: StreamOptions): Promise<ReplicationStream> {
    const command = `START_REPLICATION SLOT ${quoteIdentifier(options.slot)} LOGICAL ${formatLsn(options.startLsn)} (${options.plugin})`;
    try {
      connection.send(queryMessage(command));
      const { frames } = connection;
      for (;;) {
        await connection.nextFrame();
        if (frames.tag === SERVER.error) throw parseServerError(frames.buffer, frames.start, frames.end);
        if (frames.tag === SERVER.copyBoth) return new ReplicationStream(connection, options);
      }
    } catch (error) {
      throw mapPostgresError(error, `starting to read the replication slot "${options.slot}"`);
    }
  }

  /** Last position the server says it has sent. */
  get receivedLsn(): Lsn {
    const lsn = toLsn((BigInt(this.#walEndHi) << 32n) | BigInt(this.#walEndLo));
    return lsn > this.#received ? lsn : this.#received;
  }

  /** True when bytes arrived; false when `timeoutMs` passed or `interrupt` was called. */
  async read(timeoutMs: number): Promise<boolean> {
    try {
      return await this.#connection.read(timeoutMs);
    } catch (error) {
      throw mapPostgresError(error, 'reading the replication stream');
    }
  }

  interrupt(): void {
    this.#connection.interrupt();
  }

  /** Steps to the next message among the bytes read. */
  next(): number {
    const { frames } = this.#connection;
    while (frames.next()) {
      const { buffer, start } = frames;
      if (frames.tag === SERVER.copyData) {
        const kind = buffer[start];
        if (kind === XLOG_DATA) {
          this.buffer = buffer;
          this.lsnHi = int32At(buffer, start + 1);
          this.lsnLo = int32At(buffer, start + 5) >>> 0;
          this.#walEndHi = int32At(buffer, start + 9);
          this.#walEndLo = int32At(buffer, start + 13) >>> 0;
          this.start = start + 25;
          this.end = frames.end;
          return STREAM.change;
        }
        if (kind === KEEPALIVE) {
          this.#walEndHi = int32At(buffer, start + 1);
          this.#walEndLo = int32At(buffer, start + 5) >>> 0;
          this.replyRequested = buffer[start + 17] === 1;
          return STREAM.keepalive;
        }
        throw malformedMessage(`an unknown stream message ${String(kind)}`);
      }
      if (frames.tag === SERVER.error) {
        throw this.#streamError(parseServerError(buffer, start, frames.end));
      }
      if (frames.tag === SERVER.copyDone) {
        throw mapPostgresError(
          new Error('the server ended the stream: it is shutting down'),
          'reading the replication stream',
        );
      }
    }
    return STREAM.nothing;
  }

  // An array of a type without a binary form has one by the catalog, and the server gives up when it has to send it.
  #streamError(error: ServerError): Error {
    if (error.code === UNDEFINED_FUNCTION && this.#options.plugin.includes(BINARY))
      unknownBinary(error.message);
    return mapPostgresError(error, 'reading the replication stream');
  }

  /** Reports what was received and what is confirmed. Called by the timer, on request, and after progress. */
  sendStatus(): void {
    const confirmed = this.#options.confirmedLsn();
    const status = Buffer.alloc(STATUS_BYTES);
    status[0] = 0x72; // r
    status.writeBigUInt64BE(this.receivedLsn, 1);
    status.writeBigUInt64BE(confirmed, 9);
    status.writeBigUInt64BE(confirmed, 17);
    status.writeBigInt64BE(BigInt(Date.now() - PG_EPOCH_MS) * 1000n, 25);
    this.#connection.send(copyDataMessage(status));
  }

  /** Sends a last status and closes the connection, which frees the slot. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.sendStatus();
    await this.#connection.close();
  }
}
