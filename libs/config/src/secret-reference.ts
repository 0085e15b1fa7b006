import { readFileSync } from 'node:fs';

import type { ConfigMistake } from './config-mistake.ts';

const REFERENCE = /^(env|file):(.+)$/s;

/** Puts the value of every `env:NAME` and `file:PATH` string in the place of the reference, collecting those that lead nowhere. */
export function resolveReferences(
  value: unknown,
  path: string,
  env: NodeJS.ProcessEnv,
  mistakes: ConfigMistake[],
): unknown {
  if (typeof value === 'string') return resolveString(value, path, env, mistakes);
  if (Array.isArray(value))
    return value.map((item, i) => resolveReferences(item, `${path}/${i}`, env, mistakes));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      resolveReferences(item, `${path}/${key}`, env, mistakes),
    ]),
  );
}

function resolveString(
  text: string,
  path: string,
  env: NodeJS.ProcessEnv,
  mistakes: ConfigMistake[],
): string {
  const match = REFERENCE.exec(text);
  if (!match) return text;
  const [, scheme, target] = match as unknown as [string, 'env' | 'file', string];
  if (scheme === 'env') {
    const found = env[target];
    if (found !== undefined && found !== '') return found;
    mistakes.push({ path, reason: `the environment variable ${target} is not set`, secret: true });
    return text;
  }
  try {
    return readFileSync(target, 'utf8').replace(/\r?\n$/, '');
  } catch (error) {
    mistakes.push({
      path,
      reason: `the file ${target} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`,
      secret: true,
    });
    return text;
  }
}
