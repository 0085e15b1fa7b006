import { isPlatformError } from '@hasivu/errors';
import type { ServiceContext } from '@hasivu/service-kit';

type Shared = Pick<ServiceContext, 'ready' | 'alive' | 'countError' | 'logger'>;

/** What one database of the process tells of itself. */
interface Member {
  readonly name: string;
  ready: boolean;
  reason: string;
  /** Heard of since all were heard of last. */
  heard: boolean;
  /** Away for longer than an outage may last. */
  overdue: boolean;
  end: 'drained' | 'failed' | null;
}

/**
 * The databases of one process, side by side: ready when all are, alive while none has fallen silent. One that has
 * failed leaves the others alone; the process ends when none is left, and then with what ended them.
 */
export class SourceGroup {
  readonly #context: Shared;
  readonly #members: ReadonlyMap<string, Member>;
  readonly #failures: Error[] = [];

  constructor(context: Shared, names: readonly string[]) {
    this.#context = context;
    const begin = { ready: false, reason: 'starting', heard: false, overdue: false, end: null };
    this.#members = new Map(names.map((name) => [name, { name, ...begin }]));
  }

  /** Whether there are others whom the end of one would disturb. */
  get several(): boolean {
    return this.#members.size > 1;
  }

  ready(name: string, isReady: boolean, reason = 'not ready'): void {
    const member = this.#member(name);
    member.ready = isReady;
    member.reason = reason;
    if (isReady) member.overdue = false;
    this.#report();
  }

  /** Passed on once all that run were heard of: else one that is stuck would hide behind the others. */
  alive(name: string): void {
    this.#member(name).heard = true;
    this.#passOnLife();
  }

  /** Whether a database whose outage has lasted too long ends: only when no other is served any more. */
  mayGiveUp(name: string): boolean {
    this.#member(name).overdue = true;
    return this.#running().every((member) => member.overdue);
  }

  drained(name: string): void {
    this.#end(this.#member(name), 'drained');
  }

  failed(name: string, error: Error): void {
    const member = this.#member(name);
    this.#failures.push(error);
    const told = isPlatformError(error) ? error.code : 'UNEXPECTED';
    member.ready = false;
    member.reason = `stopped by ${told}, the others go on: mend it and restart`;
    this.#end(member, 'failed');
    // The last one is told by the end of the process.
    if (this.#running().length === 0) return;
    this.#context.countError(error);
    const context = isPlatformError(error) ? error.context : {};
    this.#context.logger.error(
      { database: name, code: told, ...context, err: error },
      `the database ${name} is captured no more, the others go on: ${error.message}`,
    );
  }

  /**
   * The error to end the process with, or null. One that a restart may mend goes before one that it cannot: the restart
   * brings the others back.
   */
  get failure(): Error | null {
    const mendable = this.#failures.find((error) => !isPlatformError(error) || error.retry !== 'manual');
    return mendable ?? this.#failures[0] ?? null;
  }

  #end(member: Member, end: 'drained' | 'failed'): void {
    member.end = end;
    this.#report();
    this.#passOnLife();
  }

  #report(): void {
    const waiting = [...this.#members.values()].filter((member) => !member.ready);
    if (waiting.length === 0) return this.#context.ready(true);
    const reasons = waiting.map(({ name, reason }) => (this.several ? `${name}: ${reason}` : reason));
    this.#context.ready(false, reasons.join('; '));
  }

  #passOnLife(): void {
    const running = this.#running();
    if (running.length === 0 || !running.every((member) => member.heard)) return;
    for (const member of running) member.heard = false;
    this.#context.alive();
  }

  #running(): Member[] {
    return [...this.#members.values()].filter((member) => member.end === null);
  }

  #member(name: string): Member {
    const member = this.#members.get(name);
    if (!member) throw new RangeError(`no database ${name}`);
    return member;
  }
}
