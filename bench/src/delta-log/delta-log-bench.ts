import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createS3Store } from '@hasivu/object-store';
import { bucketPrefix } from '@hasivu/testing';
import { buildLog, extendLog, type BuiltLog, type LogSize } from './build-log.ts';
import { BEHIND_CHECKPOINT, CASES, type CaseInput, type CaseName, type CaseUse } from './measure-case.ts';

export interface CaseResult extends CaseUse {
  readonly case: CaseName;
}

export interface DeltaLogResult {
  readonly size: LogSize;
  readonly built: BuiltLog;
  readonly results: readonly CaseResult[];
}

const ROUNDS = 5;
const ROOT = 'bench/public/orders';
const run = promisify(execFile);

/**
 * A table of many commits and files on the stack's S3: what it costs to write its log, to load it, to follow it and to
 * read its past. Each case is a process of its own, so that nothing is warm; the median of five by CPU time counts.
 */
export async function benchDeltaLog(
  size: LogSize,
  report: (line: string) => void,
  profileDirectory: string | null,
): Promise<DeltaLogResult> {
  await using facts = bucketPrefix('delta-log');
  const { endpoint, bucket, prefix, region, accessKeyId, secretAccessKey } = facts;
  const options = { endpoint, bucket, prefix, region, accessKeyId, secretAccessKey };
  const store = createS3Store(options);
  report(`writing ${size.commits} commits with ${size.files} files`);
  const built = await buildLog(store, ROOT, size, report);
  report(`  ${built.cpuSeconds.toFixed(1)} CPU-s, ${built.checkpoints} checkpoints`);
  const results: CaseResult[] = [];
  for (const name of CASES) {
    if (name === BEHIND_CHECKPOINT) await extendLog(store, ROOT, size.files, 99);
    const rounds: CaseUse[] = [];
    for (let round = 0; round < ROUNDS; round += 1)
      rounds.push(await measured({ store: options, root: ROOT, name }, profileDirectory));
    const use = rounds.sort((a, b) => a.cpuSeconds - b.cpuSeconds)[ROUNDS >> 1] as CaseUse;
    results.push({ case: name, ...use });
    report(`  ${name}: ${use.cpuSeconds.toFixed(2)} CPU-s, ${use.milliseconds} ms, ${use.peakRssMiB} MiB`);
  }
  store.close();
  return { size, built, results };
}

async function measured(input: CaseInput, profileDirectory: string | null): Promise<CaseUse> {
  const script = join(import.meta.dirname, 'measure-case.ts');
  const profile = profileDirectory === null ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileDirectory}`];
  const { stdout } = await run(process.execPath, [...profile, script], {
    env: { ...process.env, DELTA_LOG_CASE: JSON.stringify(input) },
  });
  return JSON.parse(stdout) as CaseUse;
}

/** The result as a Markdown table. */
export function deltaLogTable({ size, built, results }: DeltaLogResult): string {
  const perCommit = ((built.cpuSeconds / size.commits) * 1000).toFixed(1);
  return [
    `${size.commits} commits, ${size.files} files; written at ${perCommit} CPU-ms a commit, ${built.checkpoints} checkpoints included.`,
    '',
    '| case | CPU-s | ms | longest stall, ms | peak RSS, MiB |',
    '| --- | --- | --- | --- | --- |',
    ...results.map(
      (result) =>
        `| ${result.case} | ${result.cpuSeconds.toFixed(2)} | ${result.milliseconds} | ${result.longestStallMs} | ${result.peakRssMiB} |`,
    ),
    '',
  ].join('\n');
}
