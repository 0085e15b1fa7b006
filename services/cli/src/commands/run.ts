import { loadConfig } from '@hasivu/config';
import { EXIT, PlatformError } from '@hasivu/errors';
import type { CliContext } from '../cli-context.ts';
import { resolveNamedFile } from '../command-file.ts';
import { FlowView } from '../group/flow-view.ts';
import { readRunRecord } from '../group/run-record.ts';
import { startGroup, type RunningGroup } from '../group/running-group.ts';
import { planServices } from '../group/service-plan.ts';
import { checkPipelines } from './pipeline-check.ts';

export interface RunOptions {
  readonly file: string;
  readonly json: boolean;
}

/** Runs every service of the file until it is stopped; resolves with the exit code. */
export async function runServices(context: CliContext, options: RunOptions): Promise<number> {
  const configPath = resolveNamedFile(context, options.file);
  const config = loadConfig(configPath, { ...context.env });
  // A service that ends with a mistake ends the group, but the others would have written by then.
  checkPipelines(config);
  refuseSecondGroup(context, configPath);
  const names = planServices(config);
  if (names.length === 0) throw nothingToRun(configPath);
  const view = new FlowView({ context, prefix: config.kafka.prefix, json: options.json });
  const group = await startGroup({ context, config, configPath, names, listener: view });
  const unhook = hookInterrupts(context, group, view);
  view.watch(group);
  try {
    const end = await group.ended;
    view.close();
    if (end.stoppedBy) tellStopped(context, end.stoppedBy);
    return end.exitCode;
  } finally {
    view.close();
    unhook();
  }
}

function hookInterrupts(context: CliContext, group: RunningGroup, view: FlowView): () => void {
  const onStop = (): void => {
    view.say('stopping: the services finish what they have accepted (Ctrl-C again ends them at once)');
    group.drain(context.stop.reason === 'SIGTERM' ? EXIT.ok : EXIT.interrupted);
  };
  const onKill = (): void => group.kill();
  if (context.stop.aborted) onStop();
  context.stop.addEventListener('abort', onStop);
  context.kill.addEventListener('abort', onKill);
  return () => {
    context.stop.removeEventListener('abort', onStop);
    context.kill.removeEventListener('abort', onKill);
  };
}

function refuseSecondGroup(context: CliContext, configPath: string): void {
  const record = readRunRecord(context.stateDir);
  if (!record?.alive || record.configPath !== configPath) return;
  throw new PlatformError('CLI_GROUP_RUNNING', {
    doing: `starting the services of ${configPath}`,
    why: `process ${record.pid} already runs them`,
    context: { pid: record.pid },
  });
}

function nothingToRun(configPath: string): PlatformError {
  return new PlatformError('CONFIG_INVALID', {
    doing: `planning the services of ${configPath}`,
    why: '/ has nothing to run: give source (Postgres to Kafka), pipelines (Kafka to Kafka), lake (Kafka to Delta), or several of them',
  });
}

/** The service has said code, reason and cure itself: its words are repeated as they are. */
function tellStopped({ err, paint }: CliContext, { name, message }: { name: string; message: string }): void {
  const said =
    message ||
    `error CLI_SERVICE_NEEDS_OPERATOR while running ${name}: it ended with exit code 2. See its log.`;
  err.write(`${said.replace(/^error/, paint.red('error'))}\n`);
}
