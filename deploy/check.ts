// `npm run check`: format, lint, types and unit tests. All of them run, so that one look shows everything to mend.
import { spawn } from 'node:child_process';
import { resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const node = (...args: string[]): readonly string[] => [process.execPath, ...args];
const CHECKS: readonly { readonly name: string; readonly command: readonly string[] }[] = [
  {
    name: 'format',
    command: node('node_modules/prettier/bin/prettier.cjs', '--check', '.', '--log-level', 'warn'),
  },
  // The boundaries' rule reads the project graph from a file and is silent without it.
  { name: 'graph', command: node('node_modules/nx/dist/bin/nx.js', 'show', 'projects') },
  { name: 'lint', command: node('node_modules/eslint/bin/eslint.js', '.', '--max-warnings', '0') },
  { name: 'types', command: node('node_modules/typescript/bin/tsc', '--noEmit', '-p', 'tsconfig.json') },
  { name: 'unit', command: node('deploy/test.ts', '--suite', 'unit') },
];

async function run(command: readonly string[]): Promise<boolean> {
  const [program = '', ...args] = command;
  return await new Promise((resolve) => {
    const env = { ...process.env, NX_DAEMON: 'false' };
    const child = spawn(program, args, { cwd: root, env, stdio: ['ignore', 2, 2] });
    child.once('error', () => resolve(false));
    child.once('exit', (code) => resolve(code === 0));
  });
}

const failed: string[] = [];
for (const { name, command } of CHECKS) {
  process.stderr.write(`\n== ${name} ==\n`);
  const startedMs = performance.now();
  const passed = await run(command);
  if (!passed) failed.push(name);
  process.stderr.write(
    `${name}: ${passed ? 'ok' : 'FAILED'} in ${((performance.now() - startedMs) / 1000).toFixed(1)} s\n`,
  );
}
process.stdout.write(
  failed.length === 0
    ? `ok: ${CHECKS.map(({ name }) => name).join(', ')}\n`
    : `failed: ${failed.join(', ')}\n`,
);
process.exitCode = failed.length === 0 ? 0 : 1;
