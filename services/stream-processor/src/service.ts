import { checkSteps, parseExpression } from '@hasivu/pipeline';
import { checkRules } from '@hasivu/quality';
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
    // Before anything is opened: a mistake that can be seen now must not leave topics behind.
    for (const { name, steps, rules } of settings.pipelines) {
      checkSteps({ name, steps });
      checkRules(rules, { pipeline: name, parse: parseExpression });
    }
    await runProcessor(context, settings);
  },
};
