import { spawnSync } from 'node:child_process';

/** Whether a process runs; one that has ended and was not collected by its parent yet does not. */
export function isRunning(pid: number): boolean {
  const state = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).stdout.trim();
  return state !== '' && !state.startsWith('Z');
}

/** Command lines of the processes that name `text`, our own `ps` left out. */
export function commandsNaming(text: string): string[] {
  const printed = spawnSync('ps', ['-eo', 'args=', '-ww'], { encoding: 'utf8' }).stdout;
  return printed.split('\n').filter((line) => line.includes(text));
}
