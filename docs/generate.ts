// Writes the references that are made from code. `node docs/generate.ts` after a change; a test holds them against the code.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { ConfigSchema } from '@hasivu/config';
import { ERROR_REGISTRY } from '@hasivu/errors';

import { configReference } from './config-reference.ts';
import { errorReference } from './error-reference.ts';
import { metricReference } from './metric-reference.ts';
import { typeReference } from './type-reference.ts';

/** File name → text of every generated reference. */
export function references(): Record<string, string> {
  return {
    'errors.md': errorReference(ERROR_REGISTRY),
    'config.md': configReference(ConfigSchema),
    'metrics.md': metricReference(join(import.meta.dirname, '..')),
    'types.md': typeReference(),
    'hasivu.schema.json': `${JSON.stringify(ConfigSchema, null, 2)}\n`,
  };
}

if (process.argv[1] === import.meta.filename) {
  for (const [name, text] of Object.entries(references())) {
    const path = join(import.meta.dirname, name);
    if (readOr(path) !== text) writeFileSync(path, text);
  }
}

function readOr(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
