import { checkProperty } from '@hasivu/testing';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';

import { followSignal } from './follow-signal.ts';
import { parseSignal, parseSignalMessage, SignalMistake } from './signal.ts';
import { NO_REQUESTS } from './snapshot-requests.ts';

const TYPES = ['execute-snapshot', 'stop-snapshot', 'pause-snapshot', 'resume-snapshot', 'log', 'x'];
const NAMES = ['data-collections', 'additional-conditions', 'additional-condition', 'surrogate-key', 'type'];

const anyData = fc.oneof(
  fc.jsonValue(),
  fc.dictionary(fc.constantFrom(...NAMES, 'message'), fc.oneof(fc.jsonValue(), fc.array(fc.jsonValue()))),
  fc.record({
    'data-collections': fc.array(fc.string()),
    'additional-conditions': fc.array(
      fc.oneof(fc.jsonValue(), fc.record({ 'data-collection': fc.jsonValue(), filter: fc.jsonValue() })),
    ),
  }),
);

function mistakeOf(work: () => unknown): unknown {
  try {
    work();
    return null;
  } catch (error) {
    return error;
  }
}

test('whatever a signal says, it is read or refused, and nothing else is thrown', async () => {
  const seen = (error: unknown): void => {
    if (error !== null) expect(error).toBeInstanceOf(SignalMistake);
  };
  await checkProperty(
    fc.property(fc.constantFrom(...TYPES), anyData, fc.string({ unit: 'binary' }), (type, data, text) => {
      seen(mistakeOf(() => parseSignal(type, JSON.stringify(data))));
      seen(mistakeOf(() => parseSignal(type, data)));
      seen(mistakeOf(() => parseSignal(type, text)));
      seen(mistakeOf(() => parseSignalMessage(text)));
      seen(
        mistakeOf(() => {
          const message = parseSignalMessage(JSON.stringify({ type, data }));
          parseSignal(message.type, message.data);
        }),
      );
    }),
    { budgetMs: 2_000 },
  );
}, 30_000);

test('JSON that is too deep to be written again is read all the same', () => {
  const content = `{"type": "log", "data": ${'['.repeat(20_000)}${']'.repeat(20_000)}}`;
  const { type, data } = parseSignalMessage(content);
  expect(mistakeOf(() => parseSignal(type, data))).toBeInstanceOf(SignalMistake);
  const signal = { id: 'a', type, data, mayHaveCondition: false };
  expect(followSignal(NO_REQUESTS, signal, [], 5).refused).toHaveLength(1);
});
