export { runCli } from './program.ts';
export type { CliContext } from './cli-context.ts';
