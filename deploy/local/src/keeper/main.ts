// The process that owns the servers of one stack; started by `startStack`, never by hand.
import { readJson, removeFile, stateFiles, writePrivateJson } from '../state-directory.ts';
import type { StackPlan } from '../stack-plan.ts';
import { wipeState } from '../wipe-state.ts';
import { serveControl } from './control-server.ts';
import { StackKeeper } from './stack-keeper.ts';

const stateDirectory = process.argv[2] ?? '';
const files = stateFiles(stateDirectory);
const plan = readJson(files.plan) as StackPlan | null;
if (plan === null) throw new Error(`no plan in ${stateDirectory}`);

const keeper = new StackKeeper(plan);
let stopping: Promise<void> | null = null;
const stop = (): Promise<void> => (stopping ??= keeper.shutDown());
const end = (): void => {
  void stop().finally(() => {
    removeFile(files.control);
    if (plan.ephemeral) wipeState(stateDirectory);
    process.exit(0);
  });
};

// Foreground: the pipe's other end is held by the process that started us, and the kernel closes it when that ends.
if (plan.mode === 'foreground') process.stdin.on('end', end).on('error', end).resume();
process.on('SIGTERM', end);
process.on('SIGINT', end);
process.on('SIGHUP', () => undefined);

const control = await serveControl(keeper, {
  token: plan.controlToken,
  onStop: async () => {
    await stop();
    // After the answer has left.
    setImmediate(end);
  },
});
writePrivateJson(files.control, { port: control.port, token: plan.controlToken, pid: process.pid });
await keeper.startAll();
