import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { findProgram, installCommand } from './install-command.ts';
import { makePlan } from './make-plan.ts';

describe('a missing prerequisite', () => {
  let directory = '';
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'hasivu-path-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  const program = (name: string, script: string): void => {
    writeFileSync(join(directory, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(directory, name), 0o755);
  };
  const plan = (extra: NodeJS.ProcessEnv = {}) =>
    makePlan({
      stateDirectory: join(directory, 'state'),
      mode: 'foreground',
      ephemeral: true,
      report: () => undefined,
      env: { PATH: directory, HASIVU_CACHE_DIR: join(directory, 'cache'), ...extra },
    });

  test('Maven is named with the command of the package manager that is there', async () => {
    program('java', 'echo \'openjdk version "21.0.1"\' >&2');
    program('dnf', 'exit 0');
    await expect(plan()).rejects.toMatchObject({
      code: 'STACK_MAVEN_MISSING',
      retry: 'manual',
      message: expect.stringContaining('sudo dnf install -y maven'),
    });
  });
  test('Python is named with the command that installs it', async () => {
    const java = { HASIVU_KAFKA_BROKERS: '127.0.0.1:9092', HASIVU_REGISTRY_URL: 'http://127.0.0.1:8081' };
    await expect(plan(java)).rejects.toMatchObject({
      code: 'STACK_PYTHON_MISSING',
      message: expect.stringContaining('sudo apt-get install -y python3 python3-venv'),
    });
  });
  test('a Python without the module venv is told apart', async () => {
    program('python3', 'echo "ensurepip is not available" >&2; exit 1');
    const java = { HASIVU_KAFKA_BROKERS: '127.0.0.1:9092', HASIVU_REGISTRY_URL: 'http://127.0.0.1:8081' };
    await expect(plan(java)).rejects.toMatchObject({
      code: 'STACK_PYTHON_VENV_MISSING',
      message: expect.stringContaining('sudo apt-get install -y python3-venv'),
    });
  });
  test('without any Java the runtime comes from Python, so that only Python is missed', async () => {
    await expect(plan()).rejects.toMatchObject({ code: 'STACK_PYTHON_MISSING' });
  });
  test('a download that fails keeps what the tool said', async () => {
    program('java', 'echo \'openjdk version "21.0.1"\' >&2');
    program('mvn', 'echo "Could not transfer artifact"; exit 1');
    await expect(plan()).rejects.toMatchObject({
      code: 'STACK_DOWNLOAD_FAILED',
      message: expect.stringContaining('Could not transfer artifact'),
    });
  });
});

describe('programs on the PATH', () => {
  test('are found where they can be run', () => {
    const directory = mkdtempSync(join(tmpdir(), 'hasivu-path-'));
    writeFileSync(join(directory, 'brew'), '');
    expect(findProgram('brew', directory)).toBeNull();
    chmodSync(join(directory, 'brew'), 0o755);
    symlinkSync(join(directory, 'brew'), join(directory, 'mvn'));
    expect(findProgram('mvn', `/nowhere::${directory}`)).toBe(join(directory, 'mvn'));
    expect(installCommand('maven', directory)).toBe('brew install maven');
    rmSync(directory, { recursive: true, force: true });
  });
});
