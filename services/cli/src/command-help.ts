import { Option, type Command } from 'commander';

export const EXIT_CODES = `
Exit codes: 0 done · 1 failed, or the data differs · 2 something has to be changed first · 130 interrupted`;

/** The option that names the configuration. */
export function configFile(): Option {
  return new Option('-f, --file <path>', 'configuration file').default('hasivu.yaml');
}

/** Adds examples and exit codes to a command's help. */
export function examples(command: Command, lines: readonly string[]): void {
  command.addHelpText('after', `\nExamples:\n${lines.map((line) => `  ${line}`).join('\n')}\n${EXIT_CODES}`);
}
