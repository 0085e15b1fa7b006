import pg from 'pg';

/** A connection whose statement in progress does not hold back an interruption: the promise rejects at once. */
export class BenchClient implements AsyncDisposable {
  readonly #client: pg.Client;
  readonly #signal: AbortSignal;

  private constructor(client: pg.Client, signal: AbortSignal) {
    this.#client = client;
    this.#signal = signal;
  }

  static async connect(url: string, signal: AbortSignal): Promise<BenchClient> {
    const client = new pg.Client({ connectionString: url });
    // Whoever drops the database ends the session.
    client.on('error', () => undefined);
    await client.connect();
    return new BenchClient(client, signal);
  }

  async query<R extends pg.QueryResultRow>(
    statement: string | pg.QueryConfig,
    values?: unknown[],
  ): Promise<R[]> {
    this.#signal.throwIfAborted();
    const interrupted = Promise.withResolvers<never>();
    const onAbort = (): void => interrupted.reject(this.#signal.reason as Error);
    this.#signal.addEventListener('abort', onAbort, { once: true });
    try {
      const running = this.#client.query<R>(statement as string, values);
      running.catch(() => undefined);
      return (await Promise.race([running, interrupted.promise])).rows;
    } finally {
      this.#signal.removeEventListener('abort', onAbort);
    }
  }

  /** Says goodbye; a statement that still runs is left to end with its session. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.end();
  }
}
