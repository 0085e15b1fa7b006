import { randomUUID } from 'node:crypto';
import { mkdir, open, unlink, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';

import { PlatformError } from '@hasivu/errors';

/**
 * Messages of one transaction on disk. The file has no name once it is open, so the system frees it when this process
 * ends, however it ends.
 */
export class SpoolFile {
  readonly #handle: FileHandle;
  readonly #directory: string;
  #length = 0;

  private constructor(handle: FileHandle, directory: string) {
    this.#handle = handle;
    this.#directory = directory;
  }

  /** @throws PlatformError SOURCE_SPOOL */
  static async create(directory: string): Promise<SpoolFile> {
    try {
      await mkdir(directory, { recursive: true });
      const path = join(directory, `hasivu-spool-${randomUUID()}`);
      const handle = await open(path, 'wx+', 0o600);
      await unlink(path);
      return new SpoolFile(handle, directory);
    } catch (error) {
      throw spoolError('opening a file', directory, error);
    }
  }

  /** @throws PlatformError SOURCE_SPOOL */
  async append(bytes: Buffer): Promise<void> {
    try {
      for (let written = 0; written < bytes.length;) {
        const result = await this.#handle.write(
          bytes,
          written,
          bytes.length - written,
          this.#length + written,
        );
        written += result.bytesWritten;
      }
    } catch (error) {
      throw spoolError('writing', this.#directory, error);
    }
    this.#length += bytes.length;
  }

  /** Fills `target` from `at` on with the file's bytes behind `position`; returns how many. */
  async read(target: Buffer, at: number, position: number): Promise<number> {
    try {
      const { bytesRead } = await this.#handle.read(target, at, target.length - at, position);
      return bytesRead;
    } catch (error) {
      throw spoolError('reading', this.#directory, error);
    }
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}

function spoolError(doing: string, directory: string, cause: unknown): PlatformError {
  return new PlatformError('SOURCE_SPOOL', {
    doing: `${doing} for a transaction in progress in ${directory}`,
    why: (cause as Error).message,
    cause,
  });
}
