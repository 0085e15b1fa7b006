import { describe, expect, test } from '@jest/globals';
import {
  initialGroup,
  reduceGroup,
  restartDelayMs,
  type GroupCommand,
  type GroupEvent,
  type GroupState,
} from './group-state.ts';

const NAMES = ['cdc-source', 'stream-processor', 'lake-sink'];
const POLICY = { firstDelayMs: 500, maxDelayMs: 30_000, healthyAfterMs: 60_000 };

function play(
  events: readonly GroupEvent[],
  from: GroupState = initialGroup(NAMES),
): { state: GroupState; commands: GroupCommand[] } {
  let state = from;
  const commands: GroupCommand[] = [];
  for (const event of events) {
    const step = reduceGroup(state, event, POLICY);
    state = step.state;
    commands.push(...step.commands);
  }
  return { state, commands };
}

const spawned = (name: string, atMs = 0): GroupEvent => ({
  type: 'spawned',
  name,
  pid: 100 + NAMES.indexOf(name),
  atMs,
});
const exited = (name: string, code: number | null, atMs = 1000): GroupEvent => ({
  type: 'exited',
  name,
  code,
  atMs,
});
const UP: GroupEvent[] = [{ type: 'start' }, ...NAMES.map((name) => spawned(name))];

describe('a supervised group', () => {
  test('start spawns every service in the order data flows', () => {
    expect(play([{ type: 'start' }]).commands).toEqual(NAMES.map((name) => ({ type: 'spawn', name })));
  });

  test('a crash restarts that service alone, with a doubling delay', () => {
    const first = play([...UP, exited('lake-sink', 1)]);
    expect(first.commands.slice(3)).toEqual([{ type: 'restart-later', name: 'lake-sink', delayMs: 500 }]);
    const second = play(
      [
        { type: 'restart-due', name: 'lake-sink' },
        spawned('lake-sink', 2000),
        exited('lake-sink', null, 3000),
      ],
      first.state,
    );
    expect(second.commands).toEqual([
      { type: 'spawn', name: 'lake-sink' },
      { type: 'restart-later', name: 'lake-sink', delayMs: 1000 },
    ]);
    expect(second.state.services[2]).toMatchObject({ status: 'waiting', failures: 2, restarts: 2 });
    expect(second.state.services[0]).toMatchObject({ status: 'running' });
  });

  test('a healthy while starts the back-off anew', () => {
    const crashed = play([
      ...UP,
      exited('lake-sink', 1),
      { type: 'restart-due', name: 'lake-sink' },
      spawned('lake-sink', 2000),
      exited('lake-sink', 1, 62_000),
    ]);
    expect(crashed.commands.at(-1)).toEqual({ type: 'restart-later', name: 'lake-sink', delayMs: 500 });
  });

  test('the delay is bounded, however often a service fails', () => {
    expect([1, 2, 3, 7, 8, 5000].map((failures) => restartDelayMs(failures, POLICY))).toEqual([
      500, 1000, 2000, 30_000, 30_000, 30_000,
    ]);
  });

  test('exit code 2 of one stops the whole group with exit code 2 and restarts nothing', () => {
    const failed = play([...UP, exited('stream-processor', 2)]);
    expect(failed.commands.slice(3)).toEqual([{ type: 'terminate', name: 'cdc-source' }]);
    const rest = play([exited('cdc-source', 0), exited('lake-sink', 0)], failed.state);
    expect(rest.commands).toEqual([
      { type: 'terminate', name: 'lake-sink' },
      { type: 'finish', exitCode: 2 },
    ]);
  });

  test('drain stops the source, then the processor, then the sink, each after the one before has ended', () => {
    const drained = play([
      ...UP,
      { type: 'drain', exitCode: 130 },
      exited('cdc-source', 0),
      exited('stream-processor', 0),
      exited('lake-sink', 0),
    ]);
    expect(drained.commands.slice(3)).toEqual([
      { type: 'terminate', name: 'cdc-source' },
      { type: 'terminate', name: 'stream-processor' },
      { type: 'terminate', name: 'lake-sink' },
      { type: 'finish', exitCode: 130 },
    ]);
    expect(drained.state.phase).toBe('finished');
  });

  test('a service that waits for its restart is not started again while the group drains', () => {
    const drained = play([
      ...UP,
      exited('cdc-source', 1),
      { type: 'drain', exitCode: 0 },
      { type: 'restart-due', name: 'cdc-source' },
    ]);
    expect(drained.commands.slice(3)).toEqual([
      { type: 'restart-later', name: 'cdc-source', delayMs: 500 },
      { type: 'terminate', name: 'stream-processor' },
    ]);
  });

  test('a service that ends out of turn while the group drains does not skip the others', () => {
    const drained = play([
      ...UP,
      { type: 'drain', exitCode: 0 },
      exited('lake-sink', 1),
      exited('cdc-source', 0),
      exited('stream-processor', 0),
    ]);
    expect(drained.commands.slice(3)).toEqual([
      { type: 'terminate', name: 'cdc-source' },
      { type: 'terminate', name: 'stream-processor' },
      { type: 'finish', exitCode: 0 },
    ]);
  });

  test('a second interrupt kills all that still run', () => {
    const killed = play([
      ...UP,
      { type: 'drain', exitCode: 130 },
      { type: 'kill' },
      ...NAMES.map((name) => exited(name, null)),
    ]);
    expect(killed.commands.slice(4)).toEqual([
      ...NAMES.map((name) => ({ type: 'kill', name })),
      { type: 'finish', exitCode: 130 },
    ]);
  });

  test('a service that does not stop in time is killed, once', () => {
    const overdue = play([
      ...UP,
      { type: 'drain', exitCode: 0 },
      { type: 'drain-overdue', name: 'cdc-source' },
    ]);
    expect(overdue.commands.at(-1)).toEqual({ type: 'kill', name: 'cdc-source' });
    const after = play(
      [exited('cdc-source', null), { type: 'drain-overdue', name: 'cdc-source' }],
      overdue.state,
    );
    expect(after.commands).toEqual([{ type: 'terminate', name: 'stream-processor' }]);
  });

  test('services that end with 0 are done; the group ends with the last of them', () => {
    const done = play([...UP, ...NAMES.map((name) => exited(name, 0))]);
    expect(done.commands.slice(3)).toEqual([{ type: 'finish', exitCode: 0 }]);
  });

  test('nothing happens after the end', () => {
    const finished = play([
      ...UP,
      ...NAMES.map((name) => exited(name, 0)),
      { type: 'restart-due', name: 'lake-sink' },
      { type: 'kill' },
    ]);
    expect(finished.commands.filter(({ type }) => type === 'finish')).toHaveLength(1);
    expect(finished.commands).toHaveLength(4);
  });
});
