import type { TopicProgram } from '../core/event-processor.ts';
import type { SourceTopic } from '../processor-settings.ts';
import type { Compiled, CompiledProgram, ProgramCompiler } from './program-compiler.ts';

/** Most pairs of schemas kept per topic; more come only from damaged ids, and forgetting one costs a look-up. */
const MAX_KEPT = 1_000;

/** The programs of one source topic by schema ids; rows of the ids seen last are found without a look-up. */
export class TopicPrograms {
  readonly source: SourceTopic;
  readonly pipelines: readonly string[];
  readonly #compiler: ProgramCompiler;
  readonly #onCompiled: (source: SourceTopic, programs: readonly CompiledProgram[]) => void;
  readonly #known = new Map<string, Compiled>();
  #lastValueId = -1;
  #lastKeyId = -1;
  #last: Compiled | null = null;

  constructor(
    source: SourceTopic,
    compiler: ProgramCompiler,
    onCompiled: (source: SourceTopic, programs: readonly CompiledProgram[]) => void,
  ) {
    this.source = source;
    this.pipelines = source.pipelines.map((pipeline) => pipeline.name);
    this.#compiler = compiler;
    this.#onCompiled = onCompiled;
  }

  /** The program for records with these schemas; null when it has to be compiled first. */
  find(valueId: number, keyId: number): TopicProgram | { readonly refused: string } | null {
    if (valueId !== this.#lastValueId || keyId !== this.#lastKeyId) {
      const known = this.#known.get(`${valueId}/${keyId}`);
      if (!known) return null;
      this.#remember(valueId, keyId, known);
    }
    const last = this.#last;
    return last && 'program' in last ? last.program : last;
  }

  async compile(valueId: number, keyId: number): Promise<void> {
    const compiled = await this.#compiler.compile(this.source, valueId, keyId);
    if (this.#known.size >= MAX_KEPT) this.#known.clear();
    this.#known.set(`${valueId}/${keyId}`, compiled);
    this.#remember(valueId, keyId, compiled);
    if ('program' in compiled) this.#onCompiled(this.source, compiled.compiled);
  }

  #remember(valueId: number, keyId: number, compiled: Compiled): void {
    this.#lastValueId = valueId;
    this.#lastKeyId = keyId;
    this.#last = compiled;
  }
}
