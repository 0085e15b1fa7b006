import { expect, test } from '@jest/globals';

import { parseTimelineHistory } from './system-identity.ts';

test('a history file gives the end of every earlier timeline, whatever was noted beside it', () => {
  const text =
    '1\t0/3000148\tno recovery target specified\n\n# by hand\n2\tA/5000000\tbefore 2026-01-01 00:00:00+00\n';
  expect(parseTimelineHistory(text)).toEqual([
    { timeline: 1, endLsn: 0x3000148n },
    { timeline: 2, endLsn: 0xa05000000n },
  ]);
  expect(parseTimelineHistory('')).toEqual([]);
});
