import { join } from 'node:path';
import { loadConfig, type LakeConfig } from '@hasivu/config';
import { EXIT, PlatformError } from '@hasivu/errors';
import type { CliContext } from '../cli-context.ts';
import { resolveNamedFile } from '../command-file.ts';
import { LakeEngine } from '../lake/lake-engine.ts';
import { writeResult, type QueryFormat } from '../lake/result-format.ts';

export type { QueryFormat } from '../lake/result-format.ts';

export interface QueryOptions {
  readonly file: string;
  readonly format: QueryFormat;
  readonly atVersion?: number;
}

/** Runs a statement over the lake and prints its result. */
export async function runQuery(context: CliContext, sql: string, options: QueryOptions): Promise<number> {
  await using engine = await LakeEngine.open({
    lake: lakeOf(context, options.file),
    cacheDir: join(context.stateDir, 'cache', 'lake'),
    signal: context.stop,
  });
  const result = await engine.query(sql, options.atVersion);
  await writeResult(result, options.format, context);
  return EXIT.ok;
}

function lakeOf(context: CliContext, file: string): LakeConfig {
  const path = resolveNamedFile(context, file);
  const { lake } = loadConfig(path, { ...context.env });
  if (lake) return lake;
  throw new PlatformError('CONFIG_INVALID', {
    doing: `reading the configuration ${path}`,
    why: '/lake is missing: a query needs the lake',
  });
}
