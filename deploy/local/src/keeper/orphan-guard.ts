import { spawn, type ChildProcess } from 'node:child_process';

/**
 * Kills the processes it watches when its owner ends: a shell that remembers their ids and acts when its input ends.
 * The owner holds the other end of that pipe, so the kernel closes it however the owner dies, kill -9 included.
 */
const SCRIPT = `
pids=' '
while read -r verb pid; do
  case $verb in
    add) pids="$pids$pid " ;;
    drop) kept=' '; for known in $pids; do [ "$known" = "$pid" ] || kept="$kept$known "; done; pids=$kept ;;
  esac
done
for pid in $pids; do kill -9 "$pid" 2>/dev/null; done
`;

export class OrphanGuard {
  readonly #shell: ChildProcess;

  constructor() {
    // A session of its own: whatever signal reaches the keeper's group must not take the guard first.
    this.#shell = spawn('/bin/sh', ['-c', SCRIPT], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
    this.#shell.stdin?.on('error', () => undefined);
    // It must not keep its owner alive either.
    this.#shell.unref();
    (this.#shell.stdin as { unref?: () => void } | null)?.unref?.();
  }

  get pid(): number | undefined {
    return this.#shell.pid;
  }

  watch(pid: number): void {
    this.#shell.stdin?.write(`add ${pid}\n`);
  }

  forget(pid: number): void {
    this.#shell.stdin?.write(`drop ${pid}\n`);
  }

  close(): void {
    this.#shell.stdin?.end();
  }
}
