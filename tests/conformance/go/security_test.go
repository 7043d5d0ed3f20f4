package conformance

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"cloud.google.com/go/spanner"
	"golang.org/x/oauth2"
	"google.golang.org/api/iterator"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
)

const securedDatabase = project + "/instances/secured/databases/app"

// securedServer is a local Spanner over TLS, for bearers of one of the tokens in a file.
type securedServer struct {
	port    string
	tokens  string // the file
	trusted *x509.CertPool
}

func writePem(t *testing.T, path, kind string, bytes []byte) {
	t.Helper()
	text := pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: bytes})
	check(t, os.WriteFile(path, text, 0600))
}

// selfSigned writes a certificate for localhost, and its key.
func selfSigned(t *testing.T, certificate, key string) *x509.CertPool {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"},
		DNSNames: []string{"localhost"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	check(t, err)
	keyDer, err := x509.MarshalECPrivateKey(private)
	check(t, err)
	writePem(t, certificate, "CERTIFICATE", der)
	writePem(t, key, "EC PRIVATE KEY", keyDer)
	parsed, err := x509.ParseCertificate(der)
	check(t, err)
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return pool
}

func startSecured(t *testing.T) *securedServer {
	t.Helper()
	program := os.Getenv("CONFORMANCE_PROGRAM")
	if program == "" {
		t.Skip("needs the program")
	}
	dir := t.TempDir()
	certificate, key := filepath.Join(dir, "certificate.pem"), filepath.Join(dir, "key.pem")
	s := &securedServer{tokens: filepath.Join(dir, "tokens")}
	s.trusted = selfSigned(t, certificate, key)
	check(t, os.WriteFile(s.tokens, []byte("first\nsecond\n"), 0600))
	command := exec.Command(program, "spanner", "--in-memory", "--listen", "127.0.0.1:0",
		"--output", "json", "--tls-certificate", certificate, "--tls-private-key", key,
		"--access-tokens", s.tokens, "--database", securedDatabase)
	out, err := command.StdoutPipe()
	check(t, err)
	check(t, command.Start())
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
	})
	var ready struct{ Address string }
	line, err := bufio.NewReader(out).ReadBytes('\n')
	check(t, err)
	check(t, json.Unmarshal(line, &ready))
	_, s.port, err = net.SplitHostPort(ready.Address)
	check(t, err)
	return s
}

// ask runs a query by a client of its own.
func (s *securedServer) ask(t *testing.T, token string, trusted *x509.CertPool) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	overTLS := credentials.NewTLS(&tls.Config{RootCAs: trusted})
	client, err := spanner.NewClient(ctx, securedDatabase,
		option.WithEndpoint("localhost:"+s.port),
		option.WithTokenSource(oauth2.StaticTokenSource(&oauth2.Token{AccessToken: token})),
		option.WithGRPCDialOption(grpc.WithTransportCredentials(overTLS)))
	if err != nil {
		return err
	}
	defer client.Close()
	rows := client.Single().Query(ctx, spanner.NewStatement("SELECT 1"))
	defer rows.Stop()
	if _, err = rows.Next(); err != nil {
		return err
	}
	if _, err = rows.Next(); err != iterator.Done {
		t.Errorf("more than one row: %v", err)
	}
	return nil
}

func TestOnlyBearersOfATokenAreServedOverTLS(t *testing.T) {
	s := startSecured(t)
	t.Setenv("SPANNER_EMULATOR_HOST", "")
	check(t, s.ask(t, "first", s.trusted))
	if code := spanner.ErrCode(s.ask(t, "third", s.trusted)); code != codes.Unauthenticated {
		t.Errorf("a wrong token: %v", code)
	}
	check(t, os.WriteFile(s.tokens, []byte("second\nthird\n"), 0600))
	check(t, s.ask(t, "third", s.trusted))
	if code := spanner.ErrCode(s.ask(t, "first", s.trusted)); code != codes.Unauthenticated {
		t.Errorf("a revoked token: %v", code)
	}
	// The client does not go on with a server whose certificate it does not trust.
	if err := s.ask(t, "second", x509.NewCertPool()); err == nil {
		t.Error("an untrusted certificate is taken")
	}
}
