import { open } from 'node:fs/promises';
import { atOnce } from './at-once.ts';
import type { EngineFile } from './engine-session.ts';

/** Held in memory while they are sent: that of one large file, or of some small ones. */
const RUN_BYTES = 8 << 20;
const REQUESTS_AT_ONCE = 8;

/** Used again by the next upload: as garbage, buffers of this size count as resident long after. */
let spare: Buffer | null = null;

/** Uploads local files, small ones some at a time. @returns the answers in the order of the files */
export async function uploadInRuns<Answer>(
  files: readonly EngineFile[],
  upload: (file: EngineFile, bytes: Uint8Array) => Promise<Answer>,
): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (const run of runsOf(files)) {
    const buffer = takeBuffer(run.at(-1)?.end ?? 0);
    answers.push(
      ...(await atOnce(run, REQUESTS_AT_ONCE, async ({ file, start, end }) => {
        const bytes = buffer.subarray(start, end);
        await readInto(bytes, file.path);
        return await upload(file, bytes);
      })),
    );
    spare = buffer;
  }
  return answers;
}

interface Placed {
  readonly file: EngineFile;
  /** Where it lies in the buffer of its run. */
  readonly start: number;
  readonly end: number;
}

function runsOf(files: readonly EngineFile[]): Placed[][] {
  const runs: Placed[][] = [];
  let start = Infinity;
  for (const file of files) {
    if (start + file.sizeBytes > RUN_BYTES) {
      runs.push([]);
      start = 0;
    }
    runs.at(-1)?.push({ file, start, end: start + file.sizeBytes });
    start += file.sizeBytes;
  }
  return runs;
}

function takeBuffer(bytes: number): Buffer {
  const buffer = spare;
  // Another upload may begin before this one ends.
  spare = null;
  return buffer !== null && buffer.length >= bytes ? buffer : Buffer.allocUnsafeSlow(bytes);
}

async function readInto(bytes: Buffer, path: string): Promise<void> {
  const file = await open(path);
  try {
    for (let at = 0; at < bytes.length;) {
      const { bytesRead } = await file.read(bytes, at, bytes.length - at, at);
      if (bytesRead === 0)
        throw new Error(`the file ends after ${at} bytes, and ${bytes.length} were written`);
      at += bytesRead;
    }
  } finally {
    await file.close();
  }
}
