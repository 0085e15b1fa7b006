import { PlatformError } from '@hasivu/errors';
import { describe, expect, test } from '@jest/globals';
import { LiveRegion } from './live-region.ts';
import { createPaint } from './paint.ts';
import { describeError } from './print-error.ts';
import { MemorySink } from './text-sink.ts';

describe('a live region', () => {
  test('is redrawn in place, with printed lines above it', () => {
    const sink = new MemorySink({ isTty: true, columns: 20 });
    const region = new LiveRegion(sink);
    region.draw(['one', 'two']);
    region.print('note');
    region.draw(['three']);
    expect(sink.text).toBe('one\ntwo\n\u001b[2A\u001b[0Jnote\none\ntwo\n\u001b[2A\u001b[0Jthree\n');
  });

  test('lines longer than the terminal are cut: a wrapped line would break the redraw', () => {
    const sink = new MemorySink({ isTty: true, columns: 6 });
    new LiveRegion(sink).draw(['123456789']);
    expect(sink.text).toBe('1234…\n');
  });

  test('draws nothing where there is no terminal', () => {
    const sink = new MemorySink();
    const region = new LiveRegion(sink);
    region.draw(['one']);
    region.print('note');
    expect(sink.text).toBe('note\n');
  });
});

describe('an error for a person', () => {
  const plain = createPaint({ isTty: false, env: {} });
  const error = new PlatformError('CLI_STACK_DOWN', { doing: 'testing', cause: new Error('the root') });

  test('is one line with code, reason and cure, without a stack', () => {
    expect(describeError(error, { verbose: false, paint: plain })).toBe(
      'error CLI_STACK_DOWN while testing: The local stack is not running. Start it with `hasivu local up`.',
    );
    expect(describeError('text', { verbose: false, paint: plain })).toBe('error text');
  });

  test('has stacks and causes with --verbose', () => {
    const text = describeError(error, { verbose: true, paint: plain });
    expect(text).toMatch(/\n {4}at /);
    expect(text).toContain('caused by:\nError: the root');
  });
});
