import { toLsn } from '@hasivu/change-events';
import { expect, test } from '@jest/globals';

import { heartbeatContent, heartbeatTime, HEARTBEAT_PREFIX } from './heartbeat-message.ts';

const timeOf = (content: string): number | null =>
  heartbeatTime('slot_a', {
    transactional: false,
    lsn: toLsn(1n),
    prefix: HEARTBEAT_PREFIX,
    content: Buffer.from(content),
  });

test('a heartbeat tells when its own source wrote it; what others wrote says nothing', () => {
  expect(timeOf(heartbeatContent('slot_a', 1234))).toBe(1234);
  expect(timeOf(heartbeatContent('slot_b', 1234))).toBeNull();
  for (const content of ['', 'null', '[]', '{"source":"slot_a"}', 'not json'])
    expect(timeOf(content)).toBeNull();
});
