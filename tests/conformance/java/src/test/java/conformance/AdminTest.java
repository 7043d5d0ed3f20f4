package conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.cloud.spanner.Database;
import com.google.cloud.spanner.DatabaseAdminClient;
import com.google.cloud.spanner.ErrorCode;
import com.google.cloud.spanner.SpannerException;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;

class AdminTest {
  private final DatabaseAdminClient admin = Target.SPANNER.getDatabaseAdminClient();

  @Test
  void instances() throws Exception {
    Target.makeInstance();
    var instance = Target.SPANNER.getInstanceAdminClient().getInstance(Target.INSTANCE);
    assertEquals("Java", instance.getDisplayName());
    SpannerException missing =
        assertThrows(
            SpannerException.class,
            () -> Target.SPANNER.getInstanceAdminClient().getInstance("nope"));
    assertEquals(ErrorCode.NOT_FOUND, missing.getErrorCode());
  }

  @Test
  void schemas() throws Exception {
    Database database = Target.newDatabase(Target.SINGERS);
    String id = database.getId().getDatabase();
    var listed = admin.listDatabases(Target.INSTANCE).iterateAll().spliterator();
    assertTrue(
        StreamSupport.stream(listed, false).anyMatch(d -> d.getId().equals(database.getId())));
    admin
        .updateDatabaseDdl(
            Target.INSTANCE, id, List.of("CREATE INDEX ByLast ON Singers (Last)"), null)
        .get();
    assertEquals(2, admin.getDatabaseDdl(Target.INSTANCE, id).size());
    ExecutionException refused =
        assertThrows(
            ExecutionException.class,
            () ->
                admin
                    .updateDatabaseDdl(Target.INSTANCE, id, List.of("DROP TABLE Singers"), null)
                    .get());
    assertEquals(
        ErrorCode.FAILED_PRECONDITION, ((SpannerException) refused.getCause()).getErrorCode());
    admin.dropDatabase(Target.INSTANCE, id);
    SpannerException gone =
        assertThrows(SpannerException.class, () -> admin.getDatabase(Target.INSTANCE, id));
    assertEquals(ErrorCode.NOT_FOUND, gone.getErrorCode());
  }
}
