import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '@hasivu/config';
import { afterAll, expect, test } from '@jest/globals';
import { checkPipelines, pipelineMistakes } from './pipeline-check.ts';

const dir = mkdtempSync(join(tmpdir(), 'hasivu-pipelines-'));
afterAll(() => rmSync(dir, { recursive: true }));

function config(steps: string, rules: string) {
  const path = join(dir, 'hasivu.yaml');
  const kafka = 'kafka: { brokers: ["127.0.0.1:1"], registry: "http://127.0.0.1:1" }';
  const pipeline = `pipelines: [{ name: p, from: ["public.t"], to: t, steps: [${steps}], rules: [${rules}] }]`;
  writeFileSync(path, `version: 1\n${kafka}\n${pipeline}\n`);
  return loadConfig(path, {});
}

test.each([
  ['an expression that ends early', '{ filter: { expr: "1 +" } }', '', '/pipelines/0/steps'],
  ['a type nobody knows', '{ cast: { column: a, to: nonsense } }', '', '/pipelines/0/steps'],
  ['a pattern that does not close', '', '{ pattern: { column: a, regex: "((" } }', '/pipelines/0/rules'],
])('%s is found before any service starts', (_, steps, rules, path) => {
  const wrong = config(steps, rules);
  expect(pipelineMistakes(wrong).map((mistake) => mistake.path)).toEqual([path]);
  expect(() => checkPipelines(wrong)).toThrow(expect.objectContaining({ retry: 'manual' }));
});

test('right steps and rules pass', () => {
  expect(pipelineMistakes(config('{ filter: { expr: "a > 1" } }', '{ notNull: a }'))).toEqual([]);
});
