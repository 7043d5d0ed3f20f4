package conformance;

import com.google.cloud.spanner.Database;
import com.google.cloud.spanner.DatabaseClient;
import com.google.cloud.spanner.DatabaseId;
import com.google.cloud.spanner.ErrorCode;
import com.google.cloud.spanner.InstanceConfigId;
import com.google.cloud.spanner.InstanceId;
import com.google.cloud.spanner.InstanceInfo;
import com.google.cloud.spanner.ResultSet;
import com.google.cloud.spanner.Spanner;
import com.google.cloud.spanner.SpannerException;
import com.google.cloud.spanner.SpannerOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;

/** What the tests share: one client, one instance, new databases. */
final class Target {
  /** False on Google's emulator, whose known differences stand at the assertions. */
  static final boolean LOCAL = "local".equals(System.getenv("CONFORMANCE_TARGET"));

  static final String PROJECT = "conformance";
  static final String INSTANCE = "java-conformance";
  static final Spanner SPANNER =
      SpannerOptions.newBuilder().setProjectId(PROJECT).setBuiltInMetricsEnabled(false).build()
          .getService();

  static final String SINGERS =
      "CREATE TABLE Singers (Id INT64 NOT NULL, First STRING(1024), Last STRING(1024),"
          + " Score FLOAT64) PRIMARY KEY (Id)";
  static final String COUNTERS =
      "CREATE TABLE Counters (Id INT64 NOT NULL, N INT64 NOT NULL) PRIMARY KEY (Id)";

  private static final AtomicInteger made = new AtomicInteger();
  private static boolean ready;

  private Target() {}

  static synchronized void makeInstance() throws InterruptedException {
    if (ready) {
      return;
    }
    try {
      SPANNER
          .getInstanceAdminClient()
          .createInstance(
              InstanceInfo.newBuilder(InstanceId.of(PROJECT, INSTANCE))
                  .setInstanceConfigId(InstanceConfigId.of(PROJECT, "emulator-config"))
                  .setDisplayName("Java")
                  .setNodeCount(1)
                  .build())
          .get();
    } catch (ExecutionException e) {
      if (((SpannerException) e.getCause()).getErrorCode() != ErrorCode.ALREADY_EXISTS) {
        throw new IllegalStateException(e);
      }
    }
    ready = true;
  }

  static Database newDatabase(String... statements) {
    try {
      makeInstance();
      String id = "j" + System.currentTimeMillis() % 1_000_000_000 + "-" + made.incrementAndGet();
      return SPANNER
          .getDatabaseAdminClient()
          .createDatabase(INSTANCE, id, List.of(statements))
          .get();
    } catch (ExecutionException | InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  static DatabaseClient newClient(String... statements) {
    return SPANNER.getDatabaseClient(newDatabase(statements).getId());
  }

  static DatabaseClient client(DatabaseId id) {
    return SPANNER.getDatabaseClient(id);
  }

  /** The INT64s of the first column. */
  static List<Long> ids(ResultSet rows) {
    List<Long> ids = new ArrayList<>();
    try (rows) {
      while (rows.next()) {
        ids.add(rows.getLong(0));
      }
    }
    return ids;
  }
}
