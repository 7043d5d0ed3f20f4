package conformance;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.google.cloud.Timestamp;
import com.google.cloud.spanner.CommitResponse;
import com.google.cloud.spanner.DatabaseClient;
import com.google.cloud.spanner.ErrorCode;
import com.google.cloud.spanner.Key;
import com.google.cloud.spanner.KeyRange;
import com.google.cloud.spanner.KeySet;
import com.google.cloud.spanner.Mutation;
import com.google.cloud.spanner.MutationGroup;
import com.google.cloud.spanner.Options;
import com.google.cloud.spanner.ResultSet;
import com.google.cloud.spanner.SpannerBatchUpdateException;
import com.google.cloud.spanner.SpannerException;
import com.google.cloud.spanner.Statement;
import com.google.cloud.spanner.Struct;
import com.google.cloud.spanner.TransactionContext;
import com.google.cloud.spanner.TransactionManager;
import com.google.cloud.spanner.Value;
import com.google.spanner.v1.BatchWriteResponse;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import java.util.function.LongUnaryOperator;
import org.junit.jupiter.api.Test;

class WritesTest {
  private static final int WORKERS = 4;
  private static final int ROUNDS = 10;

  static Mutation put(long id, long n) {
    return Mutation.newInsertOrUpdateBuilder("Counters").set("Id").to(id).set("N").to(n).build();
  }

  private static long counter(DatabaseClient client, long id) {
    return client.singleUse().readRow("Counters", Key.of(id), List.of("N")).getLong(0);
  }

  private static List<Long> all(DatabaseClient client) {
    return Target.ids(client.singleUse().read("Counters", KeySet.all(), List.of("Id")));
  }

  private static void wantCode(ErrorCode code, Callable<?> call) {
    assertEquals(code, assertThrows(SpannerException.class, call::call).getErrorCode());
  }

  @Test
  void mutations() {
    DatabaseClient client = Target.newClient(Target.COUNTERS);
    Mutation insert =
        Mutation.newInsertBuilder("Counters").set("Id").to(1).set("N").to(1).build();
    client.write(List.of(insert));
    wantCode(ErrorCode.ALREADY_EXISTS, () -> client.write(List.of(insert)));
    Mutation update =
        Mutation.newUpdateBuilder("Counters").set("Id").to(9).set("N").to(1).build();
    wantCode(ErrorCode.NOT_FOUND, () -> client.write(List.of(update)));
    client.writeAtLeastOnce(List.of(put(1, 11), put(2, 2), put(3, 3)));
    client.write(
        List.of(Mutation.newReplaceBuilder("Counters").set("Id").to(2).set("N").to(22).build()));
    assertEquals(11, counter(client, 1));
    assertEquals(22, counter(client, 2));
    client.write(
        List.of(
            Mutation.delete("Counters", KeySet.range(KeyRange.closedOpen(Key.of(2), Key.of(9))))));
    assertEquals(List.of(1L), all(client));
  }

  @Test
  void groupsOfABatchWriteStandAlone() {
    if (!Target.LOCAL) {
      return; // Google's emulator has no BatchWrite
    }
    DatabaseClient client = Target.newClient(Target.COUNTERS);
    Mutation update =
        Mutation.newUpdateBuilder("Counters").set("Id").to(9).set("N").to(1).build();
    Map<Integer, Integer> codes = new HashMap<>();
    for (BatchWriteResponse response :
        client.batchWriteAtLeastOnce(
            List.of(MutationGroup.of(put(1, 1)), MutationGroup.of(put(2, 2), update)))) {
      response.getIndexesList().forEach(i -> codes.put(i, response.getStatus().getCode()));
    }
    assertEquals(Map.of(0, 0, 1, 5), codes);
    assertEquals(List.of(1L), all(client));
  }

  @Test
  void dml() {
    DatabaseClient client = Target.newClient(Target.COUNTERS);
    client
        .readWriteTransaction(Options.tag("dml"))
        .run(
            tx -> {
              assertEquals(
                  2,
                  tx.executeUpdate(
                      Statement.of("INSERT Counters (Id, N) VALUES (1, 1), (2, 2)")));
              try (ResultSet rows =
                  tx.executeQuery(
                      Statement.of(
                          "UPDATE Counters SET N = N + 1 WHERE Id = 1 THEN RETURN N"))) {
                assertEquals(true, rows.next());
                assertEquals(2, rows.getLong(0));
              }
              assertArrayEquals(
                  new long[] {1, 2},
                  tx.batchUpdate(
                      List.of(
                          Statement.of("INSERT Counters (Id, N) VALUES (3, 3)"),
                          Statement.of("UPDATE Counters SET N = 0 WHERE Id > 1"))));
              return null;
            });
    assertEquals(
        2,
        client.executePartitionedUpdate(
            Statement.of("UPDATE Counters SET N = 7 WHERE Id > 1"), Options.tag("pdml")));
    assertEquals(7, counter(client, 3));
    client
        .readWriteTransaction()
        .run(
            tx -> {
              SpannerBatchUpdateException error =
                  assertThrows(
                      SpannerBatchUpdateException.class,
                      () ->
                          tx.batchUpdate(
                              List.of(
                                  Statement.of("INSERT Counters (Id, N) VALUES (4, 4)"),
                                  Statement.of("UPDATE Nope SET N = 1 WHERE true"))));
              assertEquals(ErrorCode.INVALID_ARGUMENT, error.getErrorCode());
              assertArrayEquals(new long[] {1}, error.getUpdateCounts());
              return null;
            });
    assertEquals(List.of(1L, 2L, 3L, 4L), all(client));
  }

  private static final Map<String, BiConsumer<TransactionContext, Long>> INCREMENTS =
      Map.of(
          "read and mutation",
          (tx, id) -> {
            Struct row = tx.readRow("Counters", Key.of(id), List.of("N"));
            tx.buffer(put(id, row.getLong(0) + 1));
          },
          "DML",
          (tx, id) ->
              tx.executeUpdate(
                  Statement.newBuilder("UPDATE Counters SET N = N + 1 WHERE Id = @id")
                      .bind("id").to(id)
                      .build()));

  private static int attempts(
      DatabaseClient client, BiConsumer<TransactionContext, Long> add, LongUnaryOperator id)
      throws Exception {
    AtomicInteger attempts = new AtomicInteger();
    ExecutorService pool = Executors.newFixedThreadPool(WORKERS);
    try {
      List<Future<?>> all = new ArrayList<>();
      for (long worker = 0; worker < WORKERS; worker++) {
        long key = id.applyAsLong(worker);
        all.add(
            pool.submit(
                () -> {
                  for (int i = 0; i < ROUNDS; i++) {
                    client
                        .readWriteTransaction()
                        .run(
                            tx -> {
                              attempts.incrementAndGet();
                              add.accept(tx, key);
                              return null;
                            });
                  }
                }));
      }
      for (Future<?> one : all) {
        one.get();
      }
    } finally {
      pool.shutdownNow();
    }
    return attempts.get();
  }

  @Test
  void noUpdateIsLost() throws Exception {
    if (!Target.LOCAL) {
      return; // Google's emulator forgets parallel transactions of a multiplexed session
    }
    for (var add : INCREMENTS.entrySet()) {
      DatabaseClient client = Target.newClient(Target.COUNTERS);
      client.write(List.of(put(0, 0), put(1, 0), put(2, 0), put(3, 0)));
      attempts(client, add.getValue(), worker -> 0);
      assertEquals(WORKERS * ROUNDS, counter(client, 0), add.getKey());
      client.write(List.of(put(0, 0)));
      int attempts = attempts(client, add.getValue(), worker -> worker);
      assertEquals(WORKERS * ROUNDS, attempts, add.getKey() + ": different keys never abort");
      for (long id = 0; id < WORKERS; id++) {
        assertEquals(ROUNDS, counter(client, id), add.getKey());
      }
    }
  }

  @Test
  void transactionManagerAndRollback() {
    DatabaseClient client = Target.newClient(Target.COUNTERS);
    try (TransactionManager manager = client.transactionManager()) {
      TransactionContext transaction = manager.begin();
      transaction.executeUpdate(Statement.of("INSERT Counters (Id, N) VALUES (1, 1)"));
      manager.rollback();
    }
    assertEquals(List.of(), all(client));
    try (TransactionManager manager = client.transactionManager()) {
      TransactionContext transaction = manager.begin();
      transaction.executeUpdate(Statement.of("INSERT Counters (Id, N) VALUES (1, 1)"));
      manager.commit();
    }
    assertEquals(List.of(1L), all(client));
  }

  @Test
  void commitTimestampsAndStatistics() {
    DatabaseClient client =
        Target.newClient(
            "CREATE TABLE T (Id INT64, Stamp TIMESTAMP OPTIONS (allow_commit_timestamp = true))"
                + " PRIMARY KEY (Id)");
    CommitResponse response =
        client.writeWithOptions(
            List.of(
                Mutation.newInsertBuilder("T")
                    .set("Id").to(1)
                    .set("Stamp").to(Value.COMMIT_TIMESTAMP)
                    .build()),
            Options.commitStats());
    Timestamp stored =
        client.singleUse().readRow("T", Key.of(1), List.of("Stamp")).getTimestamp(0);
    assertEquals(response.getCommitTimestamp(), stored);
    if (Target.LOCAL) { // Google's emulator gives none
      assertEquals(2, response.getCommitStats().getMutationCount());
    }
  }
}
