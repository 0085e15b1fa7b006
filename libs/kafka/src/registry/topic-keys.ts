import { KeyAliases, type AvroObject } from '@hasivu/change-events';
import { isPlatformError } from '@hasivu/errors';

import type { SchemaRegistry } from './schema-registry.ts';

export interface KeySchemaIds {
  readonly keySchemaId: number;
  /** Of the first schema that the topic's key had, by which keys are spread. */
  readonly firstKeySchemaId: number;
}

/** The key schemas of topics: those of before, and the registration of one with the names that its columns had. */
export class TopicKeys {
  readonly aliases = new KeyAliases();
  readonly #registry: SchemaRegistry;
  /** Topics whose keys of before were asked for. */
  readonly #recalled = new Map<string, Promise<void>>();

  constructor(registry: SchemaRegistry) {
    this.#registry = registry;
  }

  /** Asks for a topic's keys of before, once. @throws PlatformError what the registry throws */
  recall(topic: string): Promise<void> {
    let recalled = this.#recalled.get(topic);
    if (recalled === undefined) {
      recalled = this.#begin(topic);
      this.#recalled.set(topic, recalled);
      recalled.catch(() => this.#recalled.delete(topic));
    }
    return recalled;
  }

  async #begin(topic: string): Promise<void> {
    this.aliases.begin(topic, await this.#registry.versions(subjectOf(topic)));
  }

  /** @throws PlatformError REGISTRY_INCOMPATIBLE for a key of other columns, or what the registry throws */
  async register(topic: string, key: AvroObject): Promise<KeySchemaIds> {
    await this.recall(topic);
    const keySchemaId = await this.#register(topic, key).catch(async (error: unknown) => {
      if (!isPlatformError(error) || error.code !== 'REGISTRY_INCOMPATIBLE') throw error;
      // Another process may have registered a key since, whose names have to be aliases of this one's.
      await this.#begin(topic);
      return await this.#register(topic, key);
    });
    return { keySchemaId, firstKeySchemaId: await this.#registry.firstId(subjectOf(topic)) };
  }

  async #register(topic: string, key: AvroObject): Promise<number> {
    const schema = this.aliases.named(topic, key);
    const id = await this.#registry.register(subjectOf(topic), schema);
    this.aliases.registered(topic, schema);
    return id;
  }
}

function subjectOf(topic: string): string {
  return `${topic}-key`;
}
