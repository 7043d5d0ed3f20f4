// Schema: everything DDL has said about a database at one moment, as data.
//
// Thread safety: a Schema is immutable once published (Database hands out `shared_ptr<const
// Schema>`), so any thread may read it and pointers into it live as long as it does. ddl/ makes the
// next one from a copy. Invariants (ddl/ddl_test.cc, checked by Validate): object names are unique
// over tables, indexes, views, sequences and change streams of a named schema, without regard to
// case; ids and key space numbers are never used again in a database's life, so a row's bytes never
// meet a stranger's columns; a child's key begins with its parent's. Names are as declared;
// named-schema objects are `schema.name`. Expressions and queries are GoogleSQL text. Source:
// https://cloud.google.com/spanner/docs/reference/standard-sql/data-definition-language
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "base/string_map.h"
#include "local/spanner/storage/key_codec.h"
#include "local/spanner/storage/timestamp.h"
#include "sql/types/type.h"

namespace ks::local {

class ProtoTypes;

// OPTIONS (name = value): the value as SQL text (`true`, `'1d'`, `null` is never kept).
struct OptionEntry {
  std::string name;
  std::string value;
  bool operator==(const OptionEntry&) const = default;
};

enum class GeneratedKind : uint8_t { kNone, kStored, kVirtual };

// What a sequence gives: the positive numbers whose 63 bits are a counter's in reverse order, but
// those of the skipped range. Its counter lives in a key space of its own (txn/sequences.h).
struct SequenceParameters {
  KeySpaceId space = 0;
  bool kind_written = true;  // BIT_REVERSED_POSITIVE, not default_sequence_kind
  std::optional<int64_t> skip_min;
  std::optional<int64_t> skip_max;
  std::optional<int64_t> start_counter;
};

inline constexpr int64_t kMaxLength = -1;  // STRING(MAX)

struct Column {
  uint32_t id = 0;  // never used again in the table; what stored rows are labelled with
  std::string name;
  sql::TypeRef type = nullptr;
  int64_t max_length =
      0;  // of STRING and BYTES (also as elements), in characters or bytes; kMaxLength: the limit
  std::optional<int64_t> vector_length;
  bool not_null = false;
  bool hidden = false;
  bool placement_key = false;
  std::string default_expression;    // empty: none
  std::string on_update_expression;  // empty: none
  GeneratedKind generated = GeneratedKind::kNone;
  std::string generated_expression;
  std::optional<SequenceParameters> identity;
  bool allow_commit_timestamp = false;
  bool commit_timestamp_written = false;  // the option was, also as `false`
  std::vector<OptionEntry> options;       // others than allow_commit_timestamp

  bool stored() const { return generated != GeneratedKind::kVirtual; }
  bool DefaultIsCommitTimestamp() const;  // DEFAULT (PENDING_COMMIT_TIMESTAMP())
  bool has_default() const { return !default_expression.empty() || identity.has_value(); }
  // The type with its length, as INFORMATION_SCHEMA.COLUMNS.SPANNER_TYPE has it:
  // `ARRAY<STRING(10)>`, `PROTO<a.M>`; and as DDL has it: there a.M stands in backticks.
  std::string SpannerType() const;
  std::string DdlType() const;
};

struct KeyColumn {
  int column;  // index into Table::columns
  bool descending = false;
  bool operator==(const KeyColumn&) const = default;
};

enum class OnDelete : uint8_t { kNoAction, kCascade };
enum class InterleaveKind : uint8_t {
  kNone,
  kInParent,
  kIn
};  // kIn: INTERLEAVE IN, no parent row demanded

struct CheckConstraint {
  std::string name;
  bool generated_name = false;
  std::string expression;
  bool enforced = true;
};

struct ForeignKey {
  std::string name;
  bool generated_name = false;
  std::vector<int> columns;  // of the table that declares it
  std::string referenced_table;
  std::vector<std::string> referenced_columns;
  OnDelete on_delete = OnDelete::kNoAction;
  bool on_delete_written = false;
  bool enforced = true;
  bool enforcement_written = false;
};

// A secondary index. Its entries are keyed by `key`, then by those columns of the table's primary
// key that are not in it, and hold `storing`.
struct Index {
  std::string name;
  KeySpaceId space = 0;
  std::string table;
  std::vector<KeyColumn> key;
  std::vector<int> storing;  // columns of the table
  bool unique = false;
  bool null_filtered = false;
  std::vector<int> not_null_columns;  // WHERE c IS NOT NULL AND …
  std::string interleave_in;          // table, or empty
  bool backfilled = true;             // false while it is being filled: written, not read
  bool managed = false;               // belongs to a foreign key: not printed, not named by users
  std::vector<OptionEntry> options;

  // Derived (Schema::Finish): the whole key of an entry, and how it is encoded.
  std::vector<KeyColumn> full_key;
  KeyShape shape;
  // True when the entry alone can give the column (index into Table::columns).
  bool Covers(int column) const;
};

struct RowDeletionPolicy {
  int column;
  int64_t days;
};

struct Table {
  std::string name;  // `Singers` or `sch.Singers`
  KeySpaceId space = 0;
  uint32_t next_column_id = 1;
  std::vector<Column> columns;  // in declared order
  std::vector<KeyColumn> key;
  InterleaveKind interleave = InterleaveKind::kNone;
  std::string parent;  // table
  OnDelete on_delete = OnDelete::kNoAction;
  std::vector<CheckConstraint> checks;
  std::vector<ForeignKey> foreign_keys;
  std::optional<RowDeletionPolicy> row_deletion_policy;
  std::vector<std::string> synonyms;
  std::vector<OptionEntry> options;

  // Derived (Schema::Finish).
  KeyShape shape;
  std::vector<int> key_position;        // per column: its place in the key, or -1
  std::vector<const Index*> indexes;    // on this table, also those being filled
  std::vector<const Table*> children;   // interleaved in it (kInParent)
  bool watched = false;                 // by a change stream
  const Table* parent_table = nullptr;  // of kInParent
  // Foreign keys of other (or this) table that refer here.
  std::vector<std::pair<const Table*, const ForeignKey*>> referenced_by;
  absl::flat_hash_map<uint32_t, int> column_by_id;

  // Index into `columns`, without regard to case; -1 when there is none.
  int FindColumn(std::string_view column_name) const;
  bool IsKey(int column) const { return key_position[column] >= 0; }
};

struct View {
  std::string name;
  std::string query;  // GoogleSQL
  bool security_invoker = true;
  // What the query gives; the one who analyzes it (ddl/) fills this in.
  struct Column {
    std::string name;
    sql::TypeRef type;
  };
  std::vector<Column> columns;
};

struct Sequence {
  std::string name;
  bool by_clauses = false;  // declared with BIT_REVERSED_POSITIVE …, not with OPTIONS
  SequenceParameters parameters;
  std::vector<OptionEntry> options;  // as declared: sequence_kind, skip_range_min, …
};

struct ChangeStream {
  struct Watched {
    std::string table;
    bool all_columns = true;
    std::vector<std::string> columns;
  };
  std::string name;
  KeySpaceId space = 0;  // of its records
  int64_t created_micros = 0;
  bool for_all = false;
  std::vector<Watched> watched;
  std::vector<OptionEntry> options;  // as declared; NULLs too, which Spanner prints

  // Whether it records changes of the table's rows, and the values of a column that is no key.
  bool Watches(const Table& table) const;
  bool Watches(const Table& table, int column) const;
};

// Where rows are stored: kept and printed, without effect on one machine.
struct LocalityGroup {
  std::string name;
  std::vector<OptionEntry> options;
};
struct Placement {
  std::string name;
  std::vector<OptionEntry> options;
};

struct Role {
  std::string name;
};

enum class GranteeObject : uint8_t {
  kTable,
  kView,
  kChangeStream,
  kTableFunction,
  kSequence,
  kSchema,
  kModel,
  kRole
};
struct Privilege {
  std::string
      action;  // SELECT, INSERT, UPDATE, DELETE, EXECUTE, USAGE; empty for a role membership
  std::vector<std::string> columns;  // empty: the whole object
  GranteeObject object = GranteeObject::kTable;
  std::string object_name;
  std::string role;  // who may
};

class Schema {
 public:
  Schema() = default;
  // A deep copy that ddl/ may change; call Finish() afterwards.
  std::shared_ptr<Schema> Copy() const;
  // Computes everything derived. Call once, after the last change and before publishing.
  void Finish();

  // Lookups take `name` or `schema.name` in any case; null when there is none.
  const Table* FindTable(std::string_view name) const;
  const Index* FindIndex(std::string_view name) const;
  const View* FindView(std::string_view name) const;
  const Sequence* FindSequence(std::string_view name) const;
  const ChangeStream* FindChangeStream(std::string_view name) const;
  const Role* FindRole(std::string_view name) const;
  bool HasNamedSchema(std::string_view name) const;
  const Table* TableOf(const Index& index) const { return FindTable(index.table); }
  std::vector<std::string> TableNames() const;

  // In the order they were made, which is the order GetDatabaseDdl prints.
  uint64_t version = 0;   // rises by one with every change
  CommitTimestamp since;  // the moment it took effect
  KeySpaceId next_space = 1;
  std::vector<std::string> named_schemas;
  std::vector<std::unique_ptr<Table>> tables;
  std::vector<std::unique_ptr<Index>> indexes;
  std::vector<std::unique_ptr<View>> views;
  std::vector<Sequence> sequences;
  std::vector<ChangeStream> change_streams;
  std::vector<Role> roles;
  std::vector<Privilege> privileges;
  std::vector<LocalityGroup> locality_groups;
  std::vector<Placement> placements;
  std::string database_name;  // as ALTER DATABASE wrote it
  std::vector<OptionEntry> database_options;
  std::shared_ptr<const ProtoTypes> proto_types;  // null: there is no proto bundle

 private:
  StringMap<Table*> tables_by_name_;  // lower case
  StringMap<Index*> indexes_by_name_;
  StringMap<View*> views_by_name_;
};

// "Sch.T" -> {"Sch", "T"}; "T" -> {"", "T"}.
std::pair<std::string_view, std::string_view> SplitName(std::string_view name);

}  // namespace ks::local
