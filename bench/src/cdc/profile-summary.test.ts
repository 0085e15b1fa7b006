import { expect, test } from '@jest/globals';

import { selfTimes } from './profile-summary.ts';

const frame = (functionName: string, url = '', lineNumber = 0) => ({ functionName, url, lineNumber });

test('a sample counts for the function that ran, in milliseconds, wherever it was called from', () => {
  const times = selfTimes({
    nodes: [
      { id: 1, callFrame: frame('(idle)') },
      { id: 2, callFrame: frame('scan', 'file:///a/libs/pgoutput/src/tuple-spans.ts', 46) },
      { id: 3, callFrame: frame('scan', 'file:///a/libs/pgoutput/src/tuple-spans.ts', 46) },
      { id: 4, callFrame: frame('') },
    ],
    samples: [1, 2, 3, 4, 1],
    timeDeltas: [1000, 200, 300, 400, 2000],
  });
  expect(Object.fromEntries(times)).toEqual({
    '(idle)': 3,
    'scan src/tuple-spans.ts:47': 0.5,
    '(native)': 0.4,
  });
});
