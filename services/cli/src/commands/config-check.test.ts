import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { testContext } from '../test-context.ts';
import { checkConfigFile } from './config-check.ts';

const dir = mkdtempSync(join(tmpdir(), 'hasivu-cli-'));
afterAll(() => rmSync(dir, { recursive: true }));

const good = join(dir, 'good.yaml');
const bad = join(dir, 'bad.yaml');
writeFileSync(
  good,
  'version: 1\nkafka: { brokers: ["127.0.0.1:9092"], registry: "http://127.0.0.1:8085" }\n',
);
writeFileSync(bad, 'version: 2\nkafka: { brokers: [], registy: "x" }\nlake: { bucket: "" }\n');

describe('config check', () => {
  test('a good file ends with 0', () => {
    const { context, out } = testContext();
    expect(checkConfigFile(context, { file: good, json: false })).toBe(0);
    expect(out.text).toBe(`ok ${good}\n`);
  });

  test('every mistake is printed with its path, and the exit code is 2', () => {
    const { context, err } = testContext();
    expect(checkConfigFile(context, { file: bad, json: false })).toBe(2);
    for (const path of ['/version', '/kafka/brokers', '/kafka/registy', '/kafka/registry', '/lake/bucket'])
      expect(err.text).toContain(`  ${path} `);
  });

  test('--json prints one object', () => {
    const { context, out } = testContext();
    expect(checkConfigFile(context, { file: bad, json: true })).toBe(2);
    const answer = JSON.parse(out.text) as { ok: boolean; mistakes: { path: string; reason: string }[] };
    expect(answer.ok).toBe(false);
    expect(answer.mistakes).toContainEqual({ path: '/version', reason: 'must be 1' });
  });

  test('a missing file is an error with code and cure', () => {
    const { context } = testContext();
    expect(() => checkConfigFile(context, { file: join(dir, 'none.yaml'), json: false })).toThrow(
      /CONFIG_UNREADABLE .*Check the path/,
    );
  });
});
