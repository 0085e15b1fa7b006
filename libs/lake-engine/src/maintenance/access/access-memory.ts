import { promisify } from 'node:util';
import { zstdCompress, zstdDecompress } from 'node:zlib';
import { ReadTimes } from './read-times.ts';

/** What is remembered of an access log between two looks at it. */
export interface AccessMemory {
  /** The log that it is of: bucket and prefix. */
  readonly source: string;
  /** Objects of the log that were written before this have been read; milliseconds since 1970, by the store's clock. */
  readonly readToMs: number | null;
  readonly times: ReadTimes;
}

const FORMAT = 1;
/** Beyond this it is not what {@link encodeAccessMemory} wrote. */
const MOST_BYTES = 64 << 20;
const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);

/** A line of what it is, then a line for each file: the time of its last read and its key. */
export async function encodeAccessMemory({ source, readToMs, times }: AccessMemory): Promise<Uint8Array> {
  const lines = [JSON.stringify({ format: FORMAT, source, readToMs })];
  for (const [key, atMs] of times.entries()) lines.push(`${atMs} ${JSON.stringify(key)}`);
  return await compress(lines.join('\n'));
}

/** Null for what another log, another version or an accident has left: the log is then read from its beginning. */
export async function decodeAccessMemory(bytes: Uint8Array, source: string): Promise<AccessMemory | null> {
  try {
    const text = (await decompress(bytes, { maxOutputLength: MOST_BYTES })).toString('utf8');
    const [head = '', ...lines] = text.split('\n');
    const found = JSON.parse(head) as { format?: unknown; source?: unknown; readToMs?: number | null };
    if (found.format !== FORMAT || found.source !== source) return null;
    const times = new ReadTimes();
    for (const line of lines) {
      const blank = line.indexOf(' ');
      times.note(JSON.parse(line.slice(blank + 1)) as string, Number(line.slice(0, blank)));
    }
    return { source, readToMs: found.readToMs ?? null, times };
  } catch {
    return null;
  }
}
