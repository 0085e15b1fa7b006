import { readFileSync } from 'node:fs';

import { PlatformError } from '@hasivu/errors';
import { parse } from 'yaml';

import { checkConfig } from './config-check.ts';
import type { ConfigMistake } from './config-mistake.ts';
import type { HasivuConfig } from './config-schema.ts';
import type { TableConfig } from './lake-section.ts';
import { resolveReferences } from './secret-reference.ts';

/** Every mistake of the file at `path`; empty when a service can start from it. @throws PlatformError CONFIG_UNREADABLE */
export function configMistakes(path: string, env: NodeJS.ProcessEnv = process.env): ConfigMistake[] {
  return read(path, env).mistakes;
}

/**
 * Reads, resolves and checks a configuration file; defaults are filled in.
 * @throws PlatformError CONFIG_UNREADABLE, CONFIG_SECRET_MISSING or CONFIG_INVALID, the last two naming every mistake
 */
export function loadConfig(path: string, env: NodeJS.ProcessEnv = process.env): HasivuConfig {
  const { config, mistakes } = read(path, env);
  if (mistakes.length === 0) return config as HasivuConfig;
  const onlySecrets = mistakes.every((mistake) => mistake.secret);
  throw new PlatformError(onlySecrets ? 'CONFIG_SECRET_MISSING' : 'CONFIG_INVALID', {
    doing: `reading the configuration ${path}`,
    why: mistakes.map((mistake) => `${mistake.path} ${mistake.reason}`).join('; '),
    context: { path, mistakes: mistakes.length },
  });
}

/** The table's entry under `tables` with its defaults; `silver` is kept where the table has a key. */
export function tableConfig(
  config: HasivuConfig,
  table: string,
): Required<Omit<TableConfig, 'history'>> & Pick<TableConfig, 'history'> {
  return { partitionBy: [], bronze: true, silver: true, ...config.tables[table] };
}

function read(path: string, env: NodeJS.ProcessEnv): { config: unknown; mistakes: ConfigMistake[] } {
  const raw = parseFile(path);
  if (raw === null || typeof raw !== 'object' || Array.isArray(raw))
    return {
      config: raw,
      mistakes: [{ path: '/', reason: 'must be a mapping with at least version and kafka' }],
    };
  const mistakes: ConfigMistake[] = [];
  // Overrides first: one may take the place of a reference that leads nowhere here, or be a reference itself.
  applyOverrides(raw as Record<string, unknown>, env, mistakes);
  const config = resolveReferences(raw, '', env, mistakes);
  mistakes.push(...checkConfig(config));
  return { config, mistakes };
}

function parseFile(path: string): unknown {
  try {
    return parse(readFileSync(path, 'utf8')) as unknown;
  } catch (error) {
    const why =
      (error as NodeJS.ErrnoException).code === 'ENOENT'
        ? 'the file does not exist'
        : (error as Error).message.split('\n')[0];
    throw new PlatformError('CONFIG_UNREADABLE', {
      doing: `reading the configuration ${path}`,
      ...(why ? { why } : {}),
      context: { path },
      cause: error,
    });
  }
}

/**
 * `HASIVU__KAFKA__PREFIX=x` overrides `kafka.prefix`; numbers, booleans and lists are read as YAML. An entry of a list is
 * meant by its `name` or by its place, from 0.
 */
function applyOverrides(
  config: Record<string, unknown>,
  env: NodeJS.ProcessEnv,
  mistakes: ConfigMistake[],
): void {
  for (const [name, text] of Object.entries(env)) {
    if (!name.startsWith('HASIVU__') || text === undefined) continue;
    const keys = name.slice('HASIVU__'.length).split('__');
    const fault = override(config, keys, text);
    if (fault !== null) mistakes.push({ path: fault, reason: `has no entry for the variable ${name}` });
  }
}

/** Null when done, else the pointer of a list in which the variable means no entry. */
function override(config: Record<string, unknown>, keys: readonly string[], text: string): string | null {
  let at = config;
  let path = '';
  for (const [i, key] of keys.entries()) {
    const field = Array.isArray(at) ? entryNamed(at, key) : fieldNamed(at, key);
    if (field === null) return path;
    path += `/${field}`;
    if (i === keys.length - 1) at[field] = parse(text) as unknown;
    else if (at[field] === null || typeof at[field] !== 'object') at[field] = {};
    at = at[field] as Record<string, unknown>;
  }
  return null;
}

function entryNamed(list: readonly unknown[], key: string): string | null {
  const variable = (name: string): string => name.toUpperCase().replaceAll('-', '_');
  const named = list.findIndex((entry) => {
    const name = (entry as { name?: unknown } | null)?.name;
    return typeof name === 'string' && variable(name) === key.toUpperCase();
  });
  if (named >= 0) return String(named);
  return /^\d+$/.test(key) && Number(key) < list.length ? key : null;
}

// Environment variables are upper case by custom; the field that is there, whatever its case, is the one meant.
function fieldNamed(at: Record<string, unknown>, key: string): string {
  return Object.keys(at).find((field) => field.toUpperCase() === key.toUpperCase()) ?? camelCase(key);
}

function camelCase(key: string): string {
  return key.toLowerCase().replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
