import type { PartName } from '../stack-status.ts';
import type { SystemUser } from '../unprivileged-user.ts';

export interface Launch {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** Another user to run as; null for our own. */
  readonly user: SystemUser | null;
}

/** One server of the stack: how it is set up, started, asked for its health and stopped. */
export interface ServerPart {
  readonly name: PartName;
  readonly launch: Launch;
  /** Signals in the order they are tried, each with how long to wait before the next. */
  readonly stopSignals: readonly { readonly signal: NodeJS.Signals; readonly waitMs: number }[];
  /** How often to try when the process ends by itself before it is healthy; once when left out. */
  readonly startAttempts?: number;
  /** Files outside of the state directory to delete once the server has ended. */
  readonly leftovers?: readonly string[];
  /** Makes the data directory and the configuration; does nothing where they are there already. */
  setUp(): Promise<void>;
  /** Resolves when the server does real work for a client with our credentials; throws until then. */
  probe(): Promise<void>;
}

/** What every server sees of our environment: no HASIVU_* settings and no credentials of ours. */
export function serverEnvironment(extra: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const kept = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'TZ'];
  const own = Object.fromEntries(
    kept.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
  return { ...own, ...extra };
}
