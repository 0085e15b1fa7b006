import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StackStatus } from '@hasivu/local-stack';
import { DIRTY_KINDS } from './seed/dirty-orders.ts';
import type { DemoNames } from './demo-names.ts';

export const DEMO_PIPELINE = 'orders_clean';
export const DEMO_OUTPUT = 'orders';

/** Folder of the demo's configuration, secrets and logs. */
export function demoDirectory(context: { readonly stateDir: string }): string {
  return join(context.stateDir, 'demo');
}

export function demoConfigPath(context: { readonly stateDir: string }): string {
  return join(demoDirectory(context), 'hasivu.yaml');
}

/** The database of the run, on the stack's server. */
export function databaseUrl(stack: StackStatus, database: string): string {
  const url = new URL(stack.postgres.url);
  url.pathname = `/${database}`;
  return url.href;
}

/**
 * Writes the configuration that the services, `hasivu tail` and `hasivu query` read. Secrets are files of their own that
 * only this user can read: the YAML may be shown and copied. Returns its path.
 */
export function writeDemoConfig(
  context: { readonly stateDir: string },
  stack: StackStatus,
  names: DemoNames,
): string {
  const secrets = join(demoDirectory(context), 'secrets');
  mkdirSync(secrets, { recursive: true, mode: 0o700 });
  const secret = (name: string, value: string): string => {
    const path = join(secrets, name);
    writeFileSync(path, value, { mode: 0o600 });
    return `file:${path}`;
  };
  const { s3, kafka, registry } = stack;
  const path = demoConfigPath(context);
  const yaml = demoYaml({
    names,
    sourceUrl: secret('source-url', databaseUrl(stack, names.database)),
    brokers: kafka.brokers,
    registry: registry.url,
    s3: {
      endpoint: s3.endpoint,
      bucket: s3.bucket,
      region: s3.region,
      accessKeyId: secret('s3-access-key', s3.accessKeyId),
      secretAccessKey: secret('s3-secret-key', s3.secretAccessKey),
    },
    salt: secret('mask-salt', randomBytes(16).toString('hex')),
  });
  writeFileSync(path, yaml);
  return path;
}

interface DemoYamlFacts {
  readonly names: DemoNames;
  readonly sourceUrl: string;
  readonly brokers: readonly string[];
  readonly registry: string;
  readonly s3: {
    readonly endpoint: string;
    readonly bucket: string;
    readonly region: string;
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
  };
  readonly salt: string;
}

/** YAML whose values are JSON, which YAML includes: nothing in a path or URL can break it. */
export function demoYaml({ names, sourceUrl, brokers, registry, s3, salt }: DemoYamlFacts): string {
  const json = JSON.stringify;
  const rules = DIRTY_KINDS.map(({ rule, config }) => `      - ${json({ name: rule, ...config })}`);
  return [
    '# Written by `hasivu demo`. Every secret is a reference to a file of its own.',
    'version: 1',
    'source:',
    '  postgres:',
    `    url: ${json(sourceUrl)}`,
    '    tables: ["public.*"]',
    `    publication: ${names.database}`,
    `    slot: ${names.database}`,
    `kafka: { brokers: ${json(brokers)}, registry: ${json(registry)}, prefix: ${json(names.topicPrefix)} }`,
    'lake:',
    `  endpoint: ${json(s3.endpoint)}`,
    `  bucket: ${json(s3.bucket)}`,
    `  prefix: ${json(names.lakePrefix)}`,
    `  region: ${json(s3.region)}`,
    `  accessKeyId: ${json(s3.accessKeyId)}`,
    `  secretAccessKey: ${json(s3.secretAccessKey)}`,
    '  flush: { intervalMs: 1000 }',
    'tables:',
    '  public.orders: { partitionBy: ["month(placed_at)"] }',
    'pipelines:',
    `  - name: ${DEMO_PIPELINE}`,
    '    from: ["public.orders"]',
    '    steps:',
    `      - ${json({ mask: { column: 'contact_email', method: 'hash', salt } })}`,
    `      - ${json({ mask: { column: 'contact_phone', method: 'partial', keepLast: 4 } })}`,
    `      - ${json({ drop: { columns: ['meta'] } })}`,
    '    rules:',
    ...rules,
    `    to: ${DEMO_OUTPUT}`,
    '',
  ].join('\n');
}
