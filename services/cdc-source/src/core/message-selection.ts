/** Prefixes of logical messages: exact, or with `*` at the end for every prefix that begins so. */
export interface MessagePatterns {
  readonly include: readonly string[];
  readonly exclude: readonly string[];
}

/** Whether messages of a prefix become events. */
export function wantsMessages(patterns: MessagePatterns, prefix: string): boolean {
  const matches = (pattern: string): boolean =>
    pattern.endsWith('*') ? prefix.startsWith(pattern.slice(0, -1)) : prefix === pattern;
  return patterns.include.some(matches) && !patterns.exclude.some(matches);
}
