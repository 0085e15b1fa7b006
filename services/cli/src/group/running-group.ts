import { join } from 'node:path';
import type { HasivuConfig, ServiceName } from '@hasivu/config';
import type { CliContext } from '../cli-context.ts';
import { findFreePort } from './free-port.ts';
import type { GroupState } from './group-state.ts';
import { removeRunRecord, writeRunRecord } from './run-record.ts';
import type { LogNotice } from './service-log.ts';
import { startService, type ServiceEnd } from './service-process.ts';
import { Supervisor, type GroupEnd } from './supervisor.ts';

/** Hears what happens in a group. */
export interface GroupListener {
  notice(service: string, notice: LogNotice): void;
  failed(service: string, end: ServiceEnd, restartInMs: number | null): void;
}

export interface GroupOptions {
  readonly context: CliContext;
  readonly config: HasivuConfig;
  readonly configPath: string;
  readonly names: readonly ServiceName[];
  readonly listener: GroupListener;
  /** Folder of the services' logs; `logs` in the state folder where left out. */
  readonly logDir?: string;
}

export interface RunningGroup {
  readonly ended: Promise<GroupEnd>;
  /** HTTP port of each service: /livez, /readyz and /metrics. */
  readonly ports: ReadonlyMap<string, number>;
  readonly logDir: string;
  state(): GroupState;
  drain(exitCode: number): void;
  kill(): void;
}

/** Starts the services as one supervised group and keeps run.json up to date while it lives. */
export async function startGroup(options: GroupOptions): Promise<RunningGroup> {
  const { context, configPath, listener } = options;
  const logDir = options.logDir ?? join(context.stateDir, 'logs');
  const ports = await choosePorts(options);
  const startedAt = new Date().toISOString();
  const supervisor = new Supervisor({
    names: options.names,
    start: (name) =>
      startService({
        name,
        nodePath: context.nodePath,
        root: context.root,
        configPath,
        httpPort: ports.get(name) ?? 0,
        logPath: join(logDir, `${name}.log`),
        env: context.env,
        onNotice: (notice) => listener.notice(name, notice),
      }),
    onChange: (state) =>
      writeRunRecord(context.stateDir, {
        pid: process.pid,
        configPath,
        startedAt,
        services: servicesOf(state, ports),
      }),
    onFailure: (name, end, restartInMs) => listener.failed(name, end, restartInMs),
  });
  const ended = supervisor.run().finally(() => removeRunRecord(context.stateDir, process.pid));
  return {
    ended,
    ports,
    logDir,
    state: () => supervisor.state,
    drain: (exitCode) => supervisor.drain(exitCode),
    kill: () => supervisor.kill(),
  };
}

/** The port of the file where it names one; else a free one, kept over restarts so that scrapers find the service again. */
async function choosePorts({ config, names }: GroupOptions): Promise<Map<string, number>> {
  const ports = new Map<string, number>();
  for (const name of names) ports.set(name, config.services[name].httpPort || (await findFreePort()));
  return ports;
}

function servicesOf(
  state: GroupState,
  ports: ReadonlyMap<string, number>,
): { name: string; pid: number | null; port: number }[] {
  return state.services.map(({ name, pid }) => ({ name, pid, port: ports.get(name) ?? 0 }));
}
