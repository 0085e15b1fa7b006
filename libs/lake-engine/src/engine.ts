import { join } from 'node:path';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { PlatformError } from '@hasivu/errors';
import { EngineSession } from './engine-session.ts';
import { engineMessage, isOutOfMemory } from './out-of-memory.ts';

export interface EngineOptions {
  readonly folder: string;
  /** What the engine may hold; beyond it spills to disk. */
  readonly memoryBytes: number;
}

/** How many times its memory the engine gets for a batch that does not fit. */
const RELIEF = 4;

/** The embedded DuckDB, over local files only. One user at a time: its session holds named relations. */
export class Engine {
  readonly #options: EngineOptions;
  #opening: Promise<DuckDBConnection> | null = null;
  #queue: Promise<unknown> = Promise.resolve();
  #scratch = 0;

  constructor(options: EngineOptions) {
    this.#options = options;
  }

  /** Runs `work` when no other work runs. The engine is loaded on first use: change logs do not need it. */
  exclusively<T>(doing: string, work: (session: EngineSession) => Promise<T>): Promise<T> {
    const run = this.#queue.then(async () => {
      try {
        return await this.#once(work);
      } catch (error) {
        if (!isOutOfMemory(error)) throw mapEngineError(error, doing);
      }
      // Some steps cannot spill below a floor that grows with the rows' width. More memory for one batch is better
      // than a table that fails at the same batch after every restart.
      return this.#withMoreMemory(() => this.#once(work), doing);
    });
    this.#queue = run.catch(() => undefined);
    return run;
  }

  async close(): Promise<void> {
    await this.#queue;
    if (this.#opening !== null) (await this.#opening).closeSync();
  }

  async #once<T>(work: (session: EngineSession) => Promise<T>): Promise<T> {
    const session = new EngineSession(
      await this.#connection(),
      join(this.#options.folder, `scratch-${(this.#scratch += 1)}`),
    );
    try {
      return await work(session);
    } finally {
      await session.close();
    }
  }

  async #withMoreMemory<T>(work: () => Promise<T>, doing: string): Promise<T> {
    const connection = await this.#connection();
    await connection.run(`SET memory_limit = '${megabytes(this.#options.memoryBytes * RELIEF)}'`);
    try {
      return await work();
    } catch (error) {
      throw mapEngineError(error, doing);
    } finally {
      await connection.run(`SET memory_limit = '${megabytes(this.#options.memoryBytes)}'`);
    }
  }

  #connection(): Promise<DuckDBConnection> {
    this.#opening ??= this.#open();
    return this.#opening;
  }

  async #open(): Promise<DuckDBConnection> {
    const instance = await DuckDBInstance.create(':memory:', {
      threads: '1',
      memory_limit: megabytes(this.#options.memoryBytes),
      temp_directory: join(this.#options.folder, 'spill'),
      preserve_insertion_order: 'false',
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
      // Its copies of the files' bytes would count as ours, and the system has them anyway.
      enable_external_file_cache: 'false',
      allocator_background_threads: 'true',
      allocator_flush_threshold: '1MB',
      allocator_bulk_deallocation_flush_threshold: '1MB',
    });
    const connection = await instance.connect();
    await connection.run("SET TimeZone = 'UTC'");
    await connection.run('SET partitioned_write_flush_threshold = 50000');
    return connection;
  }
}

function megabytes(bytes: number): string {
  return `${Math.floor(bytes / 1e6)}MB`;
}

/** The engine's messages can quote values: only their first words, which name the kind of failure, are kept. */
function mapEngineError(error: unknown, doing: string): unknown {
  if (error instanceof PlatformError) return error;
  const kind = /^[A-Z][A-Za-z ]* Error/.exec(engineMessage(error))?.[0];
  if (kind === undefined) return error;
  return new PlatformError('LAKE_MERGE_FAILED', {
    doing,
    why: `the engine answered: ${kind}`,
    context: { kind },
  });
}
