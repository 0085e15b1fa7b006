import { loadConfig, type HasivuConfig, type LakeConfig } from '@hasivu/config';
import { PlatformError } from '@hasivu/errors';
import type { CliContext } from '../cli-context.ts';
import { resolveNamedFile } from '../command-file.ts';

/** A configuration that has a lake. @throws PlatformError CONFIG_* */
export function configWithLake(
  context: CliContext,
  file: string,
): HasivuConfig & { readonly lake: LakeConfig } {
  const path = resolveNamedFile(context, file);
  const config = loadConfig(path, { ...context.env });
  const { lake } = config;
  if (lake) return { ...config, lake };
  throw new PlatformError('CONFIG_INVALID', {
    doing: `reading the configuration ${path}`,
    why: '/lake is missing: this command needs the lake',
  });
}

/** Where the lake of a configuration is. @throws PlatformError CONFIG_* */
export function lakeSectionOf(context: CliContext, file: string): LakeConfig {
  return configWithLake(context, file).lake;
}
