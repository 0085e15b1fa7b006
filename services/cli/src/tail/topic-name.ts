import { PlatformError } from '@hasivu/errors';

const LISTED = 20;

/** The topic that a person means: its full name, or the name without the prefix. @throws PlatformError CLI_TOPIC_UNKNOWN */
export function resolveTopic(wanted: string, prefix: string, existing: readonly string[]): string {
  const found = [wanted, `${prefix}.${wanted}`].find((name) => existing.includes(name));
  if (found !== undefined) return found;
  const ours = existing.filter((name) => name.startsWith(`${prefix}.`)).sort();
  const near = ours.filter((name) => name.includes(wanted));
  const listed = (near.length > 0 ? near : ours).slice(0, LISTED);
  const why =
    listed.length > 0
      ? `there is no topic ${wanted}; there are ${listed.join(', ')}`
      : `there is no topic ${wanted}, and none with the prefix ${prefix}`;
  throw new PlatformError('CLI_TOPIC_UNKNOWN', {
    doing: `looking for the topic ${wanted}`,
    why,
    context: { topic: wanted },
  });
}
