// Mutations, DML and transactions.
import assert from 'node:assert/strict';
import test from 'node:test';
import {MutationGroup, MutationSet, Spanner} from '@google-cloud/spanner';
import {COUNTERS, SINGERS, counter, local, newDatabase, rowsOf} from './spanner.mjs';

const idsOf = async database =>
  (await rowsOf(database.run('SELECT Id FROM Counters ORDER BY Id'))).map(row => row.Id);

test('mutations of all kinds', async t => {
  const database = await newDatabase(t, COUNTERS);
  const table = database.table('Counters');
  await table.insert({Id: 1, N: 1});
  await assert.rejects(table.insert({Id: 1, N: 1}), {code: 6});
  await assert.rejects(table.update({Id: 2, N: 1}), {code: 5});
  await table.update({Id: 1, N: 11});
  await table.upsert([{Id: 1, N: 12}, {Id: 2, N: 2}, {Id: 3, N: 3}]);
  await table.replace({Id: 2, N: 22});
  assert.equal(await counter(database, 1), 12);
  assert.equal(await counter(database, 2), 22);
  await table.deleteRows([2, 99]);
  assert.deepEqual(await idsOf(database), [1, 3]);
  const set = new MutationSet();
  set.insert('Counters', {Id: 4, N: 4});
  set.deleteRows('Counters', [3]);
  await database.writeAtLeastOnce(set);
  assert.deepEqual(await idsOf(database), [1, 4]);
});

test('BatchWrite: groups stand alone', async t => {
  const database = await newDatabase(t, COUNTERS);
  if (!local) return t.skip("Google's emulator has no BatchWrite");
  const good = new MutationGroup();
  good.upsert('Counters', {Id: 1, N: 1});
  const bad = new MutationGroup();
  bad.upsert('Counters', {Id: 2, N: 2});
  bad.update('Counters', {Id: 99, N: 9});
  const codes = {};
  for await (const answer of database.batchWriteAtLeastOnce([good, bad], {})) {
    for (const index of answer.indexes) codes[index] = answer.status.code;
  }
  assert.deepEqual(codes, {0: 0, 1: 5});
  assert.deepEqual(await idsOf(database), [1]);
});

test('DML, batch DML, partitioned DML', async t => {
  const database = await newDatabase(t, COUNTERS);
  await database.runTransactionAsync(async transaction => {
    const [inserted] = await transaction.runUpdate('INSERT Counters (Id, N) VALUES (1, 1), (2, 2)');
    assert.equal(inserted, 2);
    const [rows] = await transaction.run('UPDATE Counters SET N = N + 1 WHERE Id = 1 THEN RETURN N');
    assert.equal(rows[0].toJSON().N, 2);
    const [counts] = await transaction.batchUpdate([
      'INSERT Counters (Id, N) VALUES (3, 3)', 'UPDATE Counters SET N = 0 WHERE Id > 1']);
    assert.deepEqual(counts, [1, 2]);
    await transaction.commit();
  });
  const [changed] = await database.runPartitionedUpdate('UPDATE Counters SET N = 7 WHERE Id > 1');
  assert.equal(changed, 2);
  assert.equal(await counter(database, 3), 7);
});

test('a batch of DML stops at the statement that fails', async t => {
  const database = await newDatabase(t, COUNTERS);
  await database.runTransactionAsync(async transaction => {
    const failure = await transaction.batchUpdate([
      'INSERT Counters (Id, N) VALUES (1, 1)', 'UPDATE Nope SET N = 1 WHERE true']).catch(e => e);
    assert.equal(failure.code, 3);
    assert.deepEqual(failure.rowCounts, [1]);
    await transaction.commit();
  });
  assert.deepEqual(await idsOf(database), [1]);
});

const increments = {
  'read and mutation': async (transaction, id) => {
    const [rows] = await transaction.read('Counters', {keys: [id], columns: ['N']});
    transaction.update('Counters', {Id: id, N: rows[0].toJSON().N + 1});
  },
  'query and DML': async (transaction, id) => {
    const [rows] = await transaction.run({sql: 'SELECT N FROM Counters WHERE Id = @id', params: {id}});
    await transaction.runUpdate({sql: 'UPDATE Counters SET N = @n WHERE Id = @id',
      params: {id, n: rows[0].toJSON().N + 1}});
  },
};

for (const [name, add] of Object.entries(increments)) {
  test(`no update is lost: ${name}`, async t => {
    const database = await newDatabase(t, COUNTERS);
    await database.table('Counters').insert([...Array(5).keys()].map(i => ({Id: i, N: 0})));
    let attempts = 0;
    const worker = async id => {
      for (let i = 0; i < 10; i++) {
        await database.runTransactionAsync(async transaction => {
          attempts++;
          await add(transaction, id);
          await transaction.commit();
        });
      }
    };
    await Promise.all([worker(0), worker(0), worker(0), worker(0)]);
    assert.equal(await counter(database, 0), 40);
    attempts = 0;
    await Promise.all([worker(1), worker(2), worker(3), worker(4)]);
    for (const id of [1, 2, 3, 4]) assert.equal(await counter(database, id), 10);
    if (local) assert.equal(attempts, 40); // Google's emulator has one lock for all
  });
}

test('rollback', async t => {
  const database = await newDatabase(t, COUNTERS);
  await database.runTransactionAsync(async transaction => {
    await transaction.runUpdate('INSERT Counters (Id, N) VALUES (1, 1)');
    await transaction.rollback();
  });
  assert.deepEqual(await idsOf(database), []);
  await database.table('Counters').insert({Id: 1, N: 5});
});

test('commit timestamps and statistics', async t => {
  const database = await newDatabase(t, 
    'CREATE TABLE T (Id INT64, Stamp TIMESTAMP OPTIONS (allow_commit_timestamp = true)) PRIMARY KEY (Id)');
  await database.runTransactionAsync({requestOptions: {transactionTag: 'tag'}}, async transaction => {
    transaction.insert('T', {Id: 1, Stamp: Spanner.COMMIT_TIMESTAMP});
    const [response] = await transaction.commit({returnCommitStats: true});
    if (local) assert.equal(Number(response.commitStats.mutationCount), 2); // the emulator has none
    const [rows] = await database.run('SELECT Stamp FROM T');
    const stored = rows[0].toJSON().Stamp;
    assert.equal(Math.floor(new Date(stored).getTime() / 1000), Number(response.commitTimestamp.seconds));
  });
});

test('partitions', async t => {
  const database = await newDatabase(t, SINGERS);
  await database.table('Singers').insert([...Array(500).keys()].map(i => ({Id: i, First: 'x'})));
  const [transaction] = await database.createBatchTransaction();
  for (const make of [
    () => transaction.createReadPartitions({table: 'Singers', keys: [], ranges: [], keySet: {all: true},
      columns: ['Id'], partitionOptions: {maxPartitions: 4}}),
    () => transaction.createQueryPartitions({sql: 'SELECT Id FROM Singers', partitionOptions: {maxPartitions: 4}}),
  ]) {
    const [partitions] = await make();
    const found = new Set();
    for (const partition of partitions) {
      for (const row of (await transaction.execute(partition))[0]) found.add(row.toJSON().Id);
    }
    assert.equal(found.size, 500);
  }
  await transaction.close();
});
