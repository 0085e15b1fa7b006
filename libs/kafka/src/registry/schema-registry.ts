import { PlatformError } from '@hasivu/errors';
import type { TlsConfig } from '../client/connection-options.ts';
import {
  callRegistry,
  toRegistryAccess,
  type RegistryAccess,
  type RegistryAnswer,
  type RegistryAuth,
} from './registry-request.ts';

export type Compatibility =
  'NONE' | 'BACKWARD' | 'BACKWARD_TRANSITIVE' | 'FORWARD' | 'FORWARD_TRANSITIVE' | 'FULL' | 'FULL_TRANSITIVE';

export interface RegistryOptions {
  /** How long an unreachable registry is retried before REGISTRY_UNAVAILABLE. Default 60,000. */
  readonly unavailableTimeoutMs?: number;
  /** Of a registry with an https URL. Default: the authorities that Node trusts. */
  readonly tls?: TlsConfig | undefined;
}

interface Version {
  /** As the registry says it; counted from 1. */
  readonly version: unknown;
  readonly schema: string;
}

/** Avro schemas of subjects, over the Confluent REST API (Confluent, Apicurio, Karapace). Answers are cached: ids are immutable. */
export class SchemaRegistry {
  readonly #access: RegistryAccess;
  /** Promises, so that callers who ask at the same time share one request. */
  readonly #ids = new Map<string, Promise<number>>();
  readonly #schemas = new Map<number, Promise<string>>();
  readonly #firstIds = new Map<string, Promise<number>>();
  readonly #configured = new Set<string>();

  constructor(url: string, auth?: RegistryAuth, options: RegistryOptions = {}) {
    this.#access = toRegistryAccess(url, auth ?? null, options.unavailableTimeoutMs ?? 60_000, options.tls);
  }

  /**
   * The id of an Avro schema (JSON text or object) under a subject, registered where it is new. A subject that has no compatibility
   * of its own gets this one first. Throws REGISTRY_INCOMPATIBLE, REGISTRY_REJECTED or REGISTRY_UNAVAILABLE.
   */
  register(
    subject: string,
    schema: string | object,
    compatibility: Compatibility = 'BACKWARD',
  ): Promise<number> {
    const text = typeof schema === 'string' ? schema : JSON.stringify(schema);
    return remember(this.#ids, `${subject}\n${text}`, () => this.#register(subject, text, compatibility));
  }

  async #register(subject: string, schema: string, compatibility: Compatibility): Promise<number> {
    const name = encodeURIComponent(subject);
    await this.#configure(subject, compatibility);
    const doing = `registering a schema for the subject "${subject}"`;
    const body = { schemaType: 'AVRO', schema };
    const answer = await callRegistry(this.#access, 'POST', `/subjects/${name}/versions`, body, doing);
    if (answer.status === 409) {
      throw new PlatformError('REGISTRY_INCOMPATIBLE', { doing, why: answer.message, context: { subject } });
    }
    const id = answer.body['id'];
    if (answer.status !== 200 || typeof id !== 'number') {
      const why = `status ${answer.status}: ${answer.message}`;
      throw new PlatformError('REGISTRY_REJECTED', { doing, why, context: { subject } });
    }
    return id;
  }

  async #configure(subject: string, compatibility: Compatibility): Promise<void> {
    if (this.#configured.has(subject)) return;
    const path = `/config/${encodeURIComponent(subject)}`;
    const doing = `setting the compatibility of the subject "${subject}"`;
    const current = await callRegistry(this.#access, 'GET', path, null, doing);
    if (current.status === 404) {
      const answer = await callRegistry(this.#access, 'PUT', path, { compatibility }, doing);
      if (answer.status !== 200) {
        const why = `status ${answer.status}: ${answer.message}`;
        throw new PlatformError('REGISTRY_REJECTED', { doing, why, context: { subject } });
      }
    }
    this.#configured.add(subject);
  }

  /** The schema (JSON text) of an id found in a record. Throws REGISTRY_SCHEMA_UNKNOWN. */
  schemaOf(id: number): Promise<string> {
    return remember(this.#schemas, id, () => this.#schemaOf(id));
  }

  /** The newest schema (JSON text) of a subject; null where it has none. It is asked for each time. */
  async latest(subject: string): Promise<string | null> {
    const doing = `reading the newest schema of the subject "${subject}"`;
    return (await this.#version(subject, 'latest', doing))?.schema ?? null;
  }

  /**
   * Schemas (JSON text) of a subject, the newest last; none where it has none. They are asked for each time: by one request
   * where there is one version or none, else by one more than there are. Version 1 among them, {@link firstId} asks for nothing.
   */
  async versions(subject: string): Promise<string[]> {
    const doing = `reading the schemas of the subject "${subject}"`;
    const newest = await this.#version(subject, 'latest', doing);
    if (newest === null) return [];
    if (newest.version === 1) return [newest.schema];
    const path = `/subjects/${encodeURIComponent(subject)}/versions`;
    const { numbers } = await callRegistry(this.#access, 'GET', path, null, doing);
    const schemas: string[] = [];
    for (const number of numbers) {
      const version = number === newest.version ? newest : await this.#version(subject, number, doing);
      // Null where it was deleted meanwhile.
      if (version !== null) schemas.push(version.schema);
    }
    return schemas;
  }

  async #version(subject: string, which: number | 'latest', doing: string): Promise<Version | null> {
    const path = `/subjects/${encodeURIComponent(subject)}/versions/${which}`;
    const answer = await callRegistry(this.#access, 'GET', path, null, doing);
    if (answer.status === 404) return null;
    const { id, version, schema } = answer.body;
    if (answer.status !== 200 || typeof schema !== 'string')
      throw new PlatformError('REGISTRY_REJECTED', {
        doing,
        why: `status ${answer.status}: ${answer.message}`,
      });
    if (version === 1 && typeof id === 'number' && !this.#firstIds.has(subject))
      this.#firstIds.set(subject, Promise.resolve(id));
    return { version, schema };
  }

  /**
   * Id of the first schema that a subject had: of the versions that the registry still has, deleted ones that it can
   * restore included. The subject has one. Throws REGISTRY_REJECTED or REGISTRY_UNAVAILABLE.
   */
  firstId(subject: string): Promise<number> {
    return remember(this.#firstIds, subject, () => this.#firstId(subject));
  }

  async #firstId(subject: string): Promise<number> {
    const doing = `reading the first schema of the subject "${subject}"`;
    const path = `/subjects/${encodeURIComponent(subject)}/versions`;
    const ask = (version: string): Promise<RegistryAnswer> =>
      callRegistry(this.#access, 'GET', `${path}${version}?deleted=true`, null, doing);
    let answer = await ask('/1');
    if (answer.status === 404) {
      const versions = await ask('');
      for (const version of versions.numbers) {
        answer = await ask(`/${version}`);
        if (answer.status !== 404) break;
      }
    }
    const id = answer.body['id'];
    if (answer.status === 200 && typeof id === 'number') return id;
    throw new PlatformError('REGISTRY_REJECTED', {
      doing,
      why: `status ${answer.status}: ${answer.message}`,
      context: { subject },
    });
  }

  async #schemaOf(id: number): Promise<string> {
    const doing = `reading the schema with id ${id}`;
    const answer = await callRegistry(this.#access, 'GET', `/schemas/ids/${id}`, null, doing);
    const schema = answer.body['schema'];
    if (answer.status === 404) throw new PlatformError('REGISTRY_SCHEMA_UNKNOWN', { doing, context: { id } });
    if (answer.status !== 200 || typeof schema !== 'string') {
      throw new PlatformError('REGISTRY_REJECTED', {
        doing,
        why: `status ${answer.status}: ${answer.message}`,
      });
    }
    return schema;
  }
}

/** Caches the promise; a failed one is forgotten, so that the next call tries again. */
function remember<K, V>(cache: Map<K, Promise<V>>, key: K, load: () => Promise<V>): Promise<V> {
  const cached = cache.get(key);
  if (cached !== undefined) return cached;
  const loading = load();
  cache.set(key, loading);
  loading.catch(() => cache.delete(key));
  return loading;
}
