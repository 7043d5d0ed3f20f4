package conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.cloud.ByteArray;
import com.google.cloud.Date;
import com.google.cloud.Timestamp;
import com.google.cloud.spanner.BatchReadOnlyTransaction;
import com.google.cloud.spanner.Database;
import com.google.cloud.spanner.DatabaseClient;
import com.google.cloud.spanner.ErrorCode;
import com.google.cloud.spanner.Key;
import com.google.cloud.spanner.KeyRange;
import com.google.cloud.spanner.KeySet;
import com.google.cloud.spanner.Mutation;
import com.google.cloud.spanner.Options;
import com.google.cloud.spanner.Partition;
import com.google.cloud.spanner.PartitionOptions;
import com.google.cloud.spanner.ReadOnlyTransaction;
import com.google.cloud.spanner.ResultSet;
import com.google.cloud.spanner.SpannerException;
import com.google.cloud.spanner.Statement;
import com.google.cloud.spanner.Struct;
import com.google.cloud.spanner.TimestampBound;
import com.google.cloud.spanner.Type;
import com.google.cloud.spanner.Value;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class ReadsTest {
  private static final List<String> ID = List.of("Id");

  private static void addSingers(DatabaseClient client, int count) {
    List<Mutation> rows = new ArrayList<>();
    for (long i = 0; i < count; i++) {
      rows.add(
          Mutation.newInsertBuilder("Singers")
              .set("Id").to(i)
              .set("First").to("F" + i)
              .set("Last").to("L" + (9 - i))
              .build());
    }
    client.write(rows);
  }

  private static DatabaseClient singers(String... statements) {
    List<String> all = new ArrayList<>(List.of(Target.SINGERS));
    all.addAll(List.of(statements));
    DatabaseClient client = Target.newClient(all.toArray(String[]::new));
    addSingers(client, 10);
    return client;
  }

  private static List<Long> range(long from, long to) {
    return LongStream.range(from, to).boxed().toList();
  }

  @Test
  void keysRangesAndIndexes() {
    DatabaseClient client = singers("CREATE INDEX ByLast ON Singers (Last)");
    Map<KeySet, List<Long>> cases =
        Map.of(
            KeySet.singleKey(Key.of(3)), List.of(3L),
            KeySet.newBuilder().addKey(Key.of(7)).addKey(Key.of(2)).addKey(Key.of(99)).build(),
            List.of(2L, 7L),
            KeySet.range(KeyRange.closedOpen(Key.of(3), Key.of(6))), range(3, 6),
            KeySet.range(KeyRange.closedClosed(Key.of(3), Key.of(6))), range(3, 7),
            KeySet.range(KeyRange.openOpen(Key.of(3), Key.of(6))), range(4, 6),
            KeySet.range(KeyRange.openClosed(Key.of(3), Key.of(6))), range(4, 7),
            KeySet.all(), range(0, 10));
    cases.forEach(
        (keys, want) ->
            assertEquals(want, Target.ids(client.singleUse().read("Singers", keys, ID))));
    assertEquals(
        List.of(7L, 6L, 5L),
        Target.ids(
            client
                .singleUse()
                .readUsingIndex(
                    "Singers",
                    "ByLast",
                    KeySet.range(KeyRange.closedClosed(Key.of("L2"), Key.of("L4"))),
                    ID)));
    assertEquals(
        range(0, 2),
        Target.ids(client.singleUse().read("Singers", KeySet.all(), ID, Options.limit(2))));
    assertEquals("F4", client.singleUse().readRow("Singers", Key.of(4), List.of("First")).getString(0));
    assertEquals(null, client.singleUse().readRow("Singers", Key.of(44), ID));
  }

  @Test
  void errors() {
    DatabaseClient client = singers();
    Map<String, ErrorCode> cases =
        Map.of(
            "SELECT", ErrorCode.INVALID_ARGUMENT,
            "SELECT * FROM Nope", ErrorCode.INVALID_ARGUMENT,
            "SELECT 1/0", ErrorCode.OUT_OF_RANGE,
            "DELETE FROM Singers WHERE true", ErrorCode.INVALID_ARGUMENT);
    cases.forEach(
        (sql, code) -> {
          SpannerException error =
              assertThrows(
                  SpannerException.class,
                  () -> client.singleUse().executeQuery(Statement.of(sql)).next(),
                  sql);
          assertEquals(code, error.getErrorCode(), sql);
        });
    SpannerException missing =
        assertThrows(
            SpannerException.class,
            () -> client.singleUse().read("Nope", KeySet.all(), ID).next());
    assertEquals(ErrorCode.NOT_FOUND, missing.getErrorCode());
  }

  @Test
  void parametersOfEveryTypeComeBack() {
    DatabaseClient client = Target.newClient();
    Struct pair = Struct.newBuilder().set("X").to(1).set("Y").to("a").build();
    List<Value> values =
        List.of(
            Value.bool(true),
            Value.int64(Long.MIN_VALUE),
            Value.float64(0.1),
            Value.float64(Double.NEGATIVE_INFINITY),
            Value.float32(0.5f),
            Value.string("ä \u0000 \uD83D\uDE00 '\"`"),
            Value.bytes(ByteArray.copyFrom(new byte[] {0, -1, 10})),
            Value.date(Date.fromYearMonthDay(1, 1, 1)),
            Value.timestamp(Timestamp.parseTimestamp("2024-02-29T23:59:58.123456789Z")),
            Value.numeric(new BigDecimal("-123456.789")),
            Value.json("{\"a\":[1.5,null,\"x\"]}"),
            Value.string(null),
            Value.int64((Long) null),
            Value.timestamp(null),
            Value.int64Array(new long[] {1, 2, Long.MAX_VALUE}),
            Value.stringArray(Arrays.asList("", "b", null)),
            Value.boolArray(new boolean[] {true, false}),
            Value.float64Array(new double[] {0, -1.5}),
            Value.dateArray(List.of(Date.fromYearMonthDay(9999, 12, 31))),
            Value.numericArray(List.of(new BigDecimal("0.5"))),
            Value.int64Array((long[]) null),
            Value.structArray(pair.getType(), List.of(pair)));
    for (Value value : values) {
      Statement statement = Statement.newBuilder("SELECT @p AS p").bind("p").to(value).build();
      try (ResultSet rows = client.singleUse().executeQuery(statement)) {
        assertTrue(rows.next());
        assertEquals(value, rows.getValue(0), value.getType().toString());
      }
    }
    Statement struct =
        Statement.newBuilder("SELECT @p.X = 1 AND @p.Y = 'a'").bind("p").to(pair).build();
    try (ResultSet rows = client.singleUse().executeQuery(struct)) {
      assertTrue(rows.next());
      assertEquals(Type.bool(), rows.getColumnType(0));
      assertTrue(rows.getBoolean(0));
    }
  }

  @Test
  void readsInThePast() {
    DatabaseClient client = Target.newClient(Target.COUNTERS);
    Timestamp first = client.write(List.of(WritesTest.put(1, 1)));
    Timestamp second = client.write(List.of(WritesTest.put(1, 2)));
    assertTrue(second.compareTo(first) > 0);
    for (var bound :
        Map.of(
                TimestampBound.strong(), 2L,
                TimestampBound.ofReadTimestamp(first), 1L,
                TimestampBound.ofReadTimestamp(second), 2L,
                TimestampBound.ofMinReadTimestamp(second), 2L)
            .entrySet()) {
      Struct row =
          client.singleUse(bound.getKey()).readRow("Counters", Key.of(1), List.of("N"));
      assertEquals(bound.getValue(), row.getLong(0), bound.getKey().toString());
    }
    try (ReadOnlyTransaction transaction =
        client.readOnlyTransaction(TimestampBound.ofReadTimestamp(first))) {
      assertEquals(1, transaction.readRow("Counters", Key.of(1), List.of("N")).getLong(0));
      assertEquals(first, transaction.getReadTimestamp());
    }
  }

  @Test
  void partitions() {
    Database database = Target.newDatabase(Target.SINGERS);
    DatabaseClient client = Target.client(database.getId());
    addSingers(client, 1000);
    try (BatchReadOnlyTransaction transaction =
        Target.SPANNER
            .getBatchClient(database.getId())
            .batchReadOnlyTransaction(TimestampBound.strong())) {
      PartitionOptions options = PartitionOptions.newBuilder().setMaxPartitions(4).build();
      for (List<Partition> partitions :
          List.of(
              transaction.partitionRead(options, "Singers", KeySet.all(), ID),
              transaction.partitionQuery(options, Statement.of("SELECT Id FROM Singers")))) {
        Set<Long> found = new HashSet<>();
        partitions.forEach(p -> found.addAll(Target.ids(transaction.execute(p))));
        assertEquals(1000, found.size());
      }
    }
  }
}
