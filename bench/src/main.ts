import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { startStack } from '@hasivu/local-stack';

import { benchCdc } from './cdc/cdc-bench.ts';
import { CDC_ARGUMENTS, CDC_USAGE, cdcOptions } from './cdc/cdc-options.ts';
import { cdcMarkdown } from './cdc/markdown.ts';
import { profileSummary } from './cdc/profile-summary.ts';
import { benchDeltaLog, deltaLogTable } from './delta-log/delta-log-bench.ts';
import { sizesMarkdown } from './sizes/markdown.ts';
import { benchSizes } from './sizes/sizes-bench.ts';
import { sinkMarkdown } from './sink/markdown.ts';
import { benchSink } from './sink/sink-bench.ts';
import { SINK_ARGUMENTS, SINK_USAGE, sinkOptions } from './sink/sink-options.ts';
import { benchSpine, spineTable } from './spine-bench.ts';
import { tenantsMarkdown } from './tenants/markdown.ts';
import { benchTenants } from './tenants/tenants-bench.ts';
import { TENANTS_ARGUMENTS, TENANTS_USAGE, tenantsOptions } from './tenants/tenants-options.ts';
import { upsertMarkdown } from './upsert/markdown.ts';
import { benchUpsert } from './upsert/upsert-bench.ts';
import { UPSERT_ARGUMENTS, UPSERT_USAGE, upsertOptions } from './upsert/upsert-options.ts';

const USAGE = `Measures CPU-seconds per million rows, with rows/s and resident memory beside them. Linux only (/proc). The local
stack is started for the run, or the one named by HASIVU_TEST_STACK is used.

Usage: npm run bench -- spine [--rows 1000000] [--json] [--out FILE]
       npm run bench -- delta-log [--commits 10000] [--files 100000] [--profile DIRECTORY] [--json] [--out FILE]
       npm run bench -- sizes [--dataset NAME …] [--json] [--out FILE]
       npm run bench -- cdc …
       npm run bench -- sink …
       npm run bench -- upsert …
       npm run bench -- tenants …

spine: each of our services alone, Postgres → Kafka → curated topics, bronze and silver, over the 12-column table.
delta-log: a table of many commits and files; what its log costs to write, load, follow and travel.
sizes: the same rows in Postgres, as CSV, as change events in JSON and in the lake's tables, in bytes, of three datasets.
cdc:   ${CDC_USAGE}
sink:  ${SINK_USAGE}
upsert: ${UPSERT_USAGE}
tenants: ${TENANTS_USAGE}`;

const INTERRUPTED = 130;
const interruption = new AbortController();
// What was started is stopped and dropped in order; a second signal does not wait for it.
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => {
    if (interruption.signal.aborted) process.exit(INTERRUPTED);
    report('stopping …');
    interruption.abort();
  });

const COMMANDS = { spine, cdc, sink, upsert, tenants, sizes, 'delta-log': deltaLog } as const;

const { values, positionals } = readArguments();
const run = Object.entries(COMMANDS).find(([name]) => name === positionals[0])?.[1];
if (values.help || !run) {
  process.stdout.write(USAGE);
  process.exit(values.help ? 0 : 2);
}
try {
  process.stdout.write(await run());
  process.exit(0);
} catch (error) {
  if (!interruption.signal.aborted)
    report(error instanceof Error ? (error.stack ?? error.message) : String(error));
  process.exit(interruption.signal.aborted ? INTERRUPTED : 1);
}

async function spine(): Promise<string> {
  await useStack();
  const results = await benchSpine(Number(values.rows), report);
  const record = { benchmark: 'spine', takenAt: new Date().toISOString(), node: process.version, results };
  if (values.out) writeFileSync(values.out, `${JSON.stringify(record, null, 2)}\n`);
  return values.json ? `${JSON.stringify(record)}\n` : spineTable(results);
}

async function deltaLog(): Promise<string> {
  await useStack();
  const size = { commits: Number(values.commits), files: Number(values.files) };
  const result = await benchDeltaLog(size, report, values.profile ?? null);
  const record = {
    benchmark: 'delta-log',
    takenAt: new Date().toISOString(),
    node: process.version,
    ...result,
  };
  if (values.out) writeFileSync(values.out, `${JSON.stringify(record, null, 2)}\n`);
  return values.json ? `${JSON.stringify(record)}\n` : deltaLogTable(result);
}

async function cdc(): Promise<string> {
  const options = cdcOptions(values);
  await useStack();
  const record = await benchCdc({ ...options, signal: interruption.signal, report });
  return kept(record, cdcMarkdown(record), options.profileDirectory);
}

async function sink(): Promise<string> {
  const options = sinkOptions(values);
  await useStack();
  const record = await benchSink({ ...options, signal: interruption.signal, report });
  return kept(record, sinkMarkdown(record), options.profileDirectory);
}

async function upsert(): Promise<string> {
  const options = upsertOptions(values, (option) =>
    process.argv.some((one) => one.startsWith(`--${option}`)),
  );
  await useStack();
  const record = await benchUpsert({ ...options, signal: interruption.signal, report });
  return kept(record, upsertMarkdown(record), options.profileDirectory);
}

async function tenants(): Promise<string> {
  const options = tenantsOptions(values);
  await useStack();
  const result = await benchTenants({ ...options, signal: interruption.signal, report });
  const record = {
    benchmark: 'tenants',
    takenAt: new Date().toISOString(),
    node: process.version,
    ...result,
  };
  return kept(record, tenantsMarkdown(record), null);
}

async function sizes(): Promise<string> {
  await useStack();
  const results = await benchSizes({ datasets: values.dataset, signal: interruption.signal, report });
  const record = { benchmark: 'sizes', takenAt: new Date().toISOString(), node: process.version, results };
  return kept(record, sizesMarkdown(record), null);
}

/** Writes what was asked for to files; returns what goes to stdout. */
function kept(record: unknown, page: string, profileDirectory: string | null): string {
  if (profileDirectory !== null)
    writeFileSync(join(profileDirectory, 'summary.md'), profileSummary(profileDirectory));
  if (values.out) {
    writeFileSync(values.out, `${JSON.stringify(record, null, 2)}\n`);
    writeFileSync(values.out.replace(/(\.json)?$/, '.md'), page);
  }
  return values.json ? `${JSON.stringify(record)}\n` : page;
}

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        ...CDC_ARGUMENTS,
        ...SINK_ARGUMENTS,
        ...UPSERT_ARGUMENTS,
        ...TENANTS_ARGUMENTS,
        commits: { type: 'string', default: '10000' },
        files: { type: 'string', default: '100000' },
        dataset: { type: 'string', multiple: true, default: [] },
        json: { type: 'boolean', default: false },
        out: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (error) {
    report(error instanceof Error ? error.message : String(error));
    process.exit(2);
  }
}

async function useStack(): Promise<void> {
  if (process.env['HASIVU_TEST_STACK'] !== undefined) return;
  const stateDirectory = mkdtempSync(join(tmpdir(), 'hasivu-bench-stack-'));
  // PostgreSQL may run as another user and has to walk here.
  chmodSync(stateDirectory, 0o755);
  const stack = await startStack({ stateDirectory, mode: 'foreground', ephemeral: true, report });
  process.env['HASIVU_TEST_STACK'] = join(stack.status.stateDirectory, 'status.json');
}

function report(line: string): void {
  process.stderr.write(`${line}\n`);
}
