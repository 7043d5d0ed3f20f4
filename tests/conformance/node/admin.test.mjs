// Instances, databases and schemas.
import assert from 'node:assert/strict';
import test from 'node:test';
import {SINGERS, instance, local, makeInstance, newDatabase, spanner} from './spanner.mjs';

test('instances', async () => {
  await makeInstance();
  const [instances] = await spanner.getInstances();
  assert.ok(instances.some(i => i.id.endsWith('node-conformance')));
  const [metadata] = await instance.getMetadata();
  assert.equal(metadata.displayName, 'Node');
  assert.equal(metadata.state, 'READY');
  await assert.rejects(spanner.instance('nope').getMetadata(), {code: 5});
  const [configs] = await spanner.getInstanceConfigs();
  assert.ok(configs.some(c => c.name.endsWith('/emulator-config')));
});

test('databases and schemas', async t => {
  const database = await newDatabase(t, SINGERS);
  const [databases] = await instance.getDatabases();
  assert.ok(databases.some(d => d.id.endsWith(database.id)));
  const [operation] = await database.updateSchema([
    'CREATE TABLE More (Id INT64) PRIMARY KEY (Id)', 'CREATE INDEX ByLast ON Singers (Last)']);
  await operation.promise();
  const [statements] = await database.getSchema();
  assert.equal(statements.length, 3);
  assert.match(statements[0], /^CREATE TABLE Singers \(\n {2}Id INT64 NOT NULL,\n/);
  await assert.rejects(async () => {
    const [failing] = await database.updateSchema('CREATE TABLE More (Id INT64) PRIMARY KEY (Id)');
    await failing.promise();
  }, {code: 9});
  if (local) { // Google's emulator lists none
    const [operations] = await instance.getDatabaseOperations();
    assert.ok(operations.length >= 2);
  }
  const [there] = await database.exists();
  assert.equal(there, true);
});
