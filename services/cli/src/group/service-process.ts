import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { ServiceLog, type LogNotice, noticeOf } from './service-log.ts';

export interface ServiceStart {
  readonly name: string;
  readonly nodePath: string;
  /** Top folder of the workspace. */
  readonly root: string;
  readonly configPath: string;
  readonly httpPort: number;
  readonly logPath: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly onNotice: (notice: LogNotice) => void;
}

export interface ServiceEnd {
  /** null when a signal ended it. */
  readonly code: number | null;
  /** Last line the service wrote to stderr: its error with code and cure, where it had one. */
  readonly lastError: string;
}

/** One child process of the group. */
export interface ServiceProcess {
  readonly pid: number;
  readonly ended: Promise<ServiceEnd>;
  terminate(): void;
  kill(): void;
}

/**
 * Starts a service. It gets a process group of its own, so that Ctrl-C reaches the supervisor alone and the group is
 * drained in order; and a pipe as stdin, which closes when the supervisor dies: the service then drains by itself.
 */
export function startService(start: ServiceStart): ServiceProcess {
  const main = join(start.root, 'services', start.name, 'src', 'main.ts');
  const child = spawn(
    start.nodePath,
    ['--disable-warning=ExperimentalWarning', main, '--config', start.configPath],
    {
      cwd: start.root,
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...start.env, HASIVU_SUPERVISED: '1', HASIVU_HTTP_PORT: String(start.httpPort) },
    },
  );
  return {
    pid: child.pid ?? -1,
    ended: followToEnd(child, start),
    terminate: () => void child.kill('SIGTERM'),
    kill: () => void child.kill('SIGKILL'),
  };
}

function followToEnd(child: ChildProcess, start: ServiceStart): Promise<ServiceEnd> {
  let lastError = '';
  const log = new ServiceLog(start.logPath, (line) => {
    // The sentence for people, with code and cure, comes last and is told with the end of the service.
    if (line.startsWith('error ')) {
      lastError = line;
      return;
    }
    const notice = noticeOf(line);
    if (notice) start.onNotice(notice);
  });
  if (child.stdout) log.follow(child.stdout);
  if (child.stderr) log.follow(child.stderr);
  child.stdin?.on('error', () => {});
  return new Promise((resolve) => {
    child.once('error', (error) => {
      log.close();
      resolve({ code: 1, lastError: `cannot start ${start.name}: ${error.message}` });
    });
    child.once('close', (code) => {
      log.close();
      resolve({ code, lastError });
    });
  });
}
