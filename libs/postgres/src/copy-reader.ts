import { copyHeaderBytes, isCopyTrailer } from '@hasivu/pgoutput';

import { mapPostgresError } from './postgres-error.ts';
import { parseServerError, queryMessage, SERVER } from './server-message.ts';
import type { WireConnection } from './wire-connection.ts';

/**
 * `COPY (…) TO STDOUT (FORMAT binary)`, pulled: `read` waits for rows, `next` steps through them in place. The rest of
 * the table stays in the server while the caller is busy.
 */
export class CopyReader {
  /** The row found: its column count and fields. Valid until the next `read`. */
  buffer: Buffer;
  start = 0;
  end = 0;
  done = false;
  readonly #connection: WireConnection;
  readonly #doing: string;
  #headerSeen = false;

  private constructor(connection: WireConnection, doing: string) {
    this.#connection = connection;
    this.#doing = doing;
    this.buffer = connection.frames.buffer;
  }

  static start(connection: WireConnection, doing: string, query: string): CopyReader {
    connection.send(queryMessage(`COPY (${query}) TO STDOUT (FORMAT binary)`));
    return new CopyReader(connection, doing);
  }

  async read(): Promise<void> {
    try {
      await this.#connection.read();
    } catch (error) {
      throw mapPostgresError(error, this.#doing);
    }
  }

  /** True when `buffer[start, end)` is a row; false when more has to be read, or with `done` after the last row. */
  next(): boolean {
    const { frames } = this.#connection;
    while (!this.done && frames.next()) {
      if (frames.tag === SERVER.copyData) {
        this.buffer = frames.buffer;
        this.start = frames.start;
        this.end = frames.end;
        if (!this.#headerSeen) {
          this.#headerSeen = true;
          this.start += copyHeaderBytes(frames.buffer, frames.start, frames.end);
        }
        if (this.start < this.end && !isCopyTrailer(this.buffer, this.start)) return true;
      } else if (frames.tag === SERVER.error) {
        throw mapPostgresError(parseServerError(frames.buffer, frames.start, frames.end), this.#doing);
      } else if (frames.tag === SERVER.readyForQuery) {
        this.done = true;
      }
    }
    return false;
  }
}
