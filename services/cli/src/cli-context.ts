import type { Paint } from './terminal/paint.ts';
import type { TextSink } from './terminal/text-sink.ts';

/** What every command gets from main.ts: the only place that touches the process itself. */
export interface CliContext {
  readonly out: TextSink;
  readonly err: TextSink;
  readonly paint: Paint;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Top folder of the workspace: the services are started from here. */
  readonly root: string;
  /** Folder of all local state: run.json, logs, caches, the local stack. */
  readonly stateDir: string;
  /** The pinned Node that runs this process and its children. */
  readonly nodePath: string;
  readonly verbose: boolean;
  /** Asks the person at the terminal; null where there is none. @throws AbortError */
  readonly ask: ((question: string) => Promise<string>) | null;
  /** Aborts on the first Ctrl-C or SIGTERM: finish in order. */
  readonly stop: AbortSignal;
  /** Aborts on the second Ctrl-C: end at once. */
  readonly kill: AbortSignal;
}
