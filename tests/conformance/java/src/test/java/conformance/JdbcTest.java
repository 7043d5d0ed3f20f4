package conformance;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.cloud.spanner.Database;
import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Google's JDBC driver. */
class JdbcTest {
  private static Connection connect(Database database) throws SQLException {
    return DriverManager.getConnection(
        "jdbc:cloudspanner:/" + database.getId() + ";autoConfigEmulator=true");
  }

  @Test
  void statementsAndMetadata() throws SQLException {
    Database database = Target.newDatabase();
    try (Connection connection = connect(database);
        Statement statement = connection.createStatement()) {
      statement.execute(
          "CREATE TABLE T (Id INT64 NOT NULL, Name STRING(50), Price NUMERIC, Made DATE)"
              + " PRIMARY KEY (Id)");
      statement.execute("CREATE INDEX ByName ON T (Name)");
      try (PreparedStatement insert =
          connection.prepareStatement("INSERT INTO T (Id, Name, Price, Made) VALUES (?, ?, ?, ?)")) {
        for (int i = 0; i < 3; i++) {
          insert.setLong(1, i);
          insert.setString(2, "n" + i);
          insert.setBigDecimal(3, new BigDecimal("1.5"));
          insert.setDate(4, java.sql.Date.valueOf("2024-02-29"));
          insert.addBatch();
        }
        assertArrayEquals(new int[] {1, 1, 1}, insert.executeBatch());
      }
      try (ResultSet rows = statement.executeQuery("SELECT * FROM T WHERE Id = 1")) {
        assertTrue(rows.next());
        assertEquals("n1", rows.getString("Name"));
        assertEquals(new BigDecimal("1.5"), rows.getBigDecimal("Price").stripTrailingZeros());
        assertEquals("2024-02-29", rows.getDate("Made").toString());
        assertFalse(rows.next());
      }
      List<String> columns = new ArrayList<>();
      try (ResultSet found = connection.getMetaData().getColumns("", "", "T", null)) {
        while (found.next()) {
          columns.add(found.getString("COLUMN_NAME"));
        }
      }
      assertEquals(List.of("Id", "Name", "Price", "Made"), columns);
      try (ResultSet keys = connection.getMetaData().getPrimaryKeys("", "", "T")) {
        assertTrue(keys.next());
        assertEquals("Id", keys.getString("COLUMN_NAME"));
      }
      try (ResultSet indexes = connection.getMetaData().getIndexInfo("", "", "T", false, false)) {
        List<String> names = new ArrayList<>();
        while (indexes.next()) {
          names.add(indexes.getString("INDEX_NAME"));
        }
        assertTrue(names.contains("ByName"), names.toString());
      }
    }
  }

  @Test
  void transactions() throws SQLException {
    Database database = Target.newDatabase(Target.COUNTERS);
    try (Connection connection = connect(database);
        Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      statement.executeUpdate("INSERT INTO Counters (Id, N) VALUES (1, 1)");
      connection.rollback();
      statement.executeUpdate("INSERT INTO Counters (Id, N) VALUES (2, 2)");
      connection.commit();
      try (ResultSet rows = statement.executeQuery("SELECT Id FROM Counters")) {
        assertTrue(rows.next());
        assertEquals(2, rows.getLong(1));
        assertFalse(rows.next());
      }
      connection.commit();
      assertThrows(
          SQLException.class,
          () -> statement.executeUpdate("INSERT INTO Counters (Id, N) VALUES (2, 2)"));
      connection.rollback();
      connection.setAutoCommit(true);
      statement.execute("SET READ_ONLY_STALENESS = 'EXACT_STALENESS 0s'");
      try (ResultSet rows = statement.executeQuery("SELECT N FROM Counters WHERE Id = 2")) {
        assertTrue(rows.next());
        assertEquals(2, rows.getLong(1));
      }
      statement.execute("SET AUTOCOMMIT_DML_MODE = 'PARTITIONED_NON_ATOMIC'");
      assertEquals(1, statement.executeUpdate("UPDATE Counters SET N = 3 WHERE true"));
    }
  }
}
