// What the tests share: the client, one instance, databases that go with the test.
import {Spanner} from '@google-cloud/spanner';

// False on Google's emulator, whose known differences stand at the assertions.
export const local = process.env.CONFORMANCE_TARGET === 'local';

export const spanner = new Spanner({projectId: 'conformance'});
export const instance = spanner.instance('node-conformance');

export const SINGERS = `CREATE TABLE Singers (
  Id INT64 NOT NULL, First STRING(1024), Last STRING(1024), Score FLOAT64
) PRIMARY KEY (Id)`;
export const COUNTERS = 'CREATE TABLE Counters (Id INT64 NOT NULL, N INT64 NOT NULL) PRIMARY KEY (Id)';

export async function makeInstance() {
  const [there] = await instance.exists();
  if (there) return;
  const [, operation] = await instance.create({
    config: 'emulator-config', nodes: 1, displayName: 'Node'});
  await operation.promise();
}

let made = 0;
export async function newDatabase(t, ...statements) {
  await makeInstance();
  const id = `n${Date.now() % 1_000_000_000}-${++made}`;
  const [database, operation] = await instance.createDatabase(id, {schema: statements});
  await operation.promise();
  t.after(() => database.delete());
  return database;
}

// Rows as plain objects with plain numbers.
export async function rowsOf(result) {
  const [rows] = await result;
  return rows.map(row => row.toJSON());
}

// The counter's value, read by key.
export async function counter(database, id) {
  const rows = await rowsOf(database.table('Counters').read({keys: [id], columns: ['N']}));
  return rows[0]?.N;
}
