import type { Protocol } from './actions.ts';

/** What a table of versions (1, 2) obliges its writers to, which has to be named from writer version 7 on. */
export const LEGACY_FEATURES: readonly string[] = ['appendOnly', 'invariants'];

/** What each writer version before 7 adds without naming it. */
const FEATURES_OF_VERSION: readonly (readonly [version: number, features: readonly string[]])[] = [
  [2, LEGACY_FEATURES],
  [3, ['checkConstraints']],
  [4, ['changeDataFeed', 'generatedColumns']],
  [5, ['columnMapping']],
  [6, ['identityColumns']],
];

/** What the table's writers have to respect: named from version 7 on, before it what the version stands for. */
export function writerFeaturesOf({ minWriterVersion, writerFeatures = [] }: Protocol): string[] {
  if (minWriterVersion >= 7) return [...writerFeatures];
  return FEATURES_OF_VERSION.flatMap(([version, features]) => (version <= minWriterVersion ? features : []));
}

export function hasWriterFeature(protocol: Protocol, feature: string): boolean {
  return writerFeaturesOf(protocol).includes(feature);
}
