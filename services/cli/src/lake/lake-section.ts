import { loadConfig, type LakeConfig } from '@hasivu/config';
import { PlatformError } from '@hasivu/errors';
import type { CliContext } from '../cli-context.ts';
import { resolveNamedFile } from '../command-file.ts';

/** Where the lake of a configuration is. @throws PlatformError CONFIG_* */
export function lakeSectionOf(context: CliContext, file: string): LakeConfig {
  const path = resolveNamedFile(context, file);
  const { lake } = loadConfig(path, { ...context.env });
  if (lake) return lake;
  throw new PlatformError('CONFIG_INVALID', {
    doing: `reading the configuration ${path}`,
    why: '/lake is missing: this command needs the lake',
  });
}
