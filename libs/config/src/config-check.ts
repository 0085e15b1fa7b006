import { existsSync } from 'node:fs';

import { Ajv, type ErrorObject } from 'ajv';
import addFormatsModule from 'ajv-formats';

import { capturedDatabases, databasesOf, type CapturedDatabase } from './captured-databases.ts';
import { columnMistakes } from './columns-check.ts';
import { ConfigSchema, type HasivuConfig } from './config-schema.ts';
import type { ConfigMistake } from './config-mistake.ts';
import { databaseMistakes } from './databases-check.ts';
import { changeFeedMistakes } from './change-feed-check.ts';
import { generatedMistakes } from './generated-check.ts';
import { historyMistakes } from './histories-check.ts';
import { outboxMistakes } from './outbox-check.ts';
import { retentionMistakes } from './retention-check.ts';
import { tierMistakes } from './tiers-check.ts';
import type { KafkaConfig } from './kafka-section.ts';
import type { PostgresConfig } from './postgres-section.ts';

const addFormats = addFormatsModule as unknown as (ajv: Ajv) => Ajv;
const ajv = addFormats(new Ajv({ allErrors: true, useDefaults: true, strict: false, verbose: true }));
const validate = ajv.compile<HasivuConfig>(ConfigSchema);

/** Checks shape and cross-references, filling defaults into `raw` in place. Lists every mistake found, not only the first. */
export function checkConfig(raw: unknown): ConfigMistake[] {
  const errors = validate(raw) ? [] : (validate.errors ?? []);
  // What `if` chose has told its own mistakes.
  const mistakes = distinct(errors.filter(({ keyword }) => keyword !== 'if').map(mistakeOf));
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
  const databases = capturedDatabases(config);
  const mistakes = databases.flatMap(({ postgres, path }) => [
    ...connectionMistakes(postgres, path),
    ...columnMistakes(postgres, path),
    ...outboxMistakes(postgres, path),
    ...slotMistakes(postgres, path),
    ...ddlMistakes(postgres, path),
  ]);
  mistakes.push(...databaseMistakes(databases, config.kafka.prefix));
  mistakes.push(...registryMistakes(config.kafka));
  const names = new Set<string>();
  config.pipelines.forEach((pipeline, i) => {
    if (names.has(pipeline.name))
      mistakes.push({ path: `/pipelines/${i}/name`, reason: `a second pipeline named ${pipeline.name}` });
    names.add(pipeline.name);
    if (pipeline.source !== undefined && databases.every((database) => database.name !== pipeline.source))
      mistakes.push({
        path: `/pipelines/${i}/source`,
        reason: `no database is named ${pipeline.source}`,
      });
    else if (config.source)
      pipeline.from.forEach((table, j) => {
        const reason = unclear(table, databasesOf(config, table, pipeline.source));
        if (reason) mistakes.push({ path: `/pipelines/${i}/from/${j}`, reason });
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
  if (config.lake && (config.lake.bucket === undefined) === (config.lake.folder === undefined))
    mistakes.push({ path: '/lake', reason: 'bucket or folder says where the lake is: give one of them' });
  if (
    config.lake &&
    (config.lake.accessKeyId === undefined) !== (config.lake.secretAccessKey === undefined)
  ) {
    mistakes.push({
      path: '/lake',
      reason: 'accessKeyId and secretAccessKey go together: give both or neither',
    });
  }
  mistakes.push(...historyMistakes(config.tables));
  mistakes.push(...changeFeedMistakes(config.tables));
  mistakes.push(...generatedMistakes(config.tables));
  mistakes.push(...retentionMistakes(config.tables));
  mistakes.push(...tierMistakes(config.lake));
  for (const table of Object.keys(config.tables)) {
    if (config.source && databasesOf(config, table).length === 0)
      mistakes.push({ path: `/tables/${table}`, reason: notCaptured(table) });
  }
  return mistakes;
}

/** Why a table does not stand for exactly one topic, or null when it does. */
function unclear(table: string, databases: readonly CapturedDatabase[]): string | null {
  if (databases.length === 1) return null;
  if (databases.length === 0) return notCaptured(table);
  const names = databases.map(({ name }) => name ?? 'the one without a name').join(' and ');
  return `${table} is captured from ${names}: say with source which one is meant`;
}

function notCaptured(table: string): string {
  return `${table} is not captured by source.postgres.tables`;
}

function slotMistakes(
  { onLostSlot, snapshot, retainedLog, heartbeat }: PostgresConfig,
  path: string,
): ConfigMistake[] {
  const mistakes: ConfigMistake[] = [];
  if (heartbeat.query !== undefined && heartbeat.intervalMs === 0) {
    mistakes.push({
      path: `${path}/heartbeat/query`,
      reason: 'is never run: intervalMs is 0',
    });
  }
  if (onLostSlot === 'resnapshot' && snapshot === 'never') {
    mistakes.push({
      path: `${path}/onLostSlot`,
      reason: 'resnapshot copies the tables again, which snapshot: never rules out',
    });
  }
  const { warnBytes, maxBytes } = retainedLog;
  if (maxBytes !== undefined && warnBytes !== undefined && warnBytes >= maxBytes) {
    mistakes.push({
      path: `${path}/retainedLog/warnBytes`,
      reason: `must be below maxBytes (${maxBytes}), or nobody is warned`,
    });
  }
  return mistakes;
}

function ddlMistakes({ ddl, schemaChanges }: PostgresConfig, path: string): ConfigMistake[] {
  if (ddl !== 'trigger' || schemaChanges) return [];
  return [
    {
      path: `${path}/ddl`,
      reason: 'trigger is for the topic of schema changes: set schemaChanges to true',
    },
  ];
}

function registryMistakes({ registry, registryTls }: KafkaConfig): ConfigMistake[] {
  if (registryTls === undefined) return [];
  const path = '/kafka/registryTls';
  if (!registry.startsWith('https:')) return [{ path, reason: 'is for a registry with an https URL' }];
  return fileMistakes(registryTls, path);
}

function connectionMistakes({ url, tls }: PostgresConfig, path: string): ConfigMistake[] {
  const mistakes: ConfigMistake[] = [];
  const reference = /^(env|file):/.test(url);
  if (!reference && !isPostgresUrl(url)) {
    mistakes.push({
      path: `${path}/url`,
      reason:
        'is not a URL of the form postgres://user:password@host:port/database, with one host:port or several with commas between',
    });
  }
  return tls === undefined ? mistakes : [...mistakes, ...fileMistakes(tls, `${path}/tls`)];
}

function fileMistakes(tls: NonNullable<PostgresConfig['tls']>, section: string): ConfigMistake[] {
  return (['caFile', 'certFile', 'keyFile'] as const).flatMap((name) => {
    const file = tls[name];
    if (file === undefined || existsSync(file)) return [];
    return [{ path: `${section}/${name}`, reason: `the file ${file} does not exist` }];
  });
}

/** As libpq takes them: several hosts stand in the place of one, with commas between. */
function isPostgresUrl(url: string): boolean {
  const parts = /^(postgres(?:ql)?:\/\/(?:[^/?#]*@)?)([^/?#]*)(.*)$/s.exec(url);
  if (!parts) return false;
  const [, start = '', hosts = '', rest = ''] = parts;
  return hosts.split(',').every((host) => URL.canParse(`${start}${host}${rest}`));
}
