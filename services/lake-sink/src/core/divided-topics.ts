/** A sink of the group, as it describes itself. */
export interface TopicOwner {
  readonly id: string;
  /** Weight of each topic that it has; null where it is not known yet. */
  readonly owned: ReadonlyMap<string, number | null>;
}

/** Loads that differ by less than this share of their mean stay as they are: a topic that moves is read anew. */
const TOLERATED = 0.3;
/** So that idle topics are shared out too, each weighs at least this share of the mean. */
const LEAST = 0.01;

/**
 * Divides topics among the sinks of a group, whole ones, so that their loads are alike and few of them move. A topic that
 * is to move is nobody's for now: it is given away once its owner no longer has it.
 * @returns topics by sink
 */
export function divideTopics(
  topics: readonly string[],
  members: readonly TopicOwner[],
): Map<string, readonly string[]> {
  const owners = currentOwners(topics, members);
  const weights = weightsOf(topics, owners);
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
): ReadonlyMap<string, number> {
  const known = [...owners.values()].flatMap(({ weight }) => (weight === null ? [] : [weight]));
  const sum = known.reduce((total, weight) => total + weight, 0);
  const mean = sum === 0 ? 1 : sum / known.length;
  return new Map(topics.map((topic) => [topic, Math.max(owners.get(topic)?.weight ?? mean, mean * LEAST)]));
}

/** Moves topics from the most loaded sink to the least, as long as that brings the two together. */
function level(shares: readonly Share[]): void {
  const mean = shares.reduce((sum, { load }) => sum + load, 0) / shares.length;
  for (;;) {
    const [low, high] = [lightest(shares), heaviest(shares)];
    const gap = high.load - low.load;
    if (gap <= mean * TOLERATED) return;
    const best = nearest(high.topics, gap / 2);
    // A topic as heavy as the gap would only change the names of the two.
    if (best === null || best.weight >= gap) return;
    high.remove(best.topic);
    low.add(best.topic, best.weight);
  }
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

function heaviest(shares: Iterable<Share>): Share {
  return [...shares].reduce((most, share) => (share.load > most.load ? share : most));
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
