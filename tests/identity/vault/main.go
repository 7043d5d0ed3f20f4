// HashiCorp Vault as a small program, for the tests: its own core and HTTP API with the KV engine,
// logins by AppRole, JWT and Kubernetes, and nothing else. All of it lies in memory.
// Usage: vault HOST:PORT
package main

import (
	"log"
	"net/http"
	"os"

	"github.com/hashicorp/go-hclog"
	jwt "github.com/hashicorp/vault-plugin-auth-jwt"
	kubernetes "github.com/hashicorp/vault-plugin-auth-kubernetes"
	kv "github.com/hashicorp/vault-plugin-secrets-kv"
	"github.com/hashicorp/vault/builtin/credential/approle"
	api "github.com/hashicorp/vault/http"
	"github.com/hashicorp/vault/internalshared/configutil"
	"github.com/hashicorp/vault/sdk/helper/consts"
	"github.com/hashicorp/vault/sdk/logical"
	"github.com/hashicorp/vault/sdk/physical/inmem"
	"github.com/hashicorp/vault/vault"
)

var secrets = map[string]logical.Factory{"kv": kv.Factory}

var logins = map[string]logical.Factory{
	"approle": approle.Factory, "jwt": jwt.Factory, "kubernetes": kubernetes.Factory}

func find(name string) logical.Factory {
	if factory := logins[name]; factory != nil {
		return factory
	}
	return secrets[name]
}

// builtins tells Vault's catalog of plugins what is compiled in.
type builtins struct{}

func (builtins) Contains(name string, _ consts.PluginType) bool { return find(name) != nil }

func (builtins) Get(name string, _ consts.PluginType) (func() (any, error), bool) {
	factory := find(name)
	return func() (any, error) { return factory, nil }, factory != nil
}

func (builtins) Keys(consts.PluginType) []string {
	return []string{"kv", "approle", "jwt", "kubernetes"}
}

func (builtins) DeprecationStatus(string, consts.PluginType) (consts.DeprecationStatus, bool) {
	return consts.Supported, true
}

func main() {
	logger := hclog.New(&hclog.LoggerOptions{Level: hclog.Warn})
	storage, err := inmem.NewInmem(nil, logger)
	if err != nil {
		log.Fatal(err)
	}
	core, err := vault.NewCore(&vault.CoreConfig{
		BuiltinRegistry:    builtins{},
		Physical:           storage,
		Logger:             logger,
		DisableMlock:       true,
		LogicalBackends:    secrets,
		CredentialBackends: logins,
	})
	if err != nil {
		log.Fatal(err)
	}
	handler := api.Handler.Handler(&vault.HandlerProperties{
		Core: core, ListenerConfig: &configutil.Listener{}})
	log.Fatal(http.ListenAndServe(os.Args[1], handler))
}
