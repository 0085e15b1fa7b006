import { readFile } from 'node:fs/promises';
import { atOnce } from './at-once.ts';
import type { EngineFile } from './engine-session.ts';

/** Held in memory while they are sent: that of one large file, or of some small ones. */
const RUN_BYTES = 8 << 20;
const REQUESTS_AT_ONCE = 8;

/** Uploads local files, small ones some at a time. @returns the answers in the order of the files */
export async function uploadInRuns<Answer>(
  files: readonly EngineFile[],
  upload: (file: EngineFile, bytes: Uint8Array) => Promise<Answer>,
): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (const run of runsOf(files))
    answers.push(
      ...(await atOnce(run, REQUESTS_AT_ONCE, async (file) => upload(file, await readFile(file.path)))),
    );
  return answers;
}

function runsOf(files: readonly EngineFile[]): EngineFile[][] {
  const runs: EngineFile[][] = [];
  let bytes = Infinity;
  for (const file of files) {
    bytes += file.sizeBytes;
    if (bytes > RUN_BYTES) {
      runs.push([]);
      bytes = file.sizeBytes;
    }
    runs.at(-1)?.push(file);
  }
  return runs;
}
