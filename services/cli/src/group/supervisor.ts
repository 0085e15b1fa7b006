import {
  initialGroup,
  reduceGroup,
  type GroupCommand,
  type GroupEvent,
  type GroupState,
} from './group-state.ts';
import type { ServiceEnd, ServiceProcess } from './service-process.ts';

/** Longer than a service's own bound for draining, so that its own message comes first. */
const DRAIN_OVERDUE_MS = 75_000;

export interface SupervisorOptions {
  readonly names: readonly string[];
  readonly start: (name: string) => ServiceProcess;
  readonly onChange: (state: GroupState) => void;
  /** A service has ended while the group was meant to run. `restartInMs` is null where it is not started again. */
  readonly onFailure: (name: string, end: ServiceEnd, restartInMs: number | null) => void;
}

export interface GroupEnd {
  readonly exitCode: number;
  /** The service whose exit code 2 stopped the group, with its own words. */
  readonly stoppedBy: { readonly name: string; readonly message: string } | null;
}

/** Driver of the group: turns the reducer's commands into processes and timers, and their ends into events. */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #processes = new Map<string, ServiceProcess>();
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #end = Promise.withResolvers<GroupEnd>();
  #state: GroupState;
  #stoppedBy: GroupEnd['stoppedBy'] = null;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#state = initialGroup(options.names);
  }

  get state(): GroupState {
    return this.#state;
  }

  /** Starts every service; resolves when all have ended for good. */
  run(): Promise<GroupEnd> {
    this.#apply({ type: 'start' });
    return this.#end.promise;
  }

  /** Stops the services one after the other in the order data flows. */
  drain(exitCode: number): void {
    this.#apply({ type: 'drain', exitCode });
  }

  kill(): void {
    this.#apply({ type: 'kill' });
  }

  #apply(event: GroupEvent): GroupCommand[] {
    const step = reduceGroup(this.#state, event);
    this.#state = step.state;
    for (const command of step.commands) this.#perform(command);
    this.#options.onChange(this.#state);
    return [...step.commands];
  }

  #perform(command: GroupCommand): void {
    switch (command.type) {
      case 'spawn':
        return this.#spawn(command.name);
      case 'terminate':
        this.#processes.get(command.name)?.terminate();
        return this.#later(DRAIN_OVERDUE_MS, { type: 'drain-overdue', name: command.name });
      case 'kill':
        return this.#processes.get(command.name)?.kill();
      case 'restart-later':
        return this.#later(command.delayMs, { type: 'restart-due', name: command.name });
      case 'finish':
        for (const timer of this.#timers) clearTimeout(timer);
        return this.#end.resolve({ exitCode: command.exitCode, stoppedBy: this.#stoppedBy });
      default:
        return command satisfies never;
    }
  }

  #spawn(name: string): void {
    const child = this.#options.start(name);
    this.#processes.set(name, child);
    void child.ended.then((end) => this.#onEnd(name, end));
    this.#apply({ type: 'spawned', name, pid: child.pid, atMs: performance.now() });
  }

  #onEnd(name: string, end: ServiceEnd): void {
    const wasRunning = this.#state.phase === 'running';
    if (wasRunning && end.code === 2) this.#stoppedBy = { name, message: end.lastError };
    const commands = this.#apply({ type: 'exited', name, code: end.code, atMs: performance.now() });
    if (!wasRunning) return;
    const restart = commands.find((command) => command.type === 'restart-later');
    this.#options.onFailure(name, end, restart ? restart.delayMs : null);
  }

  #later(delayMs: number, event: GroupEvent): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#apply(event);
    }, delayMs);
    this.#timers.add(timer);
  }
}
