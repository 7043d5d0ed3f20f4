// The audit log of kafka-spanner itself, judged by Go's own transparency log and signed notes.
package conformance

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"cloud.google.com/go/spanner"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const auditKey = `-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g
-----END PRIVATE KEY-----
`

// Of RFC 8032, section 7.1.
const auditPublicKey = `-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=
-----END PUBLIC KEY-----
`

const auditPipeline = `pipeline: audited
from:
  kafka: {brokers: "localhost:1", topic: t}
  key: {format: string, name: id}
  value: {format: json, schema: {n: INT64}}
to:
  spanner: {database: %s}
audit: {key: "secret://file%s", checkpoints: %s}
tables:
  T%d: SELECT id AS Id, n AS N
`

type auditSite struct {
	t                    *testing.T
	dir, file, published string
	database             string
}

func newAuditSite(t *testing.T) *auditSite {
	if os.Getenv("CONFORMANCE_PROGRAM") == "" {
		t.Skip("needs the program")
	}
	s := &auditSite{t: t, dir: t.TempDir(), database: newDatabase(t)}
	s.file = filepath.Join(s.dir, "p.yaml")
	s.published = filepath.Join(s.dir, "published.jsonl")
	s.write("audit.key", auditKey)
	s.write("audit.pub", auditPublicKey)
	return s
}

func (s *auditSite) path(name string) string { return filepath.Join(s.dir, name) }

func (s *auditSite) write(name, text string) string {
	s.t.Helper()
	check(s.t, os.WriteFile(s.path(name), []byte(text), 0600))
	return s.path(name)
}

// run gives what the program says, and its exit code.
func (s *auditSite) run(arguments ...string) (string, string, int) {
	var out, err bytes.Buffer
	command := exec.Command(os.Getenv("CONFORMANCE_PROGRAM"), arguments...)
	command.Stdout, command.Stderr = &out, &err
	_ = command.Run()
	return out.String(), err.String(), command.ProcessState.ExitCode()
}

func (s *auditSite) ok(arguments ...string) string {
	s.t.Helper()
	out, err, code := s.run(arguments...)
	if code != 0 {
		s.t.Fatalf("%v: exit code %d: %s", arguments, code, err)
	}
	return out
}

// apply makes table number n, on record.
func (s *auditSite) apply(n int) (string, int) {
	s.write("p.yaml", fmt.Sprintf(auditPipeline, s.database, s.path("audit.key"), s.published, n))
	_, err, code := s.run("plan", s.file, "--apply")
	return err, code
}

func (s *auditSite) verify(export string) (string, int) {
	_, err, code := s.run("audit", "verify", export, "--key", s.path("audit.pub"),
		"--checkpoints", s.published)
	return err, code
}

type auditProof struct {
	Checkpoint             string
	Size, Since, Index     int64
	Leaf                   string
	Inclusion, Consistency []string
}

func hashOf(t *testing.T, text string) (hash tlog.Hash) {
	t.Helper()
	hash, err := tlog.ParseHash(text)
	check(t, err)
	return hash
}

func hashesOf(t *testing.T, texts []string) (hashes []tlog.Hash) {
	for _, text := range texts {
		hashes = append(hashes, hashOf(t, text))
	}
	return hashes
}

// verifier is Go's, from the public key in PEM form.
func verifier(t *testing.T, name string) note.Verifier {
	t.Helper()
	block, _ := pem.Decode([]byte(auditPublicKey))
	key := append([]byte{1}, block.Bytes[len(block.Bytes)-32:]...)
	if _, err := x509.ParsePKIXPublicKey(block.Bytes); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(append([]byte(name+"\n"), key...))
	v, err := note.NewVerifier(fmt.Sprintf("%s+%x+%s", name, sum[:4],
		base64.StdEncoding.EncodeToString(key)))
	check(t, err)
	return v
}

func (s *auditSite) open(text string) tlog.Tree {
	s.t.Helper()
	name := "kafka-spanner/" + s.database
	opened, err := note.Open([]byte(text), note.VerifierList(verifier(s.t, name)))
	check(s.t, err)
	lines := strings.Split(opened.Text, "\n")
	var tree tlog.Tree
	_, err = fmt.Sscan(lines[1], &tree.N)
	check(s.t, err)
	tree.Hash = hashOf(s.t, lines[2])
	if lines[0] != name {
		s.t.Errorf("a checkpoint of %s", lines[0])
	}
	return tree
}

func (s *auditSite) prove(export string, arguments ...string) (proof auditProof) {
	s.t.Helper()
	text := s.ok(append([]string{"audit", "prove", export, "--key", s.path("audit.pub")},
		arguments...)...)
	check(s.t, json.Unmarshal([]byte(text), &proof))
	return proof
}

func TestAuditProofsHoldForGo(t *testing.T) {
	s := newAuditSite(t)
	var roots []tlog.Tree
	for n := range 4 {
		if err, code := s.apply(n); code != 0 {
			t.Fatal(err)
		}
	}
	published, err := os.ReadFile(s.published)
	check(t, err)
	for _, line := range strings.Split(strings.TrimSpace(string(published)), "\n") {
		var event struct {
			Raw string `json:"raw_data"`
		}
		check(t, json.Unmarshal([]byte(line), &event))
		roots = append(roots, s.open(event.Raw))
	}
	if len(roots) != 9 || roots[8].N != 9 { // audit.open, and an intent and a result for each
		t.Fatalf("published: %v", roots)
	}
	export := s.write("log.jsonl", s.ok("audit", "export", s.file))
	if err, code := s.verify(export); code != 0 {
		t.Fatal(err)
	}
	index := int64(0)
	for _, line := range strings.Split(strings.TrimSpace(s.ok("audit", "export", s.file)), "\n") {
		var event struct {
			Raw      string `json:"raw_data"`
			Metadata struct{ Uid string }
		}
		check(t, json.Unmarshal([]byte(line), &event))
		if event.Metadata.Uid == "" {
			continue // a checkpoint
		}
		proof := s.prove(export, event.Metadata.Uid)
		leaf := tlog.RecordHash([]byte(event.Raw))
		tree := s.open(proof.Checkpoint)
		if leaf != hashOf(t, proof.Leaf) || proof.Index != index {
			t.Errorf("entry %d has another leaf", index)
		}
		check(t, tlog.CheckRecord(hashesOf(t, proof.Inclusion), tree.N, tree.Hash, index, leaf))
		index++
	}
	for _, old := range roots[:8] {
		proof := s.prove(export, "--since", fmt.Sprint(old.N))
		tree := s.open(proof.Checkpoint)
		check(t, tlog.CheckTree(hashesOf(t, proof.Consistency), tree.N, tree.Hash, old.N, old.Hash))
	}
}

// As its owner, with every right on the table and without the key.
func TestAuditTamperingIsFoundAndNothingIsSignedOnTopOfIt(t *testing.T) {
	for _, statement := range []string{
		"UPDATE kafka_spanner.AuditLog SET Entry = REPLACE(Entry, 'audited', 'another') WHERE Seq = 1",
		"DELETE FROM kafka_spanner.AuditLog WHERE Seq = 2",
		"DELETE FROM kafka_spanner.AuditLog WHERE Seq = 4",
		"DELETE FROM kafka_spanner.AuditLog WHERE TRUE",
		"UPDATE kafka_spanner.AuditLog SET Peaks = b'x' WHERE Seq = 4",
	} {
		s := newAuditSite(t)
		for n := range 2 {
			if err, code := s.apply(n); code != 0 {
				t.Fatal(err)
			}
		}
		client := connect(t, s.database, spanner.ClientConfig{})
		_, err := client.ReadWriteTransaction(testContext(t),
			func(ctx context.Context, txn *spanner.ReadWriteTransaction) error {
				_, err := txn.Update(ctx, spanner.NewStatement(statement))
				return err
			})
		check(t, err)
		export := s.write("log.jsonl", s.ok("audit", "export", s.file))
		said, code := s.verify(export)
		// Peaks are no entry: the entries are still those that were signed.
		if peaks := strings.Contains(statement, "Peaks"); (code == 5) == peaks {
			t.Errorf("%s: exit code %d: %s", statement, code, said)
		}
		// Where the end was touched nothing can be signed, so nothing is done.
		if strings.Contains(statement, "Seq = 1") || strings.Contains(statement, "Seq = 2") {
			continue
		}
		if said, code := s.apply(2); code != 4 || !strings.Contains(said, "nothing was done") {
			t.Errorf("%s: exit code %d: %s", statement, code, said)
		}
		if !strings.Contains(s.ok("plan", s.file, "--ddl"), "T2") {
			t.Error("it was done")
		}
	}
}

func TestAuditFailsClosed(t *testing.T) {
	s := newAuditSite(t)
	if err, code := s.apply(0); code != 0 {
		t.Fatal(err)
	}
	for name, breakIt := range map[string]func(){
		"no key":         func() { check(t, os.Remove(s.path("audit.key"))) },
		"no checkpoints": func() { s.published = s.path("no/such/folder") },
		"forged checkpoints": func() {
			text, err := os.ReadFile(s.published)
			check(t, err)
			s.published = s.write("forged.jsonl", strings.Replace(string(text), "\\n3\\n", "\\n4\\n", 1))
		},
	} {
		published := s.published
		breakIt()
		said, code := s.apply(1)
		if code == 0 {
			t.Errorf("%s: it was done", name)
		}
		plan := s.ok("plan", s.file, "--ddl")
		if !strings.Contains(plan, "T1") {
			t.Errorf("%s: the table was made: %s", name, said)
		}
		s.published = published
		s.write("audit.key", auditKey)
	}
	if err, code := s.apply(1); code != 0 {
		t.Fatal(err)
	}
}
