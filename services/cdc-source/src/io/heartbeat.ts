import { isPlatformError, type PlatformError } from '@hasivu/errors';
import { CatalogSession } from '@hasivu/postgres';

import { heartbeatContent, heartbeatTime, HEARTBEAT_PREFIX } from '../core/heartbeat-message.ts';
import type { MessageHandler } from '../core/message-router.ts';
import type { SourceDependencies } from '../source-dependencies.ts';
import type { PreparedSource } from './source-checks.ts';

/**
 * Writes something for the stream to bring when the database itself is silent, so that a dead stream can be told from an
 * idle database. A standby cannot be written to: there it only listens. A failure is logged and never ends the stream.
 */
export class Heartbeat implements AsyncDisposable {
  readonly #dependencies: SourceDependencies;
  readonly #prepared: PreparedSource;
  readonly #timer: NodeJS.Timeout | undefined;
  #querySession: CatalogSession | null = null;
  #beating: Promise<void> | null = null;
  #receivedMs = -1;
  #failing = '';

  constructor(dependencies: SourceDependencies, prepared: PreparedSource) {
    this.#dependencies = dependencies;
    this.#prepared = prepared;
    const { intervalMs } = dependencies.settings.postgres.heartbeat;
    if (intervalMs === 0 || prepared.server.inRecovery) return;
    dependencies.metrics.received(Date.now() / 1000);
    this.#timer = setInterval(() => {
      this.#beating ??= this.#beat().finally(() => (this.#beating = null));
    }, intervalMs);
  }

  /** The stream has brought something of the database. */
  received(): void {
    if (!this.#timer) return;
    this.#receivedMs = performance.now();
    this.#dependencies.metrics.received(Date.now() / 1000);
  }

  /** Takes the messages of the prefix {@link HEARTBEAT_PREFIX}. */
  readonly message: MessageHandler = (message, _seq, _moment, nowMs) => {
    const { slot } = this.#dependencies.settings.postgres;
    const atMs = heartbeatTime(slot, message);
    if (atMs !== null) this.#dependencies.metrics.heartbeatSeconds(Math.max(0, nowMs - atMs) / 1000);
  };

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#beating;
    await this.#querySession?.close();
  }

  async #beat(): Promise<void> {
    const { slot, heartbeat } = this.#dependencies.settings.postgres;
    const idle = this.#receivedMs < 0 || performance.now() - this.#receivedMs >= heartbeat.intervalMs;
    try {
      if (heartbeat.query !== undefined) await this.#query(heartbeat.query);
      else if (idle)
        await this.#prepared.session.query(
          'writing a heartbeat',
          `SELECT pg_logical_emit_message(false, $1, $2)`,
          [HEARTBEAT_PREFIX, heartbeatContent(slot, Date.now())],
        );
      this.#failing = '';
    } catch (error) {
      if (isPlatformError(error)) this.#failed(error);
    }
  }

  // In a session of its own: the catalog session must not wait for a lock that the query waits for.
  async #query(query: string): Promise<void> {
    if (this.#querySession?.healthy !== true) {
      await this.#querySession?.close();
      this.#querySession = null;
      const session = await CatalogSession.open(this.#prepared.target);
      this.#querySession = session;
      const { intervalMs } = this.#dependencies.settings.postgres.heartbeat;
      await session.query(
        'preparing the heartbeat',
        `SET statement_timeout = ${intervalMs}; RESET search_path`,
      );
    }
    await this.#querySession.query('running source.postgres.heartbeat.query', query);
  }

  #failed(error: PlatformError): void {
    // Once per reason: it would come again at every interval.
    if (this.#failing === error.message) return;
    this.#failing = error.message;
    this.#dependencies.logger.warn({ code: error.code, ...error.context }, `no heartbeat: ${error.message}`);
  }
}
