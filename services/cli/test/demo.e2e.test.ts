import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stack, waitFor } from '@hasivu/testing';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import pg from 'pg';
import { hasivu, LongCommand } from './cli-process.ts';

jest.setTimeout(300_000);

const stateDir = mkdtempSync(join(tmpdir(), 'hasivu-demo-'));
// The demo joins a stack that already runs in its state folder, and leaves it running.
beforeAll(() => symlinkSync(stack().stateDirectory, join(stateDir, 'stack')));
afterAll(() => rmSync(stateDir, { recursive: true }));

const slots = async (): Promise<number> => {
  const client = new pg.Client({ connectionString: stack().postgres.url });
  await client.connect();
  const { rowCount } = await client.query(
    `SELECT 1 FROM pg_replication_slots WHERE slot_name LIKE 'hasivu_demo_%'`,
  );
  await client.end();
  return rowCount ?? 0;
};

test('the demo seeds, loads, catches up and proves every table and rule equal', async () => {
  const { code, out, err } = await hasivu(stateDir, 'demo', '--seconds', '5', '--seed', '7');
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out).not.toContain('DIFFERENT');
  for (const name of [
    'schools',
    'order_lines',
    'kitchen_events',
    'orders, cleaned',
    'total_not_negative',
    'pickup_code_shape',
  ])
    expect(out).toMatch(new RegExp(`^ +${name} .* equal$`, 'm'));
  expect(out).toContain('Where to look next');
  expect(await slots()).toBe(0);
  expect(existsSync(join(stateDir, 'run.json'))).toBe(false);
});

test('an interrupted demo ends with 130 and leaves no service and no slot', async () => {
  const demo = new LongCommand(stateDir, 'demo', '--seconds', '60');
  const { services } = await waitFor(
    'the services to run',
    () => {
      const record = JSON.parse(readFileSync(join(stateDir, 'run.json'), 'utf8')) as {
        services: { pid: number | null }[];
      };
      return record.services.length === 4 && record.services.every(({ pid }) => pid !== null) ? record : null;
    },
    { timeoutMs: 60_000 },
  );
  demo.signal('SIGINT');
  expect(await demo.ended).toBe(130);
  for (const { pid } of services) expect(() => process.kill(pid ?? 0, 0)).toThrow('ESRCH');
  expect(await slots()).toBe(0);
});
