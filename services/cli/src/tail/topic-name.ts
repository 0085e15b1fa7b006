import { PlatformError } from '@hasivu/errors';

const LISTED = 20;

/** The topic that a person means: its full name, or the name without the prefix. @throws PlatformError CLI_TOPIC_UNKNOWN */
export function resolveTopic(
  wanted: string,
  prefixes: readonly string[],
  existing: readonly string[],
): string {
  if (existing.includes(wanted)) return wanted;
  const meant = [...new Set(prefixes.map((prefix) => `${prefix}.${wanted}`))];
  const [found, ...others] = meant.filter((name) => existing.includes(name));
  if (found !== undefined && others.length === 0) return found;
  const ours = existing.filter((name) => prefixes.some((prefix) => name.startsWith(`${prefix}.`))).sort();
  if (found !== undefined)
    throw unknownTopic(wanted, `several databases have one: ${[found, ...others].join(', ')}`);
  const near = ours.filter((name) => name.includes(wanted));
  const listed = (near.length > 0 ? near : ours).slice(0, LISTED);
  const why =
    listed.length > 0
      ? `there is no topic ${wanted}; there are ${listed.join(', ')}`
      : `there is no topic ${wanted}, and none with the prefix ${prefixes.join(' or ')}`;
  throw unknownTopic(wanted, why);
}

function unknownTopic(wanted: string, why: string): PlatformError {
  return new PlatformError('CLI_TOPIC_UNKNOWN', {
    doing: `looking for the topic ${wanted}`,
    why,
    context: { topic: wanted },
  });
}
