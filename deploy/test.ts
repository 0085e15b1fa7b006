// `npm test`: unit tests, then the tests on real servers, which start one stack for the run. Progress goes to stderr;
// the last line of stdout is "N passed, N failed". `--suite unit|servers|postgres-15|storm|interop` runs one part,
// `--postgres 15` takes that version for all of it; what is left of the arguments goes to jest.
import { resolve } from 'node:path';
import { runJest } from './test-run/jest-run.ts';
import { parseTestArguments, projectsOf, shardsOf, type TestArguments } from './test-run/test-arguments.ts';
import { exitCode, sum, summaryLine, type TestCounts } from './test-run/test-counts.ts';

const INTERRUPTED = 130;
const SLOW_TEST_MS: Readonly<Record<string, number>> = { storm: 3_600_000, interop: 1_800_000 };
const root = resolve(import.meta.dirname, '..');
const say = (line: string): void => void process.stderr.write(`${line}\n`);

const interruption = new AbortController();
// Ctrl-C reaches jest by itself; we live on to print the summary. The stack ends with the jest that started it.
process.on('SIGINT', () => interruption.abort());
process.on('SIGTERM', () => interruption.abort());

function readArguments(): TestArguments {
  try {
    return parseTestArguments(process.argv.slice(2));
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    process.exit(2);
  }
}

const wanted = readArguments();
const { suite, rest } = wanted;
// Read by the stack, and by the tests that start a server of their own.
if (wanted.postgres !== null) process.env['HASIVU_POSTGRES_VERSION'] = wanted.postgres;
const runs: TestCounts[] = [];
for (const project of projectsOf(wanted)) {
  if (interruption.signal.aborted) break;
  say(`\n== ${project} ==`);
  const run = {
    root,
    project,
    suite: suite === 'storm' ? suite : project,
    // Tests on servers stop and kill servers that others use, so those of one stack take turns.
    workers: project === 'unit' ? 2 : 1,
    testTimeoutMs: SLOW_TEST_MS[project],
    args: rest,
    signal: interruption.signal,
  };
  const shards = shardsOf(project, rest, process.env['HASIVU_TEST_STACK'] !== undefined);
  runs.push(...(await Promise.all(shards.map((shard) => runJest({ ...run, shard })))));
}

const total = sum(runs);
for (const note of total.notes) say(note);
if (total.skipped > 0) say(`${total.skipped} skipped`);
if (interruption.signal.aborted) say('interrupted');
process.stdout.write(`${summaryLine(total)}\n`);
process.exitCode = interruption.signal.aborted ? INTERRUPTED : exitCode(total);
