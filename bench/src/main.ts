import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { startStack } from '@hasivu/local-stack';

import { benchSpine, type LegResult } from './spine-bench.ts';

const USAGE = `Measures our own services: CPU-seconds per million rows, with rows/s and resident memory beside them.

Usage: npm run bench -- spine [--rows 1000000] [--json]

  --rows N   rows of the 12-column table (default 1000000)
  --json     one JSON object on stdout
  --out FILE also write the JSON there

The local stack is started for the run, or the one named by HASIVU_TEST_STACK is used. Linux only (/proc).
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rows: { type: 'string', default: '1000000' },
    json: { type: 'boolean', default: false },
    out: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
if (values.help || positionals[0] !== 'spine') {
  process.stdout.write(USAGE);
  process.exit(values.help ? 0 : 2);
}
const report = (line: string): void => void process.stderr.write(`${line}\n`);
if (process.env['HASIVU_TEST_STACK'] === undefined) {
  const stateDirectory = mkdtempSync(join(tmpdir(), 'hasivu-bench-stack-'));
  // PostgreSQL may run as another user and has to walk here.
  chmodSync(stateDirectory, 0o755);
  const stack = await startStack({ stateDirectory, mode: 'foreground', ephemeral: true, report });
  process.env['HASIVU_TEST_STACK'] = join(stack.status.stateDirectory, 'status.json');
}
const results = await benchSpine(Number(values.rows), report);
const record = { benchmark: 'spine', takenAt: new Date().toISOString(), node: process.version, results };
if (values.out) writeFileSync(values.out, `${JSON.stringify(record, null, 2)}\n`);
process.stdout.write(values.json ? `${JSON.stringify(record)}\n` : table(results));
process.exit(0);

function table(legs: readonly LegResult[]): string {
  const rows = legs.map(
    (leg) => `| ${leg.leg} | ${leg.cpuSecondsPerMillionRows} | ${leg.rowsPerSecond} | ${leg.peakRssMiB} |`,
  );
  return [
    '| leg | CPU-s per million rows | rows/s | peak RSS MiB |',
    '| --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}
