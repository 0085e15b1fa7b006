import type { ColumnType } from '@hasivu/change-events';

import { assign, type CompiledStep, type StepIdentity } from '../compiled-step.ts';
import type { Evaluate } from '../expression/compiled.ts';
import type { Row } from '../row.ts';
import type { SchemaDraft } from '../schema-draft.ts';
import type { MaskDefinition } from '../step-definition.ts';
import { StepMistake } from '../step-mistake.ts';
import type { StepResult } from '../step-result.ts';
import { KeyedHash } from '../values/keyed-hash.ts';
import { textOf } from '../values/to-text.ts';

const STRING = { kind: 'string' } as const;
const REDACTED = '***';
const DEFAULT_KEEP_LAST = 4;

/**
 * `mask: {column, method}`: `redact` a fixed text · `hash` HMAC-SHA256 in hex, equal values stay joinable · `partial`
 * only the last characters readable · `null`. Null stays null. The result is text, except for `null`.
 */
export function createMaskStep(
  definition: MaskDefinition,
  draft: SchemaDraft,
  identity: StepIdentity,
): CompiledStep {
  const { column, method } = definition;
  const { slot, type: from, keyIndex } = draft.column(column);
  if (keyIndex >= 0 && method !== 'hash')
    throw new StepMistake(`the column is part of the key: ${method} would make different rows one`, column);
  const type: ColumnType = method === 'null' ? from : STRING;
  const mask = maskOf(definition, from);
  const target = draft.rewrite(column, type, { masking: true, description: `mask ${method}` });
  const reads = [slot];
  const evaluate: Evaluate = (values) => {
    const value = values[slot] ?? null;
    return value === null ? null : mask(value);
  };
  return {
    kind: 'column',
    reads,
    keyed: keyIndex >= 0,
    run: function maskStep(row: Row): StepResult {
      return assign(row, target, reads, evaluate, identity);
    },
  };
}

function maskOf(
  { column, method, keepLast = DEFAULT_KEEP_LAST, salt }: MaskDefinition,
  from: ColumnType,
): (value: Row['values'][number]) => string | null {
  switch (method) {
    case 'null':
      return () => null;
    case 'redact':
      return () => REDACTED;
    case 'hash': {
      if (!salt) throw new StepMistake('a hash needs a secret salt: without one it can be looked up', column);
      const print = printer(from, column);
      const hash = new KeyedHash(salt);
      return (value) => hash.hex(print(value));
    }
    case 'partial': {
      const print = printer(from, column);
      return (value) => keepEnd(print(value), keepLast);
    }
    default:
      return method satisfies never;
  }
}

function printer(from: ColumnType, column: string): (value: Row['values'][number]) => string {
  const print = textOf(from);
  if (!print) throw new StepMistake('an array has no text form to mask: use redact or null', column);
  return print;
}

// A text no longer than what is kept would stay readable as a whole: then nothing is.
function keepEnd(text: string, keepLast: number): string {
  const characters = Array.from(text);
  const hidden = characters.length > keepLast ? characters.length - keepLast : characters.length;
  return '*'.repeat(hidden) + characters.slice(hidden).join('');
}
