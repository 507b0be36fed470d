/**
 * The contract suite for storage backends, for authors of backends.
 *
 * It says nothing about speed, and it cannot see a power failure.
 *
 * @module
 */
export { storageCaseCount, type StorageSuiteSummary, testStorageBackend } from "./storage/suite.ts";
export { ManualRuntime } from "./storage/manual_runtime.ts";
export type {
  StorageAbility,
  StorageFixture,
  StorageFixtureOptions,
  StorageSuiteOptions,
  TestDefinition,
} from "./storage/fixture.ts";
export type { CancelTimer, Runtime } from "../runtime.ts";
export type {
  BackendTraits,
  DuePage,
  DueQuery,
  ListPage,
  ListQuery,
  OwnerKey,
  PutCondition,
  PutResult,
  RecordKey,
  RecordKind,
  RecordWrite,
  StorageBackend,
  StoredRecord,
  Version,
} from "../store/backend.ts";
