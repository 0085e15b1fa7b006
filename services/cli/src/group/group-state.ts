/** Pure state of a supervised group of services: events in, next state and commands out. No clock, no process here. */
export type ServiceStatus = 'running' | 'waiting' | 'stopping' | 'stopped';

export interface ServiceState {
  readonly name: string;
  readonly status: ServiceStatus;
  readonly pid: number | null;
  readonly startedAtMs: number;
  /** Failed starts in a row; decides the back-off. A healthy while sets it back to 0. */
  readonly failures: number;
  readonly restarts: number;
}

export type GroupPhase = 'running' | 'draining' | 'killing' | 'finished';

export interface GroupState {
  readonly phase: GroupPhase;
  /** In the order data flows: source first. Draining goes in this order, one after the other. */
  readonly services: readonly ServiceState[];
  readonly exitCode: number;
}

export type GroupEvent =
  | { readonly type: 'start' }
  | { readonly type: 'spawned'; readonly name: string; readonly pid: number; readonly atMs: number }
  | { readonly type: 'exited'; readonly name: string; readonly code: number | null; readonly atMs: number }
  | { readonly type: 'restart-due'; readonly name: string }
  | { readonly type: 'drain'; readonly exitCode: number }
  | { readonly type: 'drain-overdue'; readonly name: string }
  | { readonly type: 'kill' };

export type GroupCommand =
  | { readonly type: 'spawn'; readonly name: string }
  | { readonly type: 'terminate'; readonly name: string }
  | { readonly type: 'kill'; readonly name: string }
  | { readonly type: 'restart-later'; readonly name: string; readonly delayMs: number }
  | { readonly type: 'finish'; readonly exitCode: number };

export interface RestartPolicy {
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
  /** Running this long counts as healthy: the next failure starts the back-off anew. */
  readonly healthyAfterMs: number;
}

export const RESTART_POLICY: RestartPolicy = {
  firstDelayMs: 500,
  maxDelayMs: 30_000,
  healthyAfterMs: 60_000,
};

const NEEDS_OPERATOR = 2;

export interface GroupStep {
  readonly state: GroupState;
  readonly commands: readonly GroupCommand[];
}

export function initialGroup(names: readonly string[]): GroupState {
  const services = names.map((name) => ({
    name,
    status: 'stopped' as const,
    pid: null,
    startedAtMs: 0,
    failures: 0,
    restarts: 0,
  }));
  return { phase: 'running', services, exitCode: 0 };
}

/** Delay before the n-th restart in a row (n ≥ 1): doubling from the first delay, bounded. */
export function restartDelayMs(failures: number, policy: RestartPolicy): number {
  return Math.min(policy.maxDelayMs, policy.firstDelayMs * 2 ** Math.min(failures - 1, 30));
}

export function reduceGroup(
  state: GroupState,
  event: GroupEvent,
  policy: RestartPolicy = RESTART_POLICY,
): GroupStep {
  if (state.phase === 'finished') return { state, commands: [] };
  switch (event.type) {
    case 'start':
      return { state, commands: state.services.map(({ name }) => ({ type: 'spawn', name })) };
    case 'spawned':
      return onSpawned(state, event.name, event.pid, event.atMs);
    case 'exited':
      return onExited(state, event, policy);
    case 'restart-due':
      return state.phase === 'running' && serviceOf(state, event.name).status === 'waiting'
        ? { state, commands: [{ type: 'spawn', name: event.name }] }
        : { state, commands: [] };
    case 'drain':
      return state.phase === 'running'
        ? drainNext({ ...withoutWaiting(state), phase: 'draining', exitCode: event.exitCode })
        : { state, commands: [] };
    case 'drain-overdue':
      return serviceOf(state, event.name).status === 'stopping'
        ? { state, commands: [{ type: 'kill', name: event.name }] }
        : { state, commands: [] };
    case 'kill':
      return killAll(state);
    default:
      return event satisfies never;
  }
}

function onSpawned(state: GroupState, name: string, pid: number, atMs: number): GroupStep {
  const next = patch(state, name, { status: 'running', pid, startedAtMs: atMs });
  if (state.phase === 'running') return { state: next, commands: [] };
  return state.phase === 'killing' ? { state: next, commands: [{ type: 'kill', name }] } : drainNext(next);
}

function onExited(
  state: GroupState,
  event: { name: string; code: number | null; atMs: number },
  policy: RestartPolicy,
): GroupStep {
  const service = serviceOf(state, event.name);
  if (state.phase !== 'running') return drainNext(patch(state, event.name, { status: 'stopped', pid: null }));
  if (event.code === NEEDS_OPERATOR) {
    const stopped = patch(state, event.name, { status: 'stopped', pid: null });
    return drainNext({ ...withoutWaiting(stopped), phase: 'draining', exitCode: NEEDS_OPERATOR });
  }
  if (event.code === 0) {
    const stopped = patch(state, event.name, { status: 'stopped', pid: null });
    return stopped.services.every(({ status }) => status === 'stopped')
      ? finish(stopped)
      : { state: stopped, commands: [] };
  }
  const healthy = event.atMs - service.startedAtMs >= policy.healthyAfterMs;
  const failures = healthy ? 1 : service.failures + 1;
  const next = patch(state, event.name, {
    status: 'waiting',
    pid: null,
    failures,
    restarts: service.restarts + 1,
  });
  return {
    state: next,
    commands: [{ type: 'restart-later', name: event.name, delayMs: restartDelayMs(failures, policy) }],
  };
}

/** Asks the first service that still runs to stop; the one behind it drains what that one wrote last. */
function drainNext(state: GroupState): GroupStep {
  if (state.services.some(({ status }) => status === 'stopping')) return { state, commands: [] };
  const next = state.services.find(({ status }) => status === 'running');
  if (!next) return finish(state);
  return {
    state: patch(state, next.name, { status: 'stopping' }),
    commands: [{ type: 'terminate', name: next.name }],
  };
}

function killAll(state: GroupState): GroupStep {
  const alive = state.services.filter(({ status }) => status === 'running' || status === 'stopping');
  if (alive.length === 0) return finish(withoutWaiting(state));
  const services = withoutWaiting(state).services.map((service) =>
    alive.some(({ name }) => name === service.name) ? { ...service, status: 'stopping' as const } : service,
  );
  return {
    state: { ...state, services, phase: 'killing' },
    commands: alive.map(({ name }) => ({ type: 'kill', name })),
  };
}

function finish(state: GroupState): GroupStep {
  return { state: { ...state, phase: 'finished' }, commands: [{ type: 'finish', exitCode: state.exitCode }] };
}

function withoutWaiting(state: GroupState): GroupState {
  return {
    ...state,
    services: state.services.map((service) =>
      service.status === 'waiting' ? { ...service, status: 'stopped' } : service,
    ),
  };
}

function patch(state: GroupState, name: string, change: Partial<ServiceState>): GroupState {
  return {
    ...state,
    services: state.services.map((service) => (service.name === name ? { ...service, ...change } : service)),
  };
}

function serviceOf(state: GroupState, name: string): ServiceState {
  const service = state.services.find((candidate) => candidate.name === name);
  if (!service) throw new Error(`the group has no service ${name}`);
  return service;
}
