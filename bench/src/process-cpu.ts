import { readFileSync } from 'node:fs';

/** Ticks per second of the counters in /proc; the kernel's user-visible constant on Linux. */
const TICKS_PER_SECOND = 100;

export interface ProcessUse {
  /** User and system time since the process began. */
  readonly cpuSeconds: number;
  /** Largest resident set since the process began. */
  readonly peakRssMiB: number;
}

/** What the kernel has counted for a process, its threads included. Linux only. @throws when the process is gone */
export function processUse(pid: number): ProcessUse {
  const fields = statFields(pid);
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const peakKiB = Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0);
  return {
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND,
    peakRssMiB: peakKiB / 1024,
  };
}

/** User and system time of the children of this process that have ended, and of theirs. */
export function childrenCpuSeconds(): number {
  const fields = statFields('self');
  return (Number(fields[13]) + Number(fields[14])) / TICKS_PER_SECOND;
}

/** The fields of /proc/<pid>/stat behind the command's name, which may hold spaces. */
function statFields(pid: number | 'self'): string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}
