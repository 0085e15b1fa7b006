#!/usr/bin/env node
// The door of every npm script: installs the workspace where it is missing or stale, then runs the task on the
// pinned Node. It runs on whatever Node the machine has, before anything is installed, so: plain JavaScript, no imports
// from the workspace, no dependencies.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [task = 'help', ...args] = process.argv.slice(2);
const entries = {
  demo: ['services/cli/src/main.ts', 'demo'],
  hasivu: ['services/cli/src/main.ts'],
  test: ['deploy/test.ts'],
  check: ['deploy/check.ts'],
  bench: ['bench/src/main.ts'],
};
const entry = entries[task];
if (!entry) {
  process.stderr.write(`usage: node deploy/bootstrap.mjs <${Object.keys(entries).join('|')}> [arguments]\n`);
  process.exit(2);
}

const lock = readFileSync(join(root, 'package-lock.json'));
const stamp = createHash('sha256').update(lock).digest('hex');
const stampFile = join(root, 'node_modules', '.hasivu-installed');
const installed = existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp;
if (!installed) install();

const pinned = join(root, 'node_modules', '.bin', process.platform === 'win32' ? 'node.cmd' : 'node');
const node = existsSync(pinned) ? pinned : process.execPath;
const major = Number(spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.slice(1).split('.')[0]);
if (!(major >= 24)) {
  process.stderr.write(
    `Node 24 or newer is needed and the pinned one is not available for ${process.platform}-${process.arch}; install Node 24 and run the command again.\n`,
  );
  process.exit(2);
}

// A child in our process group gets Ctrl-C from the terminal by itself; a signal sent to this process alone is passed on.
const child = spawn(
  node,
  ['--disable-warning=ExperimentalWarning', join(root, entry[0]), ...entry.slice(1), ...args],
  { stdio: 'inherit' },
);
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
process.on('SIGINT', () => {});
child.on('exit', (code, signal) => process.exit(signal ? 130 : (code ?? 1)));

function install() {
  process.stderr.write('Installing the workspace (npm ci) …\n');
  const result = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  if (result.status !== 0) {
    rmSync(stampFile, { force: true });
    process.stderr.write(
      'The workspace could not be installed: npm ci failed (its message stands above). npm 10 or newer and a reachable npm registry are needed.\n',
    );
    process.exit(result.status ?? 1);
  }
  mkdirSync(dirname(stampFile), { recursive: true });
  writeFileSync(stampFile, stamp);
}
