export { installConnect, type ConnectInstallation } from './connect-installation.ts';
export { Debezium } from './debezium.ts';
export type { DebeziumFormat, DebeziumSettings } from './debezium-settings.ts';
export { sparkJars } from './spark-jars.ts';
