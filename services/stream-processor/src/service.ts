import type { ServiceDefinition } from '@hasivu/service-kit';

import { runProcessor } from './io/processor-run.ts';
import { settingsOf } from './processor-settings.ts';

export const streamProcessor: ServiceDefinition = {
  name: 'stream-processor',
  summary: 'Takes change events through the pipelines of the configuration, exactly once',
  main: async (context) => {
    const settings = settingsOf(context.config);
    if (settings.pipelines.length === 0) {
      context.logger.info('no pipelines are configured: nothing to do');
      return;
    }
    await runProcessor(context, settings);
  },
};
