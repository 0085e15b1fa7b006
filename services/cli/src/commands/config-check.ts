import { configMistakes, loadConfig } from '@hasivu/config';
import { EXIT } from '@hasivu/errors';
import type { CliContext } from '../cli-context.ts';
import { resolveNamedFile } from '../command-file.ts';
import { formatCount } from '../terminal/quantity.ts';
import { pipelineMistakes } from './pipeline-check.ts';

export interface ConfigCheckOptions {
  readonly file: string;
  readonly json: boolean;
}

/** Prints every mistake with its path and reason; exit code 2 when there is one, as the services would end. */
export function checkConfigFile(context: CliContext, options: ConfigCheckOptions): number {
  const path = resolveNamedFile(context, options.file);
  const ofShape = configMistakes(path, { ...context.env });
  const mistakes = ofShape.length > 0 ? ofShape : pipelineMistakes(loadConfig(path, { ...context.env }));
  const code = mistakes.length === 0 ? EXIT.ok : EXIT.needsOperator;
  if (options.json) {
    const listed = mistakes.map(({ path: at, reason }) => ({ path: at, reason }));
    context.out.write(`${JSON.stringify({ file: path, ok: mistakes.length === 0, mistakes: listed })}\n`);
    return code;
  }
  if (mistakes.length === 0) {
    context.out.write(`${context.paint.green('ok')} ${path}\n`);
    return code;
  }
  const noun = mistakes.length === 1 ? 'mistake' : 'mistakes';
  context.err.write(
    `${context.paint.red('error')} CONFIG_INVALID in ${path}: ${formatCount(mistakes.length)} ${noun}\n`,
  );
  for (const mistake of mistakes)
    context.err.write(`  ${context.paint.bold(mistake.path)} ${mistake.reason}\n`);
  return code;
}
