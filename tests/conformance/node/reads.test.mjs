// Reads, queries and values.
import assert from 'node:assert/strict';
import test from 'node:test';
import {Spanner} from '@google-cloud/spanner';
import {COUNTERS, SINGERS, counter, newDatabase, rowsOf} from './spanner.mjs';

async function singersDatabase(t, ...statements) {
  const database = await newDatabase(t, SINGERS, ...statements);
  const rows = [...Array(10).keys()].map(i => ({Id: i, First: `F${i}`, Last: `L${9 - i}`}));
  await database.table('Singers').insert(rows);
  return database;
}

test('reads by key, range and index', async t => {
  const database = await singersDatabase(t, 'CREATE INDEX ByLast ON Singers (Last)');
  const ids = async request => {
    const rows = await rowsOf(database.table('Singers').read({columns: ['Id'], ...request}));
    return rows.map(row => row.Id);
  };
  assert.deepEqual(await ids({keys: [3]}), [3]);
  assert.deepEqual(await ids({keys: [7, 2, 99]}), [2, 7]);
  assert.deepEqual(await ids({ranges: [{startClosed: 3, endOpen: 6}]}), [3, 4, 5]);
  assert.deepEqual(await ids({ranges: [{startOpen: 3, endClosed: 6}]}), [4, 5, 6]);
  assert.deepEqual(await ids({index: 'ByLast', ranges: [{startClosed: 'L2', endClosed: 'L4'}]}), [7, 6, 5]);
  assert.equal((await ids({keySet: {all: true}})).length, 10);
  assert.deepEqual(await ids({keySet: {all: true}, limit: 2}), [0, 1]);
  await assert.rejects(ids({keys: [1], columns: ['Nope']}), {code: 5});
});

test('streams', async t => {
  const database = await singersDatabase(t);
  const found = [];
  for await (const row of database.runStream('SELECT Id FROM Singers ORDER BY Id')) {
    found.push(row.toJSON().Id);
  }
  assert.deepEqual(found, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

const moment = new Date('2024-02-29T23:59:58.123Z');
const parameters = {
  bool: [true, 'bool'],
  int64: [Spanner.int('9007199254740993'), 'int64'],
  float64: [0.1, 'float64'],
  float32: [Spanner.float32(0.5), 'float32'],
  string: ['ä \u{1F600} \'"`', 'string'],
  bytes: [Buffer.from([0, 255, 10]), 'bytes'],
  date: [Spanner.date('0001-01-01'), 'date'],
  timestamp: [moment, 'timestamp'],
  numeric: [Spanner.numeric('-123456.789'), 'numeric'],
  json: [{a: [1.5, null, 'x']}, 'json'],
  'null': [null, 'string'],
  'array of strings': [['', 'b', null], {type: 'array', child: {type: 'string'}}],
  'array of int64': [[1, 2], {type: 'array', child: {type: 'int64'}}],
};

test('parameters of every type come back as they were', async t => {
  const database = await newDatabase(t);
  for (const [name, [value, type]] of Object.entries(parameters)) {
    await t.test(name, async () => {
      const [rows] = await database.run({
        sql: 'SELECT @p AS p', params: {p: value}, types: {p: type}});
      const got = rows[0].find(column => column.name === 'p').value;
      if (name === 'array of int64') assert.deepEqual(got.map(x => Number(x.value)), value);
      else if (name === 'timestamp') assert.equal(new Date(got).getTime(), moment.getTime());
      else if (got?.value !== undefined) assert.equal(String(got.value), String(value.value ?? value));
      else assert.deepEqual(got, value);
    });
  }
  const pair = Spanner.struct({x: Spanner.int(5), y: 'five'});
  const [rows] = await database.run({sql: "SELECT @p.x = 5 AND @p.y = 'five' AS same", params: {p: pair}});
  assert.equal(rows[0].toJSON().same, true);
});

test('queries and their errors', async t => {
  const database = await singersDatabase(t);
  assert.deepEqual(
    await rowsOf(database.run('SELECT COUNT(*) AS n, SUM(Id) AS sum FROM Singers WHERE Id > 5')),
    [{n: 4, sum: 30}]);
  assert.deepEqual(
    await rowsOf(database.run({sql: 'SELECT Id FROM Singers WHERE Id IN UNNEST(@ids) ORDER BY Id',
      params: {ids: [3, 1]}})),
    [{Id: 1}, {Id: 3}]);
  const [nested] = await database.run(
    'SELECT ARRAY(SELECT AS STRUCT Id, First FROM Singers WHERE Id < 2 ORDER BY Id) AS s');
  assert.deepEqual(nested[0].toJSON().s, [{Id: 0, First: 'F0'}, {Id: 1, First: 'F1'}]);
  await assert.rejects(database.run('SELECT'), {code: 3});
  await assert.rejects(database.run('SELECT * FROM Nope'), {code: 3});
  await assert.rejects(database.run('SELECT 1/0'), {code: 11});
});

test('reads in the past', async t => {
  const database = await newDatabase(t, COUNTERS);
  await database.table('Counters').upsert({Id: 1, N: 1});
  const [first] = await database.getSnapshot();
  await database.table('Counters').upsert({Id: 1, N: 2});
  const [rows] = await first.read('Counters', {keys: [1], columns: ['N']});
  assert.equal(rows[0].toJSON().N, 1);
  const at = first.readTimestamp;
  first.end();
  assert.equal(await counter(database, 1), 2);
  const [past] = await database.getSnapshot({readTimestamp: at});
  const [again] = await past.run('SELECT N FROM Counters');
  assert.equal(again[0].toJSON().N, 1);
  past.end();
});
