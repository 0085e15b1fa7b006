import { addOffsetsToTxnApi } from '../protocol/add-offsets-to-txn.ts';
import { addPartitionsToTxnApi } from '../protocol/add-partitions-to-txn.ts';
import { createTopicsApi } from '../protocol/create-topics.ts';
import { describeConfigsApi } from '../protocol/describe-configs.ts';
import { endTxnApi } from '../protocol/end-txn.ts';
import { fetchApi } from '../protocol/fetch.ts';
import { findCoordinatorApi } from '../protocol/find-coordinator.ts';
import { heartbeatApi } from '../protocol/heartbeat.ts';
import { joinGroupApi } from '../protocol/join-group.ts';
import { leaveGroupApi } from '../protocol/leave-group.ts';
import { syncGroupApi } from '../protocol/sync-group.ts';
import { initProducerIdApi } from '../protocol/init-producer-id.ts';
import { listOffsetsApi } from '../protocol/list-offsets.ts';
import { metadataApi } from '../protocol/metadata.ts';
import { offsetCommitApi } from '../protocol/offset-commit.ts';
import { offsetFetchApi } from '../protocol/offset-fetch.ts';
import { produceApi } from '../protocol/produce.ts';
import { txnOffsetCommitApi } from '../protocol/txn-offset-commit.ts';

/** Checked against the broker's answer when a connection opens. */
export const REQUIRED_APIS: readonly {
  readonly key: number;
  readonly version: number;
  readonly name: string;
}[] = [
  produceApi,
  fetchApi,
  listOffsetsApi,
  metadataApi,
  offsetCommitApi,
  offsetFetchApi,
  findCoordinatorApi,
  joinGroupApi,
  syncGroupApi,
  heartbeatApi,
  leaveGroupApi,
  createTopicsApi,
  describeConfigsApi,
  initProducerIdApi,
  addPartitionsToTxnApi,
  addOffsetsToTxnApi,
  endTxnApi,
  txnOffsetCommitApi,
];
