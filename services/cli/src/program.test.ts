import { describe, expect, test } from '@jest/globals';
import { runCli } from './program.ts';
import { testContext } from './test-context.ts';

async function run(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  const { context, out, err } = testContext({ stateDir: '/nonexistent/hasivu' });
  const code = await runCli(argv, context);
  return { code, out: out.text, err: err.text };
}

const COMMANDS = [
  ['local', 'up'],
  ['local', 'down'],
  ['local', 'status'],
  ['run'],
  ['status'],
  ['tail'],
  ['query'],
  ['lake', 'history'],
  ['lake', 'vacuum'],
  ['lake', 'optimize'],
  ['lake', 'health'],
  ['lake', 'retain'],
  ['lake', 'tiers'],
  ['snapshot', 'start'],
  ['snapshot', 'status'],
  ['snapshot', 'stop'],
  ['snapshot', 'pause'],
  ['snapshot', 'resume'],
  ['config', 'check'],
  ['demo'],
];

describe('the command line', () => {
  test.each(COMMANDS)('%s %s has help with examples and exit codes', async (...command) => {
    const { code, out, err } = await run(...command.filter(Boolean), '--help');
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/Examples:\n {2}(hasivu|npm run)/);
    expect(out).toContain('Exit codes: 0 done');
  });

  test('the program itself lists every command', async () => {
    const { code, out } = await run('--help');
    expect(code).toBe(0);
    for (const [name] of COMMANDS) expect(out).toContain(`\n  ${name}`);
  });

  test.each([
    [['nonsense'], /unknown command 'nonsense'/],
    [['tail'], /missing required argument 'topic'/],
    [['query', 'select 1', '--format', 'xml'], /Allowed choices are table, json, csv/],
    [['snapshot', 'start'], /missing required argument 'tables'/],
    [['tail', 'x', '--max', '0'], /whole number above 0/],
    [['tail', 'x', '--from', 'middle'], /Allowed choices are beginning, latest/],
    [['demo', '--seconds', '1.5'], /whole number above 0/],
    [['query', 'select 1', '--at-version', '-1'], /whole number, 0 or above/],
    [['query', 'select 1', '--at-time', 'yesterday'], /a time such as/],
    [['lake', 'optimize'], /missing required argument 'table'/],
    [['lake', 'optimize', 'a/b/c', '--zorder-by', 'a,,b'], /one to four columns/],
    [['lake', 'optimize', 'a/b/c', '--target-size', '10'], /a size from 64KiB to 1GiB/],
    [['lake', 'vacuum'], /missing required argument 'table'/],
    [['lake', 'vacuum', 'silver/public/orders', '--retain-hours', '-1'], /a number of hours, 0 or above/],
    [['lake', 'history', 'silver/public/orders', '--limit', '0'], /whole number above 0/],
    [['run', '--nonsense'], /unknown option '--nonsense'/],
  ])('%j is a mistake with exit code 2 and the way to help', async (argv, message) => {
    const { code, err } = await run(...argv);
    expect(code).toBe(2);
    expect(err).toMatch(message);
    expect(err).toContain('--help');
  });

  test('--verbose may stand anywhere', async () => {
    await expect(run('config', 'check', '-f', '/nonexistent.yaml', '--verbose')).rejects.toMatchObject({
      code: 'CONFIG_UNREADABLE',
    });
  });

  test('status without a stack and without services says so', async () => {
    const { code, out } = await run('status', '--json');
    expect([code, JSON.parse(out)]).toEqual([
      0,
      { stack: { state: 'stopped', parts: [] }, group: null, services: [] },
    ]);
    await expect(run('local', 'status')).rejects.toMatchObject({ code: 'CLI_STACK_DOWN' });
  });
});
