import type { OutboxConfig } from '@hasivu/config';
import { PlatformError } from '@hasivu/errors';

import { bytesOf, isEmptyPayload, type OutboxMessage } from './outbox-message.ts';
import type { TopicRoute } from './topic-route.ts';

interface RawJson {
  readonly rawJSON: string;
}

// Numbers keep the digits they were written with: a payload is passed on, not computed with.
const JSON_WITH_SOURCE = JSON as unknown as {
  parse(
    text: string,
    reviver: (key: string, value: unknown, context: { source?: string }) => unknown,
  ): unknown;
  rawJSON(text: string): RawJson;
  isRawJSON(value: unknown): value is RawJson;
};

/**
 * A message from the JSON content of a logical message, whose fields are named as the columns of an outbox table. A
 * payload that is not a string is passed on as JSON text.
 * @throws PlatformError SOURCE_OUTBOX where it is not such an object
 */
export function messageFromJson(
  config: OutboxConfig,
  route: TopicRoute,
  content: Buffer,
  timestampMs: number,
): OutboxMessage {
  const fields = parse(config, content);
  const text = (name: string): string | null => textOf(fields[name]);
  const need = (name: string): string => {
    const value = text(name);
    if (value === null) throw misfit(config, `it has no field "${name}"`);
    return value;
  };
  const { columns } = config;
  const headers: (readonly [string, Buffer])[] = [['id', Buffer.from(need(columns.id))]];
  const members: string[] = [];
  let partition = -1;
  for (const entry of config.additional) {
    const [name = '', placement, alias = name] = entry.split(':');
    if (fields[name] === undefined && config.missingColumn === 'error')
      throw misfit(config, `it has no field "${name}"`);
    const value = text(name);
    if (placement === 'envelope')
      members.push(`${JSON.stringify(alias)}:${JSON.stringify(fields[name] ?? null)}`);
    else if (placement === 'header' && value !== null) headers.push([alias, Buffer.from(value)]);
    else if (placement === 'partition' && /^\d+$/.test(value ?? '')) partition = Number(value);
  }
  const payload = text(columns.payload);
  const isTombstone = config.tombstoneOnEmptyPayload && isEmptyPayload(payload);
  let value = isTombstone ? null : bytesOf(payload);
  if (members.length > 0 && !isTombstone) {
    const document = config.expandJsonPayload ? fields[columns.payload] : payload;
    value = Buffer.from(`{"payload":${JSON.stringify(document ?? null)},${members.join(',')}}`);
  }
  return {
    topic: route.topicOf(need(columns.route)),
    key: bytesOf(text(columns.key)),
    value,
    schema: null,
    headers,
    partition,
    timestampMs,
  };
}

function parse(config: OutboxConfig, content: Buffer): Record<string, unknown> {
  let parsed: unknown;
  try {
    parsed = JSON_WITH_SOURCE.parse(content.toString('utf8'), (_, value, { source }) =>
      typeof value === 'number' && source !== undefined ? JSON_WITH_SOURCE.rawJSON(source) : value,
    );
  } catch (error) {
    throw misfit(config, 'its content is not JSON', error);
  }
  if (parsed === null || typeof parsed !== 'object' || Array.isArray(parsed))
    throw misfit(config, 'its content is not a JSON object');
  return parsed as Record<string, unknown>;
}

function textOf(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  if (typeof value === 'string') return value;
  return JSON_WITH_SOURCE.isRawJSON(value) ? value.rawJSON : JSON.stringify(value);
}

function misfit(config: OutboxConfig, why: string, cause?: unknown): PlatformError {
  const doing = `reading a logical message with the prefix "${config.messagePrefix ?? ''}"`;
  return new PlatformError('SOURCE_OUTBOX', { doing, why, cause });
}
