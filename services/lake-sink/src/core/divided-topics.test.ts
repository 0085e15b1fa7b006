import { describe, expect, test } from '@jest/globals';
import { checkProperty } from '@hasivu/testing';
import fc from 'fast-check';
import { divideTopics, type TopicOwner } from './divided-topics.ts';

const topic = (n: number): string => `t${String(n).padStart(2, '0')}`;
const topicsOf = (count: number): string[] => Array.from({ length: count }, (_, n) => topic(n));
const idle = (id: string): TopicOwner => ({ id, owned: new Map() });

/** What the sinks have when each gave up what is no longer its own, and took what is. */
function after(members: readonly TopicOwner[], parts: ReadonlyMap<string, readonly string[]>): TopicOwner[] {
  const weights = new Map(members.flatMap(({ owned }) => [...owned]));
  return members.map(({ id }) => ({
    id,
    owned: new Map((parts.get(id) ?? []).map((one) => [one, weights.get(one) ?? 0])),
  }));
}

/** An idle topic weighs 50. */
const weigh = (weight: number | null): number => 50 + (weight ?? 0);
const loadOf = ({ owned }: TopicOwner): number =>
  [...owned.values()].reduce<number>((sum, one) => sum + weigh(one), 0);

describe('topics are divided', () => {
  test('evenly where nobody has any', () => {
    const parts = divideTopics(topicsOf(10), [idle('a'), idle('b'), idle('c')]);
    expect([...parts.values()].map(({ length }) => length).sort()).toEqual([3, 3, 4]);
    expect([...parts.values()].flat().sort()).toEqual(topicsOf(10));
  });

  test('by what they weigh: a heavy one is alone', () => {
    const owned = new Map(topicsOf(9).map((one, n) => [one, n === 4 ? 8_000 : 1_000]));
    let members: TopicOwner[] = [{ id: 'a', owned }, idle('b')];
    for (let turn = 0; turn < 2; turn += 1) members = after(members, divideTopics(topicsOf(9), members));
    const [a, b] = members as [TopicOwner, TopicOwner];
    expect([[...a.owned.keys()], [...b.owned.keys()]].find((one) => one.includes(topic(4)))).toEqual([
      topic(4),
    ]);
  });

  test('once more when one joins: a topic that is to move is nobody’s until its owner has given it up', () => {
    const a = { id: 'a', owned: new Map(topicsOf(4).map((one) => [one, 5])) };
    const first = divideTopics(topicsOf(4), [a, idle('b')]);
    expect([first.get('a')?.length, first.get('b')?.length]).toEqual([2, 0]);
    const second = divideTopics(topicsOf(4), after([a, idle('b')], first));
    expect([second.get('a')?.length, second.get('b')?.length]).toEqual([2, 2]);
  });

  test('and stay where they are while the loads are alike', () => {
    const a = {
      id: 'a',
      owned: new Map([
        [topic(0), 50],
        [topic(1), 55],
      ]),
    };
    const b = {
      id: 'b',
      owned: new Map([
        [topic(2), 45],
        [topic(3), 50],
      ]),
    };
    const parts = divideTopics(topicsOf(4), [a, b]);
    expect([parts.get('a'), parts.get('b')]).toEqual([
      [topic(0), topic(1)],
      [topic(2), topic(3)],
    ]);
  });

  test('and stay where they are on a quiet system, whichever of them has a few records now and then', () => {
    let members: TopicOwner[] = [idle('a'), idle('b'), idle('c')];
    for (let turn = 0; turn < 3; turn += 1) members = after(members, divideTopics(topicsOf(99), members));
    expect(members.map(({ owned }) => owned.size)).toEqual([33, 33, 33]);
    for (let minute = 0; minute < 99; minute += 1) {
      const trickle = members.map(({ id, owned }) => ({
        id,
        owned: new Map([...owned.keys()].map((one) => [one, one === topic(minute) ? 0.1 : 0])),
      }));
      const parts = divideTopics(topicsOf(99), trickle);
      for (const { id, owned } of members) expect(parts.get(id)).toEqual([...owned.keys()]);
    }
  });

  test('and stay where they are beside one that is busier than all the others: moving those would bring nothing', () => {
    const a = new Map(topicsOf(50).map((one, n) => [one, n === 0 ? 100_000 : 0]));
    const b = new Map(
      topicsOf(100)
        .slice(50)
        .map((one) => [one, 0]),
    );
    const parts = divideTopics(topicsOf(100), [
      { id: 'a', owned: a },
      { id: 'b', owned: b },
    ]);
    expect([parts.get('a')?.length, parts.get('b')?.length]).toEqual([50, 50]);
  });

  test('to one sink where two say that they have one', () => {
    const both = new Map([[topic(0), 1]]);
    const parts = divideTopics(
      [topic(0)],
      [
        { id: 'b', owned: both },
        { id: 'a', owned: both },
      ],
    );
    expect([parts.get('a'), parts.get('b')]).toEqual([[topic(0)], []]);
  });

  test('whatever they have: nothing is given to two, or taken from whom it is with, and soon all of it is with somebody', async () => {
    const members = fc
      .tuple(
        fc.integer({ min: 1, max: 5 }),
        fc.array(
          fc.record({
            owner: fc.integer({ min: -1, max: 4 }),
            weight: fc.constantFrom(0, 100, 1_000, 100_000),
          }),
          { maxLength: 20 },
        ),
      )
      .map(([count, topics]) =>
        Array.from({ length: count }, (_, n) => ({
          id: `m${n}`,
          owned: new Map(
            topics.flatMap(({ owner, weight }, at) => (owner === n ? [[topic(at), weight]] : [])),
          ),
        })),
      );
    await checkProperty(
      fc.property(members, (given: TopicOwner[]) => {
        const topics = topicsOf(20);
        const remembered = new Map(
          topics.map((one) => [one, given.find(({ owned }) => owned.has(one))?.owned.get(one) ?? 0]),
        );
        let now = given;
        for (let turn = 0; turn < 6; turn += 1) {
          const parts = divideTopics(topics, now, remembered);
          const all = [...parts.values()].flat();
          expect(new Set(all).size).toBe(all.length);
          for (const { id, owned } of now)
            for (const one of owned.keys())
              for (const [other, part] of parts) if (other !== id) expect(part).not.toContain(one);
          now = after(now, parts);
        }
        expect(now.flatMap(({ owned }) => [...owned.keys()]).sort()).toEqual(topics);
        // Loads are as near as the heaviest topic allows.
        const loads = now.map(loadOf);
        const heaviest = Math.max(...now.flatMap(({ owned }) => [...owned.values()].map(weigh)));
        const mean = loads.reduce((sum, one) => sum + one, 0) / loads.length;
        expect(Math.max(...loads) - Math.min(...loads)).toBeLessThanOrEqual(
          Math.max(heaviest, 0.3 * mean) + 1,
        );
      }),
    );
  });
});
