export { lakeKeeper } from './service.ts';
