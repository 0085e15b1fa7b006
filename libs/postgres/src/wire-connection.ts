import type { Duplex } from 'node:stream';

import type pg from 'pg';

import type { PostgresTarget } from './connection-options.ts';
import { FrameBuffer } from './frame-buffer.ts';
import { openClient } from './open-client.ts';
import { mapPostgresError } from './postgres-error.ts';
import { PacedSocket, PulledStream, type PulledBytes } from './pulled-bytes.ts';
import { parseDataRow, parseServerError, queryMessage, SERVER, TERMINATE_MESSAGE } from './server-message.ts';

const CLOSE_TIMEOUT_MS = 2000;

export interface WireOptions {
  /** A walsender session, which also runs ordinary statements. */
  readonly replication: boolean;
}

/**
 * A session whose bytes we read ourselves. `pg` opens it (TLS, SCRAM), then its parser is taken off the socket, and the
 * socket is only read when `read` is called: nothing piles up in memory while the reader waits for someone else.
 */
export class WireConnection {
  readonly frames = new FrameBuffer();
  readonly #bytes: PulledBytes;
  readonly #socket: Duplex;
  #failure: Error | undefined;
  #wake: (() => void) | undefined;

  private constructor(client: pg.Client) {
    client.on('error', (error) => this.#fail(error));
    const { stream } = (client as pg.Client & { readonly connection: { readonly stream: Duplex } })
      .connection;
    stream.pause();
    stream.removeAllListeners('data');
    this.#bytes = stream instanceof PacedSocket ? stream.pull() : new PulledStream(stream);
    this.#bytes.onArrival = () => this.#wake?.();
    this.#socket = stream;
    for (const event of ['end', 'close'] as const) {
      this.#socket.on(event, () => this.#fail(new Error('the connection was closed by the server')));
    }
  }

  static async open(target: PostgresTarget, options: WireOptions): Promise<WireConnection> {
    const { client } = await openClient(target, options.replication, () => undefined);
    return new WireConnection(client);
  }

  /**
   * Waits for bytes and appends them to `frames`. False when `timeoutMs` passed or `interrupt` was called first.
   * @throws Error (to be mapped by the caller) when the connection is gone and everything received was read.
   */
  async read(timeoutMs?: number): Promise<boolean> {
    let waited = false;
    for (;;) {
      const chunk = this.#bytes.received();
      if (chunk) {
        this.frames.append(chunk);
        return true;
      }
      if (this.#failure) throw this.#failure;
      if (waited) return false;
      await this.#wait(timeoutMs);
      waited = true;
    }
  }

  /** Makes a waiting `read` return. */
  interrupt(): void {
    this.#wake?.();
  }

  send(message: Buffer): void {
    if (!this.#failure && this.#socket.writable) this.#socket.write(message);
  }

  /** Runs one statement by the simple protocol; columns come as text. */
  async query(doing: string, sql: string): Promise<(string | null)[][]> {
    try {
      this.send(queryMessage(sql));
      const rows: (string | null)[][] = [];
      let failure: Error | undefined;
      for (;;) {
        await this.nextFrame();
        const { tag, buffer, start, end } = this.frames;
        if (tag === SERVER.dataRow) rows.push(parseDataRow(buffer, start));
        else if (tag === SERVER.error) failure = parseServerError(buffer, start, end);
        else if (tag === SERVER.readyForQuery) break;
      }
      if (failure) throw failure;
      return rows;
    } catch (error) {
      throw mapPostgresError(error, doing);
    }
  }

  /** The server process at the other end. */
  async serverPid(): Promise<number> {
    const [row] = await this.query('asking for the server process', 'SELECT pg_backend_pid()');
    return Number(row?.[0]);
  }

  /** Moves `frames` to the next message, waiting for it as long as it takes. */
  async nextFrame(): Promise<void> {
    while (!this.frames.next()) await this.read();
  }

  /** Says goodbye, after which the server has everything that was sent, and waits for the socket to close. */
  async close(): Promise<void> {
    if (this.#socket.destroyed) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, CLOSE_TIMEOUT_MS);
      this.#socket.once('close', () => {
        clearTimeout(timer);
        resolve();
      });
      this.#bytes.discard();
      if (this.#socket.writable) this.#socket.end(TERMINATE_MESSAGE);
    });
    this.#socket.destroy();
  }

  #wait(timeoutMs: number | undefined): Promise<void> {
    return new Promise((resolve) => {
      const timer = timeoutMs === undefined ? undefined : setTimeout(() => this.#wake?.(), timeoutMs);
      this.#wake = () => {
        clearTimeout(timer);
        this.#wake = undefined;
        resolve();
      };
    });
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#wake?.();
  }
}
