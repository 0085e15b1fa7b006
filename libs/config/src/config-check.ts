import { existsSync } from 'node:fs';

import { Ajv, type ErrorObject } from 'ajv';
import addFormatsModule from 'ajv-formats';

import { columnMistakes } from './columns-check.ts';
import { ConfigSchema, type HasivuConfig } from './config-schema.ts';
import type { ConfigMistake } from './config-mistake.ts';
import { outboxMistakes } from './outbox-check.ts';
import type { PostgresConfig } from './postgres-section.ts';
import { capturedBy } from './table-pattern.ts';

const addFormats = addFormatsModule as unknown as (ajv: Ajv) => Ajv;
const ajv = addFormats(new Ajv({ allErrors: true, useDefaults: true, strict: false, verbose: true }));
const validate = ajv.compile<HasivuConfig>(ConfigSchema);

/** Checks shape and cross-references, filling defaults into `raw` in place. Lists every mistake found, not only the first. */
export function checkConfig(raw: unknown): ConfigMistake[] {
  const mistakes = validate(raw) ? [] : distinct((validate.errors ?? []).map(mistakeOf));
  return mistakes.length > 0 ? mistakes : crossReferences(raw as HasivuConfig);
}

function mistakeOf(error: ErrorObject): ConfigMistake {
  const path = error.instancePath || '/';
  const params = error.params as Record<string, unknown>;
  switch (error.keyword) {
    case 'additionalProperties':
      return {
        path: `${error.instancePath}/${String(params['additionalProperty'])}`,
        reason: `is not a known field${known(error)}`,
      };
    case 'required':
      return { path: `${error.instancePath}/${String(params['missingProperty'])}`, reason: 'is missing' };
    case 'const':
      return { path, reason: `must be ${JSON.stringify(params['allowedValue'])}` };
    case 'pattern': {
      const described = (error.parentSchema as { description?: string } | undefined)?.description;
      return { path, reason: `has the wrong form${described ? `: expected ${described}` : ''}` };
    }
    default:
      return { path, reason: error.message ?? 'is not valid' };
  }
}

function known(error: ErrorObject): string {
  const properties = (error.parentSchema as { properties?: Record<string, unknown> } | undefined)?.properties;
  return properties ? ` (known: ${Object.keys(properties).join(', ')})` : '';
}

// A union reports the mistakes of every branch: one line per path and reason is what a person can use.
function distinct(mistakes: ConfigMistake[]): ConfigMistake[] {
  const seen = new Map(mistakes.map((mistake) => [`${mistake.path}\n${mistake.reason}`, mistake]));
  return [...seen.values()];
}

function crossReferences(config: HasivuConfig): ConfigMistake[] {
  const mistakes: ConfigMistake[] = config.source
    ? [
        ...connectionMistakes(config.source.postgres),
        ...columnMistakes(config.source.postgres, '/source/postgres'),
        ...outboxMistakes(config.source.postgres, '/source/postgres'),
        ...slotMistakes(config.source.postgres),
      ]
    : [];
  const names = new Set<string>();
  config.pipelines.forEach((pipeline, i) => {
    if (names.has(pipeline.name))
      mistakes.push({ path: `/pipelines/${i}/name`, reason: `a second pipeline named ${pipeline.name}` });
    names.add(pipeline.name);
    pipeline.from.forEach((table, j) => {
      if (
        config.source &&
        !capturedBy(config.source.postgres.tables, table, config.source.postgres.exclude)
      ) {
        mistakes.push({
          path: `/pipelines/${i}/from/${j}`,
          reason: `${table} is not captured by source.postgres.tables`,
        });
      }
    });
    pipeline.steps.forEach((step, j) => {
      if ('mask' in step && step.mask.method === 'hash' && step.mask.salt === undefined) {
        mistakes.push({
          path: `/pipelines/${i}/steps/${j}/mask/salt`,
          reason: 'is missing: a hash without a secret salt can be looked up',
        });
      }
    });
  });
  if (
    config.lake &&
    (config.lake.accessKeyId === undefined) !== (config.lake.secretAccessKey === undefined)
  ) {
    mistakes.push({
      path: '/lake',
      reason: 'accessKeyId and secretAccessKey go together: give both or neither',
    });
  }
  for (const table of Object.keys(config.tables)) {
    if (config.source && !capturedBy(config.source.postgres.tables, table, config.source.postgres.exclude)) {
      mistakes.push({
        path: `/tables/${table}`,
        reason: `${table} is not captured by source.postgres.tables`,
      });
    }
  }
  return mistakes;
}

function slotMistakes({ onLostSlot, snapshot, retainedLog }: PostgresConfig): ConfigMistake[] {
  const mistakes: ConfigMistake[] = [];
  if (onLostSlot === 'resnapshot' && snapshot === 'never') {
    mistakes.push({
      path: '/source/postgres/onLostSlot',
      reason: 'resnapshot copies the tables again, which snapshot: never rules out',
    });
  }
  const { warnBytes, maxBytes } = retainedLog;
  if (maxBytes !== undefined && warnBytes !== undefined && warnBytes >= maxBytes) {
    mistakes.push({
      path: '/source/postgres/retainedLog/warnBytes',
      reason: `must be below maxBytes (${maxBytes}), or nobody is warned`,
    });
  }
  return mistakes;
}

function connectionMistakes({ url, tls }: PostgresConfig): ConfigMistake[] {
  const mistakes: ConfigMistake[] = [];
  const reference = /^(env|file):/.test(url);
  if (!reference && !(URL.canParse(url) && /^postgres(ql)?:$/.test(new URL(url).protocol))) {
    mistakes.push({
      path: '/source/postgres/url',
      reason: 'is not a URL of the form postgres://user:password@host:port/database',
    });
  }
  for (const name of ['caFile', 'certFile', 'keyFile'] as const) {
    const path = tls?.[name];
    if (path !== undefined && !existsSync(path)) {
      mistakes.push({ path: `/source/postgres/tls/${name}`, reason: `the file ${path} does not exist` });
    }
  }
  return mistakes;
}
