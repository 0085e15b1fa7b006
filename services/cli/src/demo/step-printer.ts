import type { CliContext } from '../cli-context.ts';
import { formatDuration } from '../terminal/quantity.ts';

/** Numbered steps with what they took: `2/6 seed … 279,020 rows (2.9 s)`. */
export class StepPrinter {
  readonly #context: CliContext;
  readonly #total: number;
  #number = 0;
  #startedMs = 0;

  constructor(context: CliContext, total: number) {
    this.#context = context;
    this.#total = total;
  }

  begin(title: string): void {
    this.#number += 1;
    this.#startedMs = performance.now();
    const { out, paint } = this.#context;
    out.write(`${paint.bold(`${this.#number}/${this.#total} ${title}`)}\n`);
  }

  detail(text: string): void {
    this.#context.out.write(`    ${this.#context.paint.dim(text)}\n`);
  }

  end(result: string): void {
    const { out, paint } = this.#context;
    out.write(
      `    ${paint.green('✓')} ${result} ${paint.dim(`(${formatDuration(performance.now() - this.#startedMs)})`)}\n`,
    );
  }
}
