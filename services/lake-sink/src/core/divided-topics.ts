/** A sink of the group, as it describes itself. */
export interface TopicOwner {
  readonly id: string;
  /** Weight of each topic that it has; null where it is not known yet. */
  readonly owned: ReadonlyMap<string, number | null>;
}

/** Loads that differ by less than this share of their mean stay as they are: a topic that moves is read anew. */
const TOLERATED = 0.3;
/**
 * What a topic costs without any records, in records a second: idle topics are shared out, too, and a few records now and then
 * are no reason to move anything.
 */
const IDLE = 50;
/** A sink whose topics that could go weigh less than this share of the gap keeps them: it would be as loaded without. */
const WORTH_MOVING = 0.1;

/**
 * Divides topics among the sinks of a group, whole ones, so that their loads are alike and few of them move. A topic that
 * is to move is nobody's for now: it is given away once its owner no longer has it.
 * @param remembered weights of before, of topics whose weight nobody tells now @returns topics by sink
 */
export function divideTopics(
  topics: readonly string[],
  members: readonly TopicOwner[],
  remembered: ReadonlyMap<string, number> = new Map(),
): Map<string, readonly string[]> {
  const owners = currentOwners(topics, members);
  const weights = weightsOf(topics, owners, remembered);
  const shares = new Map(members.map(({ id }) => [id, new Share()]));
  for (const [topic, { id }] of owners) shares.get(id)?.add(topic, weights.get(topic) ?? 0);
  const byWeight = [...topics].sort(
    (left, right) => (weights.get(right) ?? 0) - (weights.get(left) ?? 0) || compare(left, right),
  );
  for (const topic of byWeight)
    if (!owners.has(topic)) lightest(shares.values()).add(topic, weights.get(topic) ?? 0);
  level([...shares.values()]);
  return new Map(
    [...shares].map(([id, share]) => [
      id,
      [...share.topics.keys()].filter((topic) => (owners.get(topic)?.id ?? id) === id).sort(compare),
    ]),
  );
}

class Share {
  readonly topics = new Map<string, number>();
  load = 0;

  add(topic: string, weight: number): void {
    this.topics.set(topic, weight);
    this.load += weight;
  }

  remove(topic: string): void {
    this.load -= this.topics.get(topic) ?? 0;
    this.topics.delete(topic);
  }
}

interface Owned {
  readonly id: string;
  readonly weight: number | null;
}

/** Should two of them say that they have a topic, the other one gives it up. */
function currentOwners(
  topics: readonly string[],
  members: readonly TopicOwner[],
): ReadonlyMap<string, Owned> {
  const wanted = new Set(topics);
  const owners = new Map<string, Owned>();
  for (const { id, owned } of [...members].sort((left, right) => compare(left.id, right.id)))
    for (const [topic, weight] of owned)
      if (wanted.has(topic) && !owners.has(topic)) owners.set(topic, { id, weight });
  return owners;
}

/** What is not known weighs as much as the others do on average. */
function weightsOf(
  topics: readonly string[],
  owners: ReadonlyMap<string, Owned>,
  remembered: ReadonlyMap<string, number>,
): ReadonlyMap<string, number> {
  const known = [...owners.values()].flatMap(({ weight }) => (weight === null ? [] : [weight]));
  const sum = known.reduce((total, weight) => total + weight, 0);
  const mean = known.length === 0 ? 0 : sum / known.length;
  return new Map(
    topics.map((topic) => [topic, IDLE + (owners.get(topic)?.weight ?? remembered.get(topic) ?? mean)]),
  );
}

/** Moves topics from loaded sinks to the least loaded, as long as that brings the two together. */
function level(shares: readonly Share[]): void {
  const mean = shares.reduce((sum, { load }) => sum + load, 0) / shares.length;
  while (shares.some((high) => moveOne(high, lightest(shares), mean * TOLERATED)));
}

function moveOne(high: Share, low: Share, tolerated: number): boolean {
  const gap = high.load - low.load;
  if (gap <= tolerated) return false;
  // A topic as heavy as the gap would only change the names of the two.
  const movable = new Map([...high.topics].filter(([, weight]) => weight < gap));
  const worth = [...movable.values()].reduce((sum, weight) => sum + weight, 0);
  const best = nearest(movable, gap / 2);
  if (best === null || worth < gap * WORTH_MOVING) return false;
  high.remove(best.topic);
  low.add(best.topic, best.weight);
  return true;
}

function nearest(
  topics: ReadonlyMap<string, number>,
  wanted: number,
): { readonly topic: string; readonly weight: number } | null {
  let best: { topic: string; weight: number } | null = null;
  for (const [topic, weight] of topics)
    if (best === null || Math.abs(weight - wanted) < Math.abs(best.weight - wanted)) best = { topic, weight };
  return best;
}

function lightest(shares: Iterable<Share>): Share {
  return [...shares].reduce((least, share) => (share.load < least.load ? share : least));
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
