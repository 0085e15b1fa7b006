import { join } from 'node:path';
import { EXIT } from '@hasivu/errors';
import type { CliContext } from '../cli-context.ts';
import { LakeEngine } from '../lake/lake-engine.ts';
import { lakeSectionOf } from '../lake/lake-section.ts';
import { momentOf } from '../lake/moment-options.ts';
import { readLine } from '../lake/read-line.ts';
import { writeResult, type QueryFormat } from '../lake/result-format.ts';

export interface QueryOptions {
  readonly file: string;
  readonly format: QueryFormat;
  readonly atVersion?: number;
  /** Milliseconds since 1970. */
  readonly atTime?: number;
  /** Says on stderr what of each table was read. */
  readonly explain: boolean;
}

/** Runs a statement over the lake and prints its result. */
export async function runQuery(context: CliContext, sql: string, options: QueryOptions): Promise<number> {
  const moment = momentOf('at', options.atVersion, options.atTime);
  await using engine = await LakeEngine.open({
    lake: lakeSectionOf(context, options.file),
    cacheDir: join(context.stateDir, 'cache', 'lake'),
    signal: context.stop,
  });
  const { result, reads } = await engine.query(sql, moment);
  await writeResult(result, options.format, context);
  if (options.explain) for (const read of reads) context.err.write(`${readLine(read)}\n`);
  return EXIT.ok;
}
