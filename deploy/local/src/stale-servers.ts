import { spawnSync } from 'node:child_process';
import type { StackStatus } from './stack-status.ts';

/**
 * Kills servers that a keeper left behind. The keeper's guard does so at once; this is for the case in which both were
 * killed. A process id alone proves nothing, it may have gone to another program, so the command line must name the
 * directory of this stack.
 */
export function killStaleServers(status: StackStatus): number[] {
  const pids = [status.postgres.pid, status.kafka.pid, status.registry.pid, status.s3.pid, status.keeperPid];
  const killed: number[] = [];
  for (const pid of pids) {
    if (pid === null || !commandLine(pid).includes(status.stateDirectory)) continue;
    process.kill(pid, 'SIGKILL');
    killed.push(pid);
  }
  return killed;
}

function commandLine(pid: number): string {
  return spawnSync('ps', ['-o', 'args=', '-ww', '-p', String(pid)], { encoding: 'utf8' }).stdout ?? '';
}
