import { toLsn } from '@hasivu/change-events';
import { expect, test } from '@jest/globals';

import { TraceContext } from './trace-context.ts';

const headerOf = (trace: TraceContext): string => trace.with(undefined)[0]?.[1].toString() ?? 'none';
const OWN = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00';
const message = (text: string, transactional = true) => ({
  transactional,
  lsn: toLsn(1n),
  prefix: 'hasivu.trace',
  content: Buffer.from(text),
});

test('a transaction has one trace, the same at every replay, and another at another source', () => {
  const traceOf = (source: string, xid: number, lsn: bigint): string => {
    const trace = new TraceContext(source);
    trace.onBegin(xid, toLsn(lsn));
    return headerOf(trace);
  };
  const one = traceOf('db/slot', 7, 0x16b374d848n);
  expect(one).toMatch(/^00-00000016b374d84800000007[0-9a-f]{8}-00000016b374d848-01$/);
  expect(traceOf('db/slot', 7, 0x16b374d848n)).toBe(one);
  expect(traceOf('db/other', 7, 0x16b374d848n)).not.toBe(one);
});

test('a transaction may name its own trace, which the next one does not inherit', () => {
  const trace = new TraceContext('s');
  trace.onBegin(1, toLsn(8n));
  const derived = headerOf(trace);
  for (const wrong of ['00-0-0-01', OWN.replace('0af7', 'XXXX'), `00-${'0'.repeat(32)}-b7ad6b7169203331-00`])
    trace.message(message(wrong));
  trace.message(message(OWN, false));
  expect(headerOf(trace)).toBe(derived);
  trace.message(message(OWN));
  expect(trace.with([['pg.text.a', Buffer.from('NaN')]]).map(([, value]) => value.toString())).toEqual([
    OWN,
    'NaN',
  ]);
  trace.onCommit();
  trace.onBegin(2, toLsn(16n));
  expect(headerOf(trace)).not.toBe(OWN);
});
